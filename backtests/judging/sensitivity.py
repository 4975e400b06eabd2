"""Threshold sensitivity: what a rule makes of the forecasts under other thresholds and exits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, astuple, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.account.performance import FEW_TRADES, performance
from backtests.account.result import Result
from backtests.judging.looks import timing_look
from backtests.judging.rises import at_least
from backtests.judging.timing import judge_timing
from backtests.trials.look import Look
from forecasters.bars import Bars, Flags, Floats
from forecasters.forecasts import Forecasts
from strategies.rule import Rule
from strategies.variants import Variant

if TYPE_CHECKING:
    from backtests.account.broker import Broker


@dataclass(frozen=True)
class Point:
    """One account of the sweep: a forecaster, a threshold, an exit. Returns and rates are shares, not percent.

    Attributes
    ----------
    forecaster : str
    threshold : float
        Forecast return that the rule needs to buy.
    exit : str
        Name of the exit; ``as the rule`` for a rule without named exits.
    own : bool
        Whether it is the rule as the run has it: its figures are then those of the result of the run.
    calls : int
        Sessions, of all tickers, whose forecast reached the threshold. There are more calls than
        trades where some came while holding.
    total_return, exposure : float
        Return after costs, and mean share of the equity in stocks, as `performance` has them; 0
        for an account that never bought.
    trades : int
        Purchases.
    hit_rate : float or None
        Share of the trades with a return above 0 after costs. A trade that is still open counts
        too, at its last close: an exit that sells only after a rise would otherwise have hits
        almost alone. None without a trade.
    returns : float64, shape [T]
        Given with the figures and read as `daily`. It is no field: digest, table and equality are
        those of the figures.
    volumes : tuple of float or None
        Given likewise and read as `above`.
    look : Look or None
        Given in the same way and read as `timed`.
    """

    forecaster: str
    threshold: float
    exit: str
    own: bool
    calls: int
    total_return: float
    trades: int
    exposure: float
    hit_rate: float | None
    returns: InitVar[Floats | None] = None
    volumes: InitVar[tuple[float | None, ...]] = ()
    look: InitVar[Look | None] = None

    def __post_init__(
        self, returns: Floats | None, volumes: tuple[float | None, ...], look: Look | None
    ) -> None:
        # where `replace` looks for them
        object.__setattr__(self, "returns", returns)
        object.__setattr__(self, "volumes", volumes)
        object.__setattr__(self, "look", look)

    @property
    def daily(self) -> Floats:
        """Daily simple returns of the account, [T] as `Result.returns`; empty where none was run."""
        returns: Floats | None = vars(self)["returns"]
        return np.empty(0) if returns is None else returns

    @property
    def above(self) -> tuple[float | None, ...]:
        """Shares of the fills above 1, 10 and 100% of the day's volume; empty where none was run."""
        shares: tuple[float | None, ...] = vars(self)["volumes"]
        return shares

    @property
    def timed(self) -> Look | None:
        """What the ledger keeps of its timing; None where it closed too few trades."""
        look: Look | None = vars(self)["look"]
        return look

    @property
    def digest(self) -> str:
        """The sha256 of every value."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()


#: All exits of a threshold on one forecaster, and what runs many such tasks and answers in their order.
SweepTask = Callable[[], tuple[Point, ...]]
RunSweepTasks = Callable[[Sequence[SweepTask]], Sequence[tuple[Point, ...]]]


@dataclass(frozen=True)
class Sweep:
    """The sweep of an account, and the buy and hold beside it.

    Attributes
    ----------
    points : tuple of Point
        By forecaster, then threshold, then exit; empty where no rule was swept.
    strategy : str
        Label of the rule that was swept.
    held : Result or None
        Buy and hold on the same sessions.
    """

    points: tuple[Point, ...]
    strategy: str = ""
    held: Result | None = None


def swept_rule(rules: Mapping[str, Rule]) -> str | None:
    """Return the label of the rule that a run sweeps; None where no rule has variants.

    A run sweeps one rule, since each point of a sweep is a trial: the first, in the order that the
    user named them, that needs a forecast and has variants (`Rule.variants`). Name another rule
    first to sweep it.
    """
    return next(
        (label for label, rule in rules.items() if rule.needs_forecast and rule.variants()), None
    )


def sweep(
    bars: Mapping[str, Bars],
    forecasts: Iterable[Mapping[str, Forecasts]],
    rule: Rule,
    broker: Broker,
    run: RunSweepTasks,
    members: Mapping[str, Flags] | None = None,
) -> tuple[Point, ...]:
    """Return what each variant of a rule makes of the forecasts of each forecaster.

    In-sample exploration: all points are judged on the same sessions, so that the best of them is
    picked after the fact. An account is run by `run_backtest` only where the rule could buy at
    some forecast (`Rule.could_buy`).

    Parameters
    ----------
    bars, members : mapping
        By ticker, as `run_backtest` takes them.
    forecasts : iterable of mapping
        One a forecaster: ticker to forecasts.
    run : callable
        Gets all tasks at once, one a forecaster and threshold, and answers in their order.

    Returns
    -------
    tuple of Point
        By forecaster, then in the order of `Rule.variants`.
    """
    by_threshold: dict[float, list[Variant]] = {}
    for variant in rule.variants():
        by_threshold.setdefault(variant.threshold, []).append(variant)
    tasks = [
        partial(_points, tuple(variants), bars, by_ticker, rule, broker, members)
        for by_ticker in forecasts
        for variants in by_threshold.values()
    ]
    return tuple(point for points in run(tasks) for point in points)


def _points(
    variants: Sequence[Variant],
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: Rule,
    broker: Broker,
    members: Mapping[str, Flags] | None,
) -> tuple[Point, ...]:
    """Return the points of the variants with one threshold."""
    from backtests.account.engine import run_backtest

    threshold = variants[0].threshold
    by_ticker = list(forecasts.values())
    calls = sum(int(at_least(f.close, f.last_close, threshold).sum()) for f in by_ticker)
    points = []
    for variant in variants:
        figures = _IDLE
        if any(variant.rule.could_buy(f.forecast_return).any() for f in by_ticker):
            account = run_backtest(bars, forecasts, variant.rule, broker, members=members)
            figures = _figures(account, bars)
        points.append(
            Point(
                by_ticker[0].forecaster,
                threshold,
                variant.exit,
                variant.rule == rule,
                calls=calls,
                **figures,
            )
        )
    return tuple(points)


_IDLE: dict[str, Any] = {"total_return": 0.0, "trades": 0, "exposure": 0.0, "hit_rate": None}


def _figures(result: Result, bars: Mapping[str, Bars]) -> dict[str, Any]:
    """Return the figures of an account that was run."""
    figures = performance(result)
    gained = [trade.return_net > 0 for trade in result.trades]
    return {
        **{name: figures[name] for name in ("total_return", "trades", "exposure")},
        "hit_rate": sum(gained) / len(gained) if gained else None,
        "returns": result.returns,
        "volumes": tuple(figures[f"fills_above_{n}"] for n in (1, 10, 100)),
        "look": _look(result, bars),
    }


def _look(result: Result, bars: Mapping[str, Bars]) -> Look | None:
    """Return what the ledger keeps of the timing of an account; None where it closed too few trades."""
    if result.closed < FEW_TRADES:
        return None
    (timed,) = judge_timing((result,), bars)
    return timing_look(timed)


def by_forecaster(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Return the points of each forecaster that bought at one point at least."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(point.forecaster, []).append(point)
    return {name: group for name, group in groups.items() if any(p.trades for p in group)}
