"""A run from its configuration to its folder: found by its key, or made and put in place whole."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backtests.chance import Deflation, deflate
from backtests.config import FIRST_DAY, RunConfig
from backtests.data.source import DataWarning, PartialDataWarning
from backtests.looked_at import scope_of, trials_of
from backtests.manifest import (
    SCHEMA,
    describe,
    key_of,
    read_manifest,
    results_of,
    versions,
    write_manifest,
)
from backtests.membership import Membership, membership
from backtests.parallel import Plugin, run_tasks
from backtests.pipeline import (
    Account,
    Fits,
    Plan,
    backtest,
    fits_of,
    make_forecasts,
)
from backtests.progress import Progress
from backtests.resolve import (
    describe_account,
    describe_source,
    make_accounts,
    make_plan,
    make_source,
)
from backtests.saved import file_name, save_fit
from backtests.store import FitStore
from backtests.study import UNIVERSE, Study
from backtests.trials import Counted, Ledger, remember
from backtests.universe import mended
from forecasters.bars import Bars
from forecasters.errors import InputError
from forecasters.fit import Fit, Fitted
from forecasters.fit_many import fit_many, longest_first

if TYPE_CHECKING:
    from backtests.result import Result

T = TypeVar("T")

#: Days by which bars may miss the dates that were asked for (holidays) before it is said.
GRACE = np.timedelta64(10, "D")


@dataclass(frozen=True, eq=False)
class Finished:
    """A run folder that is complete; `found` says that it was there already."""

    folder: Path
    manifest: Mapping[str, Any]
    found: bool

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


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
    bars = {
        ticker: mended(source.fetch(ticker, config.start, config.end), mends.get(ticker, ()))
        for ticker in tickers
    }
    extra = source.fetch(config.benchmark, config.start, config.end) if config.benchmark else None
    for ticker in bars:
        _check_span(bars[ticker], config)
    memberships = {a.name: _members(a, bars) for a in accounts}  # before any ticker is left out
    bars = _long_enough(bars, plan, leave_out=config.universe is not None)
    fits = fits_of(bars, plan)

    made_of: dict[str, Any] = {
        "schema": SCHEMA,
        "data": [describe(b, plan.extras) for b in bars.values()],
        "benchmark": describe(extra) if extra else None,
        "source": describe_source(source),
        **resolved.described,
        "accounts": {account.name: describe_account(account) for account in accounts},
        "versions": versions(),
    }
    key = key_of(made_of)
    name = _name([account.title for account in accounts])
    # Absolute: a worker that is used again stands where this process stood when it began.
    folder = Path(config.out).absolute() / f"{name}-{key[:8]}"
    part = folder.with_name(f".{name}-{key}.part")
    if folder.exists():
        shutil.rmtree(part, ignore_errors=True)
        return Finished(folder, _same_run(folder, key), found=True)

    part.mkdir(parents=True, exist_ok=True)  # now, not after the training
    store = FitStore(part / "fits")
    run_fits = partial(_run_fits, store=store, config=config, files=resolved.files, quiet=quiet)
    forecasts, histories = make_forecasts(fits, plan, list(bars), run_fits)
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
            )
        )
    ledger = Ledger(config.out)
    counted = {study.account: _count(study, made_of, plan, ledger) for study in studies}
    deflations = {
        s.account: deflate(s.judgement.chance.results, counted[s.account])
        for s in studies
        if s.judgement
    }
    manifest = {
        **made_of, "config": config.values(), "key": key, **results_of(studies),
        "trials": remember(list(counted.values())),
        "deflated": {account: asdict(own) for account, own in deflations.items()},
    }  # fmt: skip
    made = Path(tempfile.mkdtemp(prefix="run-", dir=part))
    made.chmod(0o755)
    _write(made, studies, manifest, deflations, config, extra, quiet)
    if config.save_fits:
        _keep_fits(store, fits, made / "fits")
    try:
        made.rename(folder)
    except OSError:  # another process finished the same run first
        return Finished(folder, _same_run(folder, key), found=True)
    shutil.rmtree(part, ignore_errors=True)
    return Finished(folder, manifest, found=False)


def _run_accounts(
    tasks: Sequence[Callable[[], T]], what: str, jobs: int, files: Sequence[Plugin], quiet: bool
) -> list[T]:
    """Run backtests that share nothing, with their progress."""
    with Progress(what, len(tasks), quiet=quiet) as progress:
        return run_tasks(tasks, jobs, lambda index, answer: progress.advance(), files)


def _count(study: Study, made_of: Mapping[str, Any], plan: Plan, ledger: Ledger) -> Counted:
    """Add what was looked at to the ledger beside the runs; return what it holds now."""
    counted = ledger.add(trials_of(study, made_of, plan.rules), scope_of(study))
    if counted.warning:
        warnings.warn(f"{study.account}: {counted.warning}", DataWarning, stacklevel=2)
    return counted


def _members(account: Account, bars: Mapping[str, Bars]) -> Membership | None:
    """Return which tickers of a universe may be bought when, and warn of faulty volumes."""
    if account.name != UNIVERSE:
        return None
    found = membership({t: bars[t] for t in account.tickers}, account.largest)
    for step in found.steps:
        warnings.warn(step.sentence(account.largest is not None), DataWarning, stacklevel=2)
    return found


def _long_enough(bars: Mapping[str, Bars], plan: Plan, leave_out: bool) -> dict[str, Bars]:
    """Return the bars that the plan can be carried out on, before anything is trained.

    Raises
    ------
    InputError
        A ticker has too few; where such tickers are left out, all have.
    """
    kept: dict[str, Bars] = {}
    short: list[str] = []
    for ticker, own in bars.items():
        try:
            plan.walk_forward.split(own.sessions)
            kept[ticker] = own
        except InputError as error:
            short.append(f"{ticker}: {error}")
            if not leave_out:
                raise InputError(short[0]) from error
    if not kept:
        raise InputError(f"no ticker of the universe can be forecast; the first is {short[0]}")
    for told in short:
        warnings.warn(f"left out of the universe: {told}", DataWarning, stacklevel=2)
    return kept


def _check_span(bars: Bars, config: RunConfig) -> None:
    """Warn when a file does not reach as far as was asked; other sources say so themselves."""
    if config.source != "csv":
        return
    first, last = bars.sessions[0], bars.sessions[-1]
    asked, end = np.datetime64(config.start, "D"), np.datetime64(config.end, "D")
    late = first - asked > GRACE and config.start != FIRST_DAY
    if late or end - last > GRACE:
        warnings.warn(
            f"{bars.ticker}: the file holds {first} to {last} of what was asked, "
            f"{config.start if late else first} to before {end}",
            PartialDataWarning,
            stacklevel=2,
        )


def _name(tickers: Sequence[str]) -> str:
    shown = "+".join(tickers[:3]) + (f"+{len(tickers) - 3}-more" if len(tickers) > 3 else "")
    return re.sub(r"[^\w.+-]", "", shown)


def _same_run(folder: Path, key: str) -> Mapping[str, Any]:
    """Return the manifest of the run that is there already, if it is this one."""
    manifest = read_manifest(folder / "manifest.json")
    if manifest is None or manifest["key"] != key:
        raise InputError(
            f"{folder} is in the way: it is not a finished run of this configuration. "
            "Move it away or name another --out"
        )
    return manifest


def _run_fits(
    fits: Sequence[Fit],
    store: FitStore,
    config: RunConfig,
    files: Sequence[Plugin],
    quiet: bool,
) -> list[Fitted]:
    """Run what the store does not hold yet, the longest first, and keep each as it ends.

    Those that the kernels train run in threads of this process, the others in processes.
    """
    answers = {
        number: kept
        for number, fit in enumerate(fits)
        if (kept := store.load(number)) and len(kept.close) == fit.rows
    }
    left = [number for number in longest_first(fits) if number not in answers]
    threads = [number for number in left if fits[number].in_threads]
    processes = [number for number in left if number not in threads]
    number_of = {fit: number for number, fit in enumerate(fits)}
    jobs = config.jobs or 1

    def task(number: int) -> Callable[[], Fitted]:
        if config.save_fits:
            return partial(_learn, fits[number], store.learned(number), config.features)
        return fits[number].run

    with Progress("training", len(fits), kept=len(answers), quiet=quiet) as progress:

        def done(number: int, fitted: Fitted) -> None:
            answers[number] = fitted
            store.save(number, fitted)
            progress.advance()

        run_tasks([task(n) for n in processes], jobs, lambda i, f: done(processes[i], f), files)
        fit_many(
            [fits[n] for n in threads],
            jobs,
            lambda i, f: done(threads[i], f),
            lambda fit: task(number_of[fit])(),
        )
    return [answers[number] for number in range(len(fits))]


def _learn(fit: Fit, path: Path, features: str) -> Fitted:
    """Run a fit and write what it learned, before the fit itself counts as done."""
    fitted, learned = fit.learn()
    if learned.state:
        save_fit(path, fit, learned, features)
    return fitted


def _keep_fits(store: FitStore, fits: Fits, folder: Path) -> None:
    """Move the saved fits into the run folder, under names that say whose they are."""
    number = 0
    for (_, label), group in fits.items():
        for fit in group:
            if (learned := store.learned(number)).exists():
                folder.mkdir(exist_ok=True)
                shutil.copyfile(learned, folder / slug(file_name(fit, label)))
            number += 1


def _write(
    folder: Path,
    studies: Sequence[Study],
    manifest: Mapping[str, Any],
    deflations: Mapping[str, Deflation],
    config: RunConfig,
    benchmark: Bars | None,
    quiet: bool,
) -> None:
    from backtests.page import write_index, write_overview
    from backtests.tables import write_tables

    write_tables(folder, studies)
    several = len(studies) > 1
    places = {s.account: folder / s.account if several else folder for s in studies}
    sheets = [
        (study, result) for study in studies for result in _chosen(study.results, config.tearsheets)
    ]
    tasks = [
        partial(
            _tearsheet,
            places[study.account] / "tearsheets" / f"{slug(result.label)}.html",
            result,
            study,
            benchmark,
        )
        for study, result in sheets
    ]
    with Progress("tearsheets", len(tasks), quiet=quiet) as progress:
        run_tasks(tasks, config.jobs or 1, lambda index, path: progress.advance())
    for study in studies:
        links = {r.label: f"tearsheets/{slug(r.label)}.html" for s, r in sheets if s is study}
        deflation = deflations.get(study.account)
        write_index(
            places[study.account], study, manifest, links, "../" if several else "", deflation
        )
    if several:
        write_overview(folder, studies, manifest)
    write_manifest(folder / "manifest.json", manifest)


def _chosen(results: Sequence[Result], which: str) -> list[Result]:
    first = next((r.strategy for r in results if r.forecaster is not None), None)
    return [
        r
        for r in results
        if which == "all" or (which == "main" and (r.forecaster is None or r.strategy == first))
    ]


def slug(label: str) -> str:
    """Return a label as a file name that every system takes."""
    return re.sub(r"[^\w.=,+-]", "_", label)


def _tearsheet(path: Path, result: Result, study: Study, benchmark: Bars | None) -> None:
    import pandas as pd

    from backtests.tearsheet import tearsheet_of

    title = "buy and hold"
    beside: Any = study.held
    if benchmark is not None:
        beside = (
            pd.Series(benchmark.close, pd.DatetimeIndex(benchmark.sessions)).pct_change().iloc[1:]
        )
        title = benchmark.ticker
    elif result.label == beside.label:
        beside = None
    notes = [text for text in (study.readings.get(result.strategy), study.costs_note) if text]
    simulated = study.simulated or (benchmark is not None and benchmark.origin.simulated)
    titled = replace(result, account=study.heading)
    tearsheet_of(path, titled, beside, benchmark_title=title, notes=notes, simulated=simulated)
