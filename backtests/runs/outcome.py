"""A run carried out: fits, forecasts, backtests, judgement, and the manifest of what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from backtests.command.progress import Progress
from backtests.command.values import values_used
from backtests.jobs.fitting import run_fits
from backtests.jobs.parallel import Plugin, run_tasks
from backtests.jobs.store import FitStore
from backtests.judging.deflation import Deflation, deflate
from backtests.judging.looks import forecast_looks
from backtests.judging.overall import Overall, judge_overall
from backtests.report.summary import Summary, summarise
from backtests.runs.code import pages_version
from backtests.runs.judged import overall_of
from backtests.runs.kept import Inputs
from backtests.runs.machine import machine
from backtests.runs.manifest import results_of
from backtests.runs.prepared import Prepared
from backtests.runs.trial_count import scope_of, trials_of
from backtests.studies.pipeline import backtest, make_forecasts
from backtests.studies.study import Study
from backtests.trials.ledger import Counted, TrialLedger, remember, warn_of

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out of a run, before any file is written.

    Attributes
    ----------
    summaries : tuple of Summary
        One for each account.
    deflations : mapping
        Account to what the ledger of trials makes of its Sharpe ratios.
    overalls : mapping
        Account to its verdicts that count every trial.
    manifest : dict
        What `manifest.json` holds.
    """

    summaries: tuple[Summary, ...]
    deflations: Mapping[str, Deflation]
    overalls: Mapping[str, Overall]
    manifest: dict[str, Any]


def studies_of(prepared: Prepared, store: FitStore, *, quiet: bool = False) -> list[Study]:
    """Train what the store does not have, forecast, trade and judge; return a study an account."""
    plan, bars, config = prepared.plan, prepared.bars, prepared.config
    jobs = config.jobs or 1
    fit_all = partial(
        run_fits,
        store=store,
        jobs=jobs,
        files=prepared.files,
        quiet=quiet,
    )
    forecasts, histories = make_forecasts(prepared.fits, plan, list(bars), fit_all)
    run_accounts = partial(_run_accounts, jobs=jobs, files=prepared.files, quiet=quiet)
    studies = []
    for account in prepared.accounts:
        tickers = [ticker for ticker in account.tickers if ticker in bars]
        studies.append(
            backtest(
                account,
                {ticker: bars[ticker] for ticker in tickers},
                {ticker: forecasts[ticker] for ticker in tickers},
                {ticker: histories[ticker] for ticker in tickers},
                plan,
                prepared.memberships[account.name],
                run_accounts,
                prepared.faults,
                prepared.settled.jumps,
            )
        )
    return studies


def carry_out(
    prepared: Prepared, inputs: Inputs, store: FitStore, *, quiet: bool = False
) -> Outcome:
    """Return what comes out of a run; its trials enter the ledger."""
    studies = studies_of(prepared, store, quiet=quiet)
    ledger = TrialLedger(prepared.config.ledger, prepared.config.out)
    return conclude(prepared, inputs, studies, ledger)


def conclude(
    prepared: Prepared, inputs: Inputs, studies: Sequence[Study], ledger: TrialLedger
) -> Outcome:
    """Return what comes out of these studies of a run; its trials enter this ledger."""
    config, made_of = prepared.config, prepared.made_of
    counted = {study.account: _count(study, prepared, ledger) for study in studies}
    deflations, overalls = {}, {}
    for study in studies:
        if study.judgement:
            here = counted[study.account]
            looks = forecast_looks(study.by_forecaster)
            deflations[study.account] = deflate(study.judgement.chance.results, here)
            overalls[study.account] = judge_overall(study.judgement, looks, here)
    summaries = tuple(summarise(study) for study in studies)
    manifest = {
        **made_of,
        "config": values_used(config, made_of),
        "given": config.values(),
        "inputs": inputs.described(),
        "machine": machine(),
        "key": prepared.key,
        **results_of(summaries),
        **overall_of(studies, overalls, counted),
        "trials": remember(list(counted.values())),
        "deflated": {account: asdict(deflation) for account, deflation in deflations.items()},
        "pages": pages_version(),
    }
    return Outcome(summaries, deflations, overalls, manifest)


def _run_accounts(
    tasks: Sequence[Callable[[], T]], what: str, jobs: int, files: Sequence[Plugin], quiet: bool
) -> list[T]:
    """Run independent backtests and show their progress."""
    with Progress(what, len(tasks), quiet=quiet) as progress:
        return run_tasks(tasks, jobs, lambda index, answer: progress.advance(), files)


def _count(study: Study, prepared: Prepared, ledger: TrialLedger) -> Counted:
    """Add the trials of a study to the ledger; return the count."""
    trials = trials_of(study, prepared.made_of, prepared.plan.rules)
    counted = ledger.add(trials, scope_of(study), study.bars)
    warn_of(counted, study.account)
    return counted
