"""A run from its configuration to its folder: found by its key, or made and put in place whole."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from backtests.command.config import RunConfig
from backtests.command.progress import Progress
from backtests.command.values import values_used
from backtests.jobs.fitting import run_fits
from backtests.jobs.parallel import Plugin, run_tasks
from backtests.jobs.saved import file_name
from backtests.jobs.store import FitStore
from backtests.judging.deflation import deflate
from backtests.runs.coverage import check_span
from backtests.runs.folder import Finished, Place, folder_name
from backtests.runs.made_of import SCHEMA, describe, key_of, versions
from backtests.runs.manifest import results_of
from backtests.runs.pages import _write, slug
from backtests.runs.resolve import (
    describe_account,
    describe_source,
    make_accounts,
    make_plan,
    make_source,
)
from backtests.runs.trial_count import scope_of, trials_of
from backtests.sources.faults import Fault, fetch_each
from backtests.sources.source import DataSource
from backtests.studies.pipeline import backtest, fits_of, make_forecasts
from backtests.studies.plan import Account, Fits, Plan
from backtests.studies.study import UNIVERSE, Study
from backtests.trials.ledger import Counted, TrialLedger, remember, warn_of
from backtests.universe.file import mended
from backtests.universe.membership import Membership, membership
from backtests.universe.volume_steps import volume_steps, warn_of_steps
from forecasters.bars import Bars
from forecasters.errors import DataWarning, InputError

if TYPE_CHECKING:
    pass

T = TypeVar("T")


def run(config: RunConfig, *, quiet: bool = False) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    What is interrupted leaves its fits beside the place of the run, and the same call goes on.
    """
    resolved = make_plan(config)
    plan = resolved.plan
    accounts = make_accounts(config)
    source = make_source(config)
    tickers = [ticker for account in accounts for ticker in account.tickers]
    mends = {ticker: own for account in accounts for ticker, own in account.mends.items()}
    bars, faults = _fetch(source, tickers, config)
    bars = {ticker: mended(own, mends.get(ticker, ())) for ticker, own in bars.items()}
    extra = source.fetch(config.benchmark, config.start, config.end) if config.benchmark else None
    cut = {fault.ticker for fault in faults}  # of these is said where they end, and why
    for ticker in bars:
        if ticker not in cut:
            check_span(bars[ticker], config)
    memberships = {a.name: _members(a, bars) for a in accounts}  # before any ticker is left out
    bars = _long_enough(bars, faults, plan, leave_out=config.universe is not None)
    fits = fits_of(bars, plan)

    made_of: dict[str, Any] = {
        "schema": SCHEMA,
        "data": [describe(b, plan.extras) for b in bars.values()],
        "faults": [asdict(fault) for fault in faults],
        "benchmark": describe(extra) if extra else None,
        "source": describe_source(source),
        **resolved.described,
        "accounts": {account.name: describe_account(account) for account in accounts},
        "versions": versions(),
    }
    key = key_of(made_of)
    place = Place(config.out, folder_name([account.title for account in accounts]), key)
    if there := place.found():
        return there

    store = FitStore(place.part / "fits")
    fit_all = partial(
        run_fits, store=store, jobs=config.jobs or 1, files=resolved.files, quiet=quiet,
        learned=config.features if config.save_fits else None,
    )  # fmt: skip
    forecasts, histories = make_forecasts(fits, plan, list(bars), fit_all)
    run_accounts = partial(_run_accounts, jobs=config.jobs or 1, files=resolved.files, quiet=quiet)
    studies = []
    for account in accounts:
        own = [ticker for ticker in account.tickers if ticker in bars]
        studies.append(
            backtest(
                account,
                {ticker: bars[ticker] for ticker in own},
                {ticker: forecasts[ticker] for ticker in own},
                {ticker: histories[ticker] for ticker in own},
                plan,
                memberships[account.name],
                run_accounts,
                faults,
            )
        )
    ledger = TrialLedger(config.out)
    counted = {study.account: _count(study, made_of, plan, ledger) for study in studies}
    deflations = {
        s.account: deflate(s.judgement.chance.results, counted[s.account])
        for s in studies
        if s.judgement
    }
    manifest = {
        **made_of, "config": values_used(config, made_of), "key": key, **results_of(studies),
        "trials": remember(list(counted.values())),
        "deflated": {account: asdict(own) for account, own in deflations.items()},
    }  # fmt: skip

    def write(folder: Path) -> None:
        _write(folder, studies, manifest, deflations, config, extra, quiet)
        if config.save_fits:
            _keep_fits(store, fits, folder / "fits")

    return place.put(manifest, write)


