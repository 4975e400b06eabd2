"""Threshold sensitivity: what the 5% rule makes of forecasts under other thresholds and exits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import InitVar, astuple, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.account.performance import performance
from backtests.account.result import Result
from backtests.judging.rises import at_least
from forecasters.bars import Bars, Flags, Floats
from forecasters.forecasts import Forecasts

if TYPE_CHECKING:
    from backtests.account.broker import Broker
    from strategies.five_percent import FivePercentRule

#: Shares, from about the cost of a round trip on the KRX to twice S2's 5%. Dense up to 2%, where most
#: forecasts of the next day end: there a step changes how often one buys, at 8% hardly ever.
THRESHOLDS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10)
EXITS = ("entry", "day", "touch")


@dataclass(frozen=True)
class Point:
    """One account of the sweep: a forecaster, a threshold, an exit. Shares are shares, not percent.

    Attributes
    ----------
    forecaster : str
    threshold : float
        The share that the forecast, and then the price, must rise.
    exit : str
    own : bool
        The rule as the run has it: the figures are those of the run's own result.
    calls : int
        Sessions, of all tickers, whose forecast reached the threshold; more than `trades` where
        they came while holding.
    total_return, exposure : float
        After costs, and the mean share of the equity in stocks, as `performance` has them; 0 for
        an account that never bought.
    trades : int
        Purchases.
    hit_rate : float or None
        Share of the trades with a return above 0 after costs. A trade that is still open counts,
        at its last close: `entry` and `touch` sell only after a rise, so that sold ones alone
        would nearly all be hits. None without a trade.
    returns : float64, shape [T]
        Handed over with the figures and read as `daily`. No field: digest, table and equality are
        those of the figures.
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

    def __post_init__(self, returns: Floats | None) -> None:
        object.__setattr__(self, "returns", returns)  # where `replace` looks for it

    @property
    def daily(self) -> Floats:
        """Daily simple returns of the account, [T] as `Result.returns`; empty where none was run."""
        returns: Floats | None = vars(self)["returns"]
        return np.empty(0) if returns is None else returns

    @property
    def digest(self) -> str:
        """The sha256 of every value."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()


#: A threshold of a forecaster, and what runs many of them and answers in their order.
Task = Callable[[], tuple[Point, ...]]
RunTasks = Callable[[Sequence[Task]], Sequence[tuple[Point, ...]]]


def sweep(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: FivePercentRule,
    broker: Broker,
    thresholds: Sequence[float] = THRESHOLDS,
    exits: Sequence[str] = EXITS,
    members: Mapping[str, Flags] | None = None,
) -> tuple[Point, ...]:
    """Return what the rule makes of one forecaster's forecasts under each threshold and exit.

    In-sample exploration: all points are judged on the same sessions, so the best of them is
    picked after the fact. The rule's own threshold and exit are always among them, its other
    settings stay. An account is run by `run_backtest` only where some forecast reaches the
    threshold: the rule buys nowhere else.

    Parameters
    ----------
    bars, forecasts, members : mapping
        By ticker, as `run_backtest` takes them.

    Returns
    -------
    tuple of Point
        By threshold, ascending, then exit in the order given.
    """
    tasks = _tasks(bars, forecasts, rule, broker, thresholds, exits, members)
    return tuple(point for task in tasks for point in task())


def sweep_all(
    bars: Mapping[str, Bars],
    told: Iterable[Mapping[str, Forecasts]],
    rule: FivePercentRule,
    broker: Broker,
    run: RunTasks,
    members: Mapping[str, Flags] | None = None,
) -> tuple[Point, ...]:
    """Return the sweep of each forecaster, one after the other; `run` gets all tasks at once."""
    tasks = [
        task
        for forecasts in told
        for task in _tasks(bars, forecasts, rule, broker, THRESHOLDS, EXITS, members)
    ]
    return tuple(point for points in run(tasks) for point in points)


def _tasks(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: FivePercentRule,
    broker: Broker,
    thresholds: Sequence[float],
    exits: Sequence[str],
    members: Mapping[str, Flags] | None,
) -> list[Task]:
    every = tuple(dict.fromkeys((*exits, rule.exit)))
    return [
        partial(_at, threshold, bars, forecasts, rule, broker, every, members)
        for threshold in sorted({*thresholds, rule.threshold})
    ]


def _at(
    threshold: float,
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: FivePercentRule,
    broker: Broker,
    exits: Sequence[str],
    members: Mapping[str, Flags] | None,
) -> tuple[Point, ...]:
    """Return the points of one threshold."""
    from backtests.account.engine import run_backtest

    own = forecasts.values()
    calls = sum(int(at_least(f.close, f.last_close, threshold).sum()) for f in own)
    points = []
    for exit_ in exits:
        varied = replace(rule, threshold=threshold, exit=exit_)
        result = run_backtest(bars, forecasts, varied, broker, members=members) if calls else None
        figures = _figures(result) if result else _IDLE
        name = next(iter(own)).forecaster
        points.append(Point(name, threshold, exit_, varied == rule, calls=calls, **figures))
    return tuple(points)


_IDLE: dict[str, Any] = {"total_return": 0.0, "trades": 0, "exposure": 0.0, "hit_rate": None}


def _figures(result: Result) -> dict[str, Any]:
    figures = performance(result)
    gained = [trade.return_net > 0 for trade in result.trades]
    return {
        **{name: figures[name] for name in ("total_return", "trades", "exposure")},
        "hit_rate": sum(gained) / len(gained) if gained else None,
        "returns": result.returns,
    }


def by_forecaster(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Return the points of each forecaster that bought under one of them at least."""
    groups: dict[str, list[Point]] = {}
    for point in points:
        groups.setdefault(point.forecaster, []).append(point)
    return {name: own for name, own in groups.items() if any(p.trades for p in own)}
