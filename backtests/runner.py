"""A run from its configuration to its folder: found by its key, or made and put in place whole."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests import plugins
from backtests.broker import Broker
from backtests.config import RunConfig, key_values
from backtests.engine import check_rule
from backtests.manifest import (
    SCHEMA,
    describe,
    key_of,
    read_manifest,
    results_of,
    versions,
    write_manifest,
)
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.parallel import run_tasks
from backtests.pipeline import Plan, backtest, make_forecasts
from backtests.progress import Progress
from backtests.store import FitStore
from backtests.study import Study
from forecasters.bars import Bars
from forecasters.errors import InputError
from forecasters.fit import Fit, Fitted
from forecasters.fixed_split import FixedSplit
from forecasters.walk_forward import WalkForward

if TYPE_CHECKING:
    from backtests.result import Result

#: Flags that set a value of every forecaster, or of every rule, that has a setting of that name.
FORECASTER_FLAGS = ("target", "lookback", "epochs", "batch_size", "learning_rate")
RULE_FLAGS = ("threshold", "exit", "first_exit", "max_hold", "stop_loss")


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


def run(
    config: RunConfig,
    *,
    quiet: bool = False,
    on_folder: Callable[[Path], None] = lambda folder: None,
) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    `on_folder` hears early where the run will be. What is interrupted leaves its fits beside that
    place, and the same call goes on from there.
    """
    source = make_source(config)
    bars = {ticker: source.fetch(ticker, config.start, config.end) for ticker in config.ticker}
    plan, files = make_plan(config)
    for ticker in bars:
        plan.walk_forward.split(
            bars[ticker].sessions
        )  # too few bars: say so before anything is trained
    brokers = {ticker: make_broker(config, ticker) for ticker in bars}
    extra = _benchmark(config, source)
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "config": config.values(),
        "forecasters": {label: f.get_params() for label, f in plan.forecasters.items()},
        "data": [describe(b) for b in (*bars.values(), *([extra] if extra else []))],
        "engine": "torch",
        "versions": versions(),
        "plugins": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        "seeds": list(plan.seeds),
    }
    made_of = {**manifest, "config": key_values(config)}
    manifest["key"] = key_of(made_of)
    folder = Path(config.out) / f"{_name(config.ticker)}-{manifest['key'][:8]}"
    on_folder(folder)
    if folder.exists():
        return Finished(folder, _same_run(folder, manifest["key"]), found=True)

    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    fits = part / "fits"
    forecasts, losses = make_forecasts(
        bars,
        plan,
        partial(_run_fits, store=FitStore(fits), config=config, files=files, quiet=quiet),
    )
    studies = [backtest(bars[t], forecasts[t], losses[t], plan, brokers[t]) for t in bars]
    manifest |= results_of(studies)
    made = part / "run"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    _write(made, studies, manifest, config, extra, quiet)
    made.rename(folder)
    shutil.rmtree(part)
    return Finished(folder, manifest, found=False)


def make_source(config: RunConfig) -> Any:
    """Return the data source that the configuration names."""
    named = plugins.parse(config.source)
    defaults: dict[str, Any] = {"adjust": config.adjust}
    if config.data_dir is not None:
        defaults["data_dir"] = Path(config.data_dir)
    return plugins.make(plugins.SOURCES, named, defaults)


def make_plan(config: RunConfig) -> tuple[Plan, list[Path]]:
    """Return the plan with every name resolved, and the user's files among them."""
    forecasters, files = _resolve(
        plugins.FORECASTERS, ("naive", *config.forecaster), config, FORECASTER_FLAGS
    )
    rules, more = _resolve(
        plugins.STRATEGIES, (*config.strategy, "buy_and_hold"), config, RULE_FLAGS
    )
    for label, rule in rules.items():
        check_rule(label, rule)
    rules["buy_and_hold"] = rules.pop("buy_and_hold")  # last, wherever it was named
    walk_forward = make_folds(config)
    return Plan(forecasters, rules, walk_forward, config.features, config.seed_list), files + more