def _fetch(
    source: DataSource, tickers: Sequence[str], config: RunConfig
) -> tuple[dict[str, Bars], tuple[Fault, ...]]:
    """Return the bars by ticker. A faulty row ends the run of a ticker, in a universe the ticker's bars."""
    start, end = str(config.start), str(config.end)  # both known once the configuration is made
    if config.universe is not None:
        return fetch_each(source, tickers, start, end)
    return {ticker: source.fetch(ticker, start, end) for ticker in tickers}, ()


def _run_accounts(
    tasks: Sequence[Callable[[], T]], what: str, jobs: int, files: Sequence[Plugin], quiet: bool
) -> list[T]:
    """Run backtests that share nothing, with their progress."""
    with Progress(what, len(tasks), quiet=quiet) as progress:
        return run_tasks(tasks, jobs, lambda index, answer: progress.advance(), files)


def _count(study: Study, made_of: Mapping[str, Any], plan: Plan, ledger: TrialLedger) -> Counted:
    """Add what was looked at to the ledger beside the runs; return what it holds now."""
    counted = ledger.add(trials_of(study, made_of, plan.rules), scope_of(study))
    warn_of(counted, study.account)
    return counted


def _members(account: Account, bars: Mapping[str, Bars]) -> Membership | None:
    """Return which tickers of a universe may be bought when; warn of the faulty volumes of any account."""
    if account.name != UNIVERSE:
        warn_of_steps(volume_steps(bars[account.name]), run="ticker")
        return None
    found = membership({t: bars[t] for t in account.tickers if t in bars}, account.largest)
    warn_of_steps(found.steps, ranked=account.largest is not None)
    return found


def _long_enough(
    bars: Mapping[str, Bars], faults: Sequence[Fault], plan: Plan, leave_out: bool
) -> dict[str, Bars]:
    """Return the bars that the plan can be carried out on, before anything is trained.

    Warned of is each ticker that is left out, and each that a faulty row cuts short.

    Raises
    ------
    InputError
        A ticker has too few; where such tickers are left out, all have.
    """
    kept: dict[str, Bars] = {}
    short: dict[str, str] = {}
    for ticker, own in bars.items():
        try:
            plan.walk_forward.split(own.sessions)
            kept[ticker] = own
        except InputError as error:
            short[ticker] = f"{ticker}: {error}"
            if not leave_out:
                raise InputError(short[ticker]) from error
    cut = {fault.ticker: fault.sentence(left_out=fault.ticker not in kept) for fault in faults}
    left_out = {**short, **{ticker: told for ticker, told in cut.items() if ticker not in kept}}
    if not kept:
        first = left_out[min(left_out)]
        raise InputError(f"no ticker of the universe can be forecast; the first is {first}")
    for told in left_out.values():
        warnings.warn(f"left out of the universe: {told}", DataWarning, stacklevel=2)
    for ticker, told in cut.items():
        if ticker in kept:
            warnings.warn(told, DataWarning, stacklevel=2)
    return kept


def _keep_fits(store: FitStore, fits: Fits, folder: Path) -> None:
    """Move the saved fits into the run folder, under names that say whose they are."""
    number = 0
    for (_, label), group in fits.items():
        for fit in group:
            if (learned := store.learned(number)).exists():
                folder.mkdir(exist_ok=True)
                shutil.copyfile(learned, folder / slug(file_name(fit, label)))
            number += 1
