"""A run from its configuration to its folder: found by its key, or made now and put in place."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from backtests.command.config import RunConfig
from backtests.command.progress import Progress
from backtests.command.values import values_used
from backtests.jobs.fitting import run_fits
from backtests.jobs.parallel import Plugin, run_tasks
from backtests.jobs.saved import file_name
from backtests.jobs.store import FitStore
from backtests.judging.deflation import deflate
from backtests.judging.looks import forecast_looks
from backtests.judging.overall import judge_overall
from backtests.report.summary import summarise
from backtests.runs.coverage import check_span
from backtests.runs.file_names import file_names
from backtests.runs.folder import Finished, Place, folder_name
from backtests.runs.judged import overall_of
from backtests.runs.made_of import SCHEMA, describe, key_of, versions
from backtests.runs.manifest import results_of
from backtests.runs.pages import write_run
from backtests.runs.prices import Settled, settle
from backtests.runs.resolve import (
    describe_account,
    describe_source,
    make_accounts,
    make_plan,
    make_source,
)
from backtests.runs.trial_count import scope_of, trials_of
from backtests.sources.faults import Fault, fetch_each
from backtests.sources.missing import warn_of_missing
from backtests.sources.source import DataSource
from backtests.studies.pipeline import backtest, fits_of, make_forecasts
from backtests.studies.plan import Account, Fits, Plan
from backtests.studies.study import UNIVERSE, Study
from backtests.trials.ledger import Counted, TrialLedger, remember, warn_of
from backtests.universe.file import corrected
from backtests.universe.membership import Membership, membership
from backtests.universe.volume_steps import volume_steps, warn_of_steps
from forecasters.bars import Bars
from forecasters.errors import DataWarning, InputError

T = TypeVar("T")


def run(config: RunConfig, *, quiet: bool = False) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    An interrupted run leaves its fits beside its folder; the same call goes on with them.
    """
    resolved = make_plan(config)
    plan = resolved.plan
    accounts = make_accounts(config)
    source = make_source(config)
    tickers = [ticker for account in accounts for ticker in account.tickers]
    corrections = {
        ticker: made for account in accounts for ticker, made in account.corrections.items()
    }
    bars, faults = _fetch(source, tickers, config)
    bars = {
        ticker: corrected(series, corrections.get(ticker, ())) for ticker, series in bars.items()
    }
    splits = {ticker: made for account in accounts for ticker, made in account.splits.items()}
    shortened = {fault.ticker for fault in faults}  # the message of the fault says where they end
    settled = settle(bars, config, splits, pooled=config.universe is not None, cut=shortened)
    bars = settled.bars
    extra = None
    if config.benchmark:
        fetched = source.fetch(config.benchmark, config.start, config.end)
        extra = settle({config.benchmark: fetched}, config).bars[config.benchmark]
    warn_of_missing([*bars.values(), *([extra] if extra else [])])
    for ticker in bars:
        if ticker not in shortened:
            check_span(bars[ticker], config)
    known = settled.known
    memberships = {a.name: _members(a, known) for a in accounts}  # before any ticker is left out
    known = _long_enough(known, faults, plan, leave_out=config.universe is not None)
    fits = fits_of(known, plan)
    bars = {ticker: bars[ticker] for ticker in known}
    accounts, memberships = _closed(accounts, memberships, settled)

    made_of: dict[str, Any] = {
        "schema": SCHEMA,
        "data": [describe(b, plan.extras) for b in bars.values()],
        "faults": [asdict(fault) for fault in faults],
        "price_jumps": [asdict(jump) for jump in settled.jumps],
        "benchmark": describe(extra) if extra else None,
        "source": describe_source(source),
        **resolved.described,
        "accounts": {account.name: describe_account(account) for account in accounts},
        "versions": versions(),
    }
    key = key_of(made_of)
    place = Place(config.out, folder_name([account.title for account in accounts]), key)
    if finished := place.found():
        return finished

    store = FitStore(place.part / "fits")
    fit_all = partial(
        run_fits,
        store=store,
        jobs=config.jobs or 1,
        files=resolved.files,
        quiet=quiet,
        learned=config.features if config.save_fits else None,
    )
    forecasts, histories = make_forecasts(fits, plan, list(bars), fit_all)
    run_accounts = partial(_run_accounts, jobs=config.jobs or 1, files=resolved.files, quiet=quiet)
    studies = []
    for account in accounts:
        tickers = [ticker for ticker in account.tickers if ticker in bars]
        studies.append(
            backtest(
                account,
                {ticker: bars[ticker] for ticker in tickers},
                {ticker: forecasts[ticker] for ticker in tickers},
                {ticker: histories[ticker] for ticker in tickers},
                plan,
                memberships[account.name],
                run_accounts,
                faults,
                settled.jumps,
            )
        )
    ledger = TrialLedger(config.ledger, config.out)
    counted = {study.account: _count(study, made_of, plan, ledger) for study in studies}
    deflations, overalls = {}, {}
    for study in studies:
        if study.judgement:
            here = counted[study.account]
            looks = forecast_looks(study.by_forecaster)
            deflations[study.account] = deflate(study.judgement.chance.results, here)
            overalls[study.account] = judge_overall(study.judgement, looks, here)
    summaries = [summarise(study) for study in studies]
    manifest = {
        **made_of,
        "config": values_used(config, made_of),
        "key": key,
        **results_of(summaries),
        **overall_of(studies, overalls, counted),
        "trials": remember(list(counted.values())),
        "deflated": {account: asdict(deflation) for account, deflation in deflations.items()},
    }

    def write(folder: Path) -> None:
        write_run(folder, summaries, manifest, deflations, overalls, config, extra, quiet)
        if config.save_fits:
            _keep_fits(store, fits, folder / "fits")

    return place.put(manifest, write)