def make_folds(config: RunConfig) -> WalkForward:
    """Return the walk-forward, or the one fixed split that takes its place."""
    if config.split is not None:
        return FixedSplit.parse(config.split, config.purge)
    return WalkForward(
        train_size=config.train_size,
        step=config.step,
        expanding=config.expanding,
        purge=config.purge,
        validation=config.validation,
    )


def _resolve(
    kind: plugins.Kind, texts: Sequence[str], config: RunConfig, flags: Sequence[str]
) -> tuple[dict[str, Any], list[Path]]:
    """Return label to instance, each label once, and the files; a flag that fits nothing is refused."""
    given = config.given(flags)
    named = {n.label: n for n in map(plugins.parse, texts)}
    made = {
        label: plugins.make(kind, n, {} if label == "naive" else given)
        for label, n in named.items()
    }
    for flag in given:
        if not any(
            flag in plugins.settings_of(type(made[label])) for label in made if label != "naive"
        ):
            raise InputError(
                f"--{flag.replace('_', '-')} fits no {kind.word} of this run: {', '.join(made)}"
            )
    return made, [n.path for n in named.values() if n.path is not None]


def make_broker(config: RunConfig, ticker: str) -> Broker:
    """Return the account of one ticker: its market's costs, or those that the user set."""
    market = market_for(ticker, config.market)
    costs = Costs.of(market, config.commission_bps, config.slippage_bps, config.tax_bps)
    cash = market.cash if config.cash is None else config.cash
    return Broker(cash, costs, config.cash_fraction)


def _benchmark(config: RunConfig, source: Any) -> Bars | None:
    if config.benchmark is None:
        return None
    bars: Bars = source.fetch(config.benchmark, config.start, config.end)
    return bars


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
    fits: Sequence[Fit], store: FitStore, config: RunConfig, files: Sequence[Path], quiet: bool
) -> list[Fitted]:
    """Run what the store does not hold yet, the longest first, and keep each as it ends."""
    answers = {number: kept for number in range(len(fits)) if (kept := store.load(number))}
    left = sorted(set(range(len(fits))) - set(answers), key=lambda n: (-fits[n].cost, n))
    with Progress("training", len(fits), kept=len(answers), quiet=quiet) as progress:

        def done(index: int, fitted: Fitted) -> None:
            store.save(left[index], fitted)
            progress.advance()

        new = run_tasks([fits[n].run for n in left], config.jobs or 1, done, files)
    answers.update(zip(left, new, strict=True))
    return [answers[number] for number in range(len(fits))]


def _write(
    folder: Path,
    studies: Sequence[Study],
    manifest: Mapping[str, Any],
    config: RunConfig,
    benchmark: Bars | None,
    quiet: bool,
) -> None:
    from backtests.page import write_index, write_overview
    from backtests.tables import write_tables

    write_tables(folder, studies)
    several = len(studies) > 1
    places = {s.ticker: folder / s.ticker if several else folder for s in studies}
    sheets = [
        (study, result) for study in studies for result in _chosen(study.results, config.tearsheets)
    ]
    tasks = [
        partial(
            _tearsheet,
            places[study.ticker] / "tearsheets" / f"{slug(result.label)}.html",
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
        write_index(places[study.ticker], study, manifest, links, "../" if several else "")
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
    beside: Any = next(r for r in study.results if r.strategy == "buy_and_hold")
    if benchmark is not None:
        beside = (
            pd.Series(benchmark.close, pd.DatetimeIndex(benchmark.sessions)).pct_change().iloc[1:]
        )
        title = benchmark.ticker
    elif result is beside or result.label == beside.label:
        beside = None
    notes = [text for text in (study.readings.get(result.strategy), study.costs_note) if text]
    simulated = study.bars.origin.simulated or (
        benchmark is not None and benchmark.origin.simulated
    )
    tearsheet_of(path, result, beside, benchmark_title=title, notes=notes, simulated=simulated)
