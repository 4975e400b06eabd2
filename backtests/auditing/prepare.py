"""What the audit works on: bars, plan, and the forecasters with few epochs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.auditing.config import EPOCHS, FOLDS, SKILLED_EPOCHS, TRAIN_SIZE, AuditConfig

if TYPE_CHECKING:
    from backtests.auditing.register import Examination
    from backtests.runs.resolve import Resolved
    from forecasters.bars import Bars

#: Simulated bars where no ticker is named; a halt is planted in each.
SIMULATED = {
    "ticker": ("051900.KS", "005930.KS"),
    "source": "simulated",
    "start": "2015-01-01",
    "end": "2018-01-01",
}
#: Flags that name bars of the user.
NAMES_BARS = ("ticker", "source", "data_dir", "start", "end")
QUICK_EPOCHS, QUICK_SKILLED_EPOCHS = 1, 15


class _Subjects:
    """What the flags name, resolved."""

    def __init__(self, config: AuditConfig, plan: Resolved) -> None:
        self.files, self.jobs = plan.files, config.jobs or 1
        self.forecasters = {
            label: forecaster
            for label, forecaster in plan.plan.forecasters.items()
            if label != "naive" or "naive" in config.forecaster
        }
        self.rules = {
            label: rule
            for label, rule in plan.plan.rules.items()
            if label != "buy_and_hold" or "buy_and_hold" in config.strategy
        }
        self.naive = plan.plan.forecasters["naive"]


def prepare(flags: argparse.Namespace) -> tuple[list[Examination], _Subjects, list[str]]:
    """Return the examinations that the flags ask for, their subjects, and notes to print first.

    Raises
    ------
    InputError
        Nothing to audit is named, a universe is named, or the bars of a ticker are too few.
    """
    from backtests.auditing.checks.rules import RuleSubject
    from backtests.auditing.register import (
        EXTRA_CHECKS,
        FORECASTER_CHECKS,
        RULE_CHECKS,
        Examination,
    )
    from backtests.auditing.subject import Subject
    from backtests.command.config import RunConfig
    from backtests.command.flags import given_values
    from backtests.runs.resolve import make_broker, make_folds, make_plan
    from backtests.writing.numbers import count
    from forecasters.errors import InputError
    from forecasters.features import make_features

    given = given_values(flags, AuditConfig)
    if not (given.get("forecaster") or given.get("strategy")):
        raise InputError("name what to audit: --forecaster ./my_gru.py or --strategy ./my_rule.py")
    if "universe" in given:
        raise InputError(
            "an audit takes no universe: name its tickers, --ticker 051900.KS 005930.KS"
        )
    simulated = not any(given.get(name) for name in NAMES_BARS)
    config = AuditConfig(**given | (SIMULATED if simulated else {}))
    given_epochs = config.epochs
    config = replace(config, epochs=None)
    subjects = _Subjects(config, make_plan(config))
    longest = max((f.lookback for f in subjects.forecasters.values()), default=1)
    if "train_size" not in given and config.split is None:
        config = replace(config, train_size=max(TRAIN_SIZE, 3 * longest))
    plan = make_plan(config).plan
    all_bars = _all_bars(config)
    bars = _newest(all_bars, config, plan.walk_forward.first_test, simulated)
    run = replace(
        config,
        **{name: given.get(name, getattr(RunConfig, name)) for name in ("train_size", "step")},
    )
    for ticker, series in bars.items():  # too few bars: say so, and audit nothing in vain
        try:
            plan.walk_forward.split(series.sessions)
        except InputError as error:
            raise InputError(f"{ticker}: {error}") from error
    notes = [_bars_line(bars)]
    epochs = given_epochs or (QUICK_EPOCHS if config.quick else EPOCHS)
    skilled = given_epochs or (QUICK_SKILLED_EPOCHS if config.quick else SKILLED_EPOCHS)
    trial = Subject(
        subjects.naive,
        plan.walk_forward,
        bars,
        config.features,
        walks=3 if config.quick else 6,
        few_days=config.quick,
        files=subjects.files,
        make=partial(make_features, extras=plan.extras),
        run_plan=make_folds(run),
        run_bars=all_bars,
        extras=plan.extras,
    )
    examinations = []
    lowered = []
    for label, forecaster in subjects.forecasters.items():
        short, long = forecaster, forecaster
        if hasattr(forecaster, "epochs") and "epochs=" not in label:
            short, long = (_trained(forecaster, n) for n in (epochs, skilled))
            lowered.append(label)
        tried = replace(
            trial,
            forecaster=short,
            skilled=long,
            own=_as_in_a_run(forecaster, given_epochs),
            declared=_declared(forecaster),
        )
        examinations += [Examination(check, label, tried) for check in FORECASTER_CHECKS]
    for ticker, series in bars.items():
        if plan.extras and trial.features(series).warmup > plan.walk_forward.first_test // 2:
            raise InputError(
                f"{ticker}: a column of --extra is not known in half of the first {plan.walk_forward.first_test} "
                "sessions of the audit: name bars of its days (--ticker, --start, --end)"
            )
    if lowered and given_epochs is None:
        notes.append(
            f"{', '.join(lowered)}: {count(epochs, 'epoch')} to look for leaks, {skilled} where something must be "
            "learned (--epochs sets both)"
        )
    if plan.extras:
        examinations += [Examination(check, "--extra", trial) for check in EXTRA_CHECKS]
    for label, rule in subjects.rules.items():
        traded = RuleSubject(rule, trial, make_broker(config, config.ticker[0]), _declared(rule))
        examinations += [Examination(check, label, traded) for check in RULE_CHECKS]
    return examinations, subjects, notes


def _trained(forecaster: Any, epochs: int) -> Any:
    return replace(forecaster, epochs=epochs)


def _as_in_a_run(forecaster: Any, epochs: int | None) -> Any:
    """Return the forecaster as a run trains it: with its usual epochs, or those of the flag."""
    if epochs is None or not hasattr(forecaster, "epochs"):
        return forecaster
    return _trained(forecaster, epochs)


def _declared(plugin: Any) -> tuple[str, ...]:
    """Return the files and folders that settings of a plugin name."""
    values = (getattr(plugin, field.name) for field in fields(plugin))
    return tuple(str(v) for v in values if isinstance(v, str | Path) and v and Path(v).exists())


def _all_bars(config: AuditConfig) -> dict[str, Bars]:
    from backtests.runs.prices import settle
    from backtests.runs.resolve import make_source
    from backtests.sources.missing import warn_of_missing

    source: Any = make_source(config)
    bars = {ticker: source.fetch(ticker, config.start, config.end) for ticker in config.ticker}
    warn_of_missing(list(bars.values()))
    return dict(settle(bars, config).bars)


def _newest(
    all_bars: Mapping[str, Bars], config: AuditConfig, first_test: int, simulated: bool
) -> dict[str, Bars]:
    """Return the newest bars of each ticker: three folds and no more."""
    rows = first_test + FOLDS * config.step
    bars = {}
    for ticker, series in all_bars.items():
        if config.split is None:
            series = series.rows(slice(max(len(series) - rows, 0), None))
        bars[ticker] = _halted(series, first_test + config.step + 5) if simulated else series
    return bars


def _halted(bars: Bars, row: int) -> Bars:
    """Return the bars with one session of no trade."""
    from forecasters.bars import COLUMNS

    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    columns["close"][row] = columns["close"][row - 1]
    for name in ("open", "high", "low", "volume"):
        columns[name][row] = 0.0
    return replace(bars, **columns)


def _bars_line(bars: Mapping[str, Bars]) -> str:
    """Return which bars are looked at."""
    parts = [
        f"{ticker} {series.sessions[0]} to {series.sessions[-1]} ({len(series)} sessions"
        f"{', SIMULATED' if series.origin.simulated else ''})"
        for ticker, series in bars.items()
    ]
    return f"bars: {'; '.join(parts)}"