def _fetch(
    source: DataSource, tickers: Sequence[str], config: RunConfig
) -> tuple[dict[str, Bars], tuple[Fault, ...]]:
    """Return the bars by ticker. A faulty row is an error; in a universe it ends the bars of its ticker."""
    start, end = str(config.start), str(config.end)  # neither is None in a finished configuration
    if config.universe is not None:
        return fetch_each(source, tickers, start, end)
    return {ticker: source.fetch(ticker, start, end) for ticker in tickers}, ()


def _run_accounts(
    tasks: Sequence[Callable[[], T]], what: str, jobs: int, files: Sequence[Plugin], quiet: bool
) -> list[T]:
    """Run independent backtests and show their progress."""
    with Progress(what, len(tasks), quiet=quiet) as progress:
        return run_tasks(tasks, jobs, lambda index, answer: progress.advance(), files)


def _count(study: Study, made_of: Mapping[str, Any], plan: Plan, ledger: TrialLedger) -> Counted:
    """Add the trials of a study to the ledger; return the count."""
    counted = ledger.add(trials_of(study, made_of, plan.rules), scope_of(study), study.bars)
    warn_of(counted, study.account)
    return counted


def _members(account: Account, bars: Mapping[str, Bars]) -> Membership | None:
    """Return when each ticker of a universe may be bought; warn of faulty volumes in any account."""
    if account.name != UNIVERSE:
        warn_of_steps(volume_steps(bars[account.name]), run="ticker")
        return None
    members = membership({t: bars[t] for t in account.tickers if t in bars}, account.largest)
    warn_of_steps(members.steps, ranked=account.largest is not None)
    return members


def _closed(
    accounts: Sequence[Account], memberships: Mapping[str, Membership | None], settled: Settled
) -> tuple[tuple[Account, ...], dict[str, Membership | None]]:
    """Return accounts and memberships in which no ticker is bought after its prices are at fault."""
    if not (closed := settled.closed):
        return tuple(accounts), dict(memberships)
    days = tuple(sorted(closed.items()))
    return tuple(replace(a, broker=replace(a.broker, closed=days)) for a in accounts), {
        name: members.without(settled.bars, closed) if members else None
        for name, members in memberships.items()
    }


def _long_enough(
    bars: Mapping[str, Bars], faults: Sequence[Fault], plan: Plan, leave_out: bool
) -> dict[str, Bars]:
    """Return the bars that are long enough for the plan; called before anything is trained.

    There is a warning for each ticker that is left out, and for each that a faulty row shortens.

    Raises
    ------
    InputError
        A ticker has too few sessions; if such tickers are left out: all have too few.
    """
    kept: dict[str, Bars] = {}
    short: dict[str, str] = {}
    for ticker, series in bars.items():
        try:
            plan.walk_forward.split(series.sessions)
            kept[ticker] = series
        except InputError as error:
            short[ticker] = f"{ticker}: {error}"
            if not leave_out:
                raise InputError(short[ticker]) from error
    faulty = {fault.ticker: fault.sentence(left_out=fault.ticker not in kept) for fault in faults}
    left_out = short | {ticker: text for ticker, text in faulty.items() if ticker not in kept}
    if not kept:
        first = left_out[min(left_out)]
        raise InputError(f"no ticker of the universe can be forecast; the first is {first}")
    for sentence in left_out.values():
        warnings.warn(f"left out of the universe: {sentence}", DataWarning, stacklevel=2)
    for ticker, sentence in faulty.items():
        if ticker in kept:
            warnings.warn(sentence, DataWarning, stacklevel=2)
    return kept


def _keep_fits(store: FitStore, fits: Fits, folder: Path) -> None:
    """Move the saved fits into the run folder, under names that say whose they are."""
    every = [file_name(fit, label) for (_, label), group in fits.items() for fit in group]
    names = file_names(every)
    for number, name in enumerate(every):
        if (learned := store.learned(number)).exists():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(learned, folder / f"{names[name]}.safetensors")
