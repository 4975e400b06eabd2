"""Timing or market: the same forecasts, shifted against the sessions, through the same rule and costs.

A rule that is long most of the time earns what the market earns, whatever its forecasts are worth. Shifted
circularly, forecasts keep their distribution and their order, so the rule trades about as often and stays
invested about as long; only what they say about each day is gone. Where the real account stands among
the shifted ones is what its timing earned.

Source: a randomisation test by circular shifts; its p value counts the real account among the
shifted ones, so that it is never 0 (Davison and Hinkley 1997, chapter 4; Phipson and Smyth 2010).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.account.performance import FEW_TRADES
from backtests.account.result import Result
from backtests.writing.numbers import count as counted
from backtests.writing.numbers import percent
from forecasters.bars import Bars, Flags
from forecasters.forecasts import Forecasts
from strategies.rule import Rule

if TYPE_CHECKING:
    from backtests.account.broker import Broker

#: Shifts of a replayed account, and of one that only Backtrader can trade.
SHIFTS, SLOW_SHIFTS = 1000, 99
#: With fewer no share of them could lie below 5%.
LEAST = 19
LEVEL = 0.05


@dataclass(frozen=True)
class Shifted:
    """One result among its shifts. Returns are net, shares of the cash at the start.

    Attributes
    ----------
    account, strategy : str
    forecaster : str or None
    real : float
        What the account earned.
    trades, closed : int
        Its purchases, and those of them that were sold again.
    forecasts : int
        Sessions with a forecast: all of them but one are a shift.
    shifts : int
        Shifted accounts, each traded by itself.
    at_least : float or None
        Share of the shifts that earned at least as much.
    percentile : float or None
        Share of the shifts that earned less, one that earned the same counted half.
    p : float or None
        One-sided: (1 + shifts that earned at least as much) / (1 + shifts).
    median, low, high : float or None
        What the shifts earned: their median, and from 5% to 95% of them.
    median_trades : float or None
        Their purchases.
    via : str
        ``replay``, ``backtrader``, or empty where nothing was shifted.
    why : str
        Why there are no figures, or why they came through Backtrader.
    """

    account: str
    forecaster: str | None
    strategy: str
    real: float
    trades: int
    closed: int
    forecasts: int = 0
    shifts: int = 0
    at_least: float | None = None
    percentile: float | None = None
    p: float | None = None
    median: float | None = None
    low: float | None = None
    high: float | None = None
    median_trades: float | None = None
    via: str = ""
    why: str = ""

    @property
    def digest(self) -> str:
        """The sha256 of every value."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()

    @property
    def label(self) -> str:
        """The forecaster and its rule."""
        return ", ".join(part for part in (self.forecaster, self.strategy) if part)

    @property
    def sentence(self) -> str:
        """What it means, in one sentence."""
        if self.p is None or self.at_least is None or self.percentile is None:
            return f"Nothing was shifted: {self.why}."
        said = (
            f"Of {counted(self.shifts, 'shift')} of the same forecasts through the same rule and costs, "
            f"{percent(self.at_least, 0, sign=False)} earned at least as much: "
        )
        if self.percentile < LEVEL:
            return said + "the forecasts would have earned more on nearly any other days."
        if self.p >= LEVEL:
            return said + "the timing shows nothing."
        if self.closed < FEW_TRADES:
            return said + f"that is rare, but {counted(self.closed, 'closed trade')}: cannot say."
        return said + f"taken alone, that is rare (p = {self.p:.3f})."


def shift(forecasts: Forecasts, k: int) -> Forecasts:
    """Return the forecasts with returns and centres moved on by `k` of the rows that have a forecast.

    A row gets the forecast return of the row `k` forecasts earlier, the first ones those of the last,
    on its own last close: the mean over the seeds, as it is traded. Rows without a forecast stay so.
    A shift by 0, or by as many as there are, is the forecasts themselves.
    """
    rows = np.flatnonzero(np.isfinite(forecasts.close))
    if not rows.size or k % rows.size == 0:
        return forecasts
    close, centre = np.full(len(forecasts), np.nan), forecasts.centre.copy()
    moved = np.roll(forecasts.forecast_return[rows], k)
    close[rows] = forecasts.last_close[rows] * (1.0 + moved)
    centre[rows] = np.roll(forecasts.centre[rows], k)
    return replace(forecasts, by_seed=close[None], seeds=(), centre=centre)


def draw_shifts(n: int, count: int, seed: int) -> list[int]:
    """Return `count` distinct shifts of `n` forecasts, ascending; all n - 1 where there are no more."""
    every = np.arange(1, max(n, 1))
    if every.size <= count:
        return [int(k) for k in every]
    rng = np.random.default_rng(seed)
    return [int(k) for k in np.sort(rng.choice(every, count, replace=False))]


def shift_test(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: Rule,
    broker: Broker,
    result: Result,
    count: int = SHIFTS,
    seed: int = 0,
    members: Mapping[str, Flags] | None = None,
) -> Shifted:
    """Return where a result stands among the same account on shifted forecasts.

    The unshifted forecasts are replayed first. Only if that gives every fill and the equity of
    `result`, to the last bit, are the shifts replayed too; else, and where an account cannot be
    replayed, Backtrader trades `SLOW_SHIFTS` of them at most. The accounts of several tickers go through
    Backtrader too, as many as `count` says: each ticker's forecasts move by the same number of rows.

    Parameters
    ----------
    bars, forecasts, members : mapping
        By ticker, as `run_backtest` takes them; `result` is what it gave.
    count : int
        Shifts at most.
    seed : int
        Draws them where there are more.
    """
    told = Shifted(
        result.account,
        result.forecaster,
        result.strategy,
        float(result.equity[-1]) / result.base - 1,
        len(result.trades),
        result.closed,
    )
    if not rule.needs_forecast or not result.trades:
        why = "it never bought" if rule.needs_forecast else "the rule asks no forecast"
        return replace(told, why=why)
    n = max(int(np.isfinite(own.close).sum()) for own in forecasts.values())
    told = replace(told, forecasts=n)
    if n - 1 < LEAST:
        leave = "leaves" if n == 1 else "leave"
        return replace(told, why=f"{counted(n, 'forecast')} {leave} too few shifts")
    if count < LEAST:
        return replace(told, why=f"{counted(count, 'shift')} could not show a p of 5%")
    trade, why = _replayed(bars, forecasts, rule, broker, result, members)
    if trade is None:
        trade = partial(_backtested, bars, rule, broker, members)
        count = min(count, SLOW_SHIFTS) if len(forecasts) == 1 else count
    made = []
    for k in draw_shifts(n, count, seed):
        made.append(trade({ticker: shift(own, k) for ticker, own in forecasts.items()}))
    returns, trades = np.array(made).T
    return _judged(told, returns, trades, "backtrader" if why else "replay", why)


#: From forecasts by ticker to the net return and the purchases of their account.
Trade = Callable[[Mapping[str, Forecasts]], tuple[float, int]]


def _replayed(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: Rule,
    broker: Broker,
    result: Result,
    members: Mapping[str, Flags] | None,
) -> tuple[Trade | None, str]:
    """Return what trades forecasts without Backtrader; None, and why, if that is not the same."""
    from backtests.account.replay.account import replay, uncovered
    from backtests.account.replay.quotes import Quotes

    if why := uncovered(bars, rule, broker):
        return None, why
    ((ticker, own),) = forecasts.items()
    member = (members or {}).get(ticker)
    quotes = Quotes(bars[ticker], own, broker, rule.fill == "close")
    real = replay(quotes, own, rule, broker, member)
    if real.fills != result.fills or not np.array_equal(real.equity, result.equity):
        return None, "the replayed account is not that of the run"

    def trade(shifted: Mapping[str, Forecasts]) -> tuple[float, int]:
        one = replay(quotes, shifted[ticker], rule, broker, member)
        return one.total_return, one.purchases

    return trade, ""


def _backtested(
    bars: Mapping[str, Bars],
    rule: Rule,
    broker: Broker,
    members: Mapping[str, Flags] | None,
    shifted: Mapping[str, Forecasts],
) -> tuple[float, int]:
    from backtests.account.engine import run_backtest

    result = run_backtest(bars, shifted, rule, broker, members=members)
    return float(result.equity[-1]) / result.base - 1, len(result.trades)


def _judged(told: Shifted, returns: Any, trades: Any, via: str, why: str) -> Shifted:
    """Return the figures of the real account beside those of its shifts."""
    as_much, same = int((returns >= told.real).sum()), int((returns == told.real).sum())
    low, median, high = (float(q) for q in np.quantile(returns, (0.05, 0.5, 0.95)))
    n = returns.size
    return replace(
        told,
        shifts=n,
        at_least=as_much / n,
        percentile=1 - (as_much - same / 2) / n,
        p=(1 + as_much) / (1 + n),
        median=median,
        low=low,
        high=high,
        median_trades=float(np.median(trades)),
        via=via,
        why=why,
    )


#: One result, and what runs many of them and answers in their order.
Task = Callable[[], Shifted]
RunTasks = Callable[[Sequence[Task]], Sequence[Shifted]]


def shift_all(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Mapping[str, Forecasts]],
    rules: Mapping[str, Rule],
    broker: Broker,
    results: Sequence[Result],
    run: RunTasks,
    members: Mapping[str, Flags] | None = None,
    count: int = SHIFTS,
    seed: int = 0,
) -> tuple[Shifted, ...]:
    """Return where each result that bought on forecasts stands among its shifts; `run` gets one task each.

    Parameters
    ----------
    forecasts : mapping
        Forecaster to ticker to forecasts.
    rules : mapping
        Strategy label to rule.
    """
    tasks: list[Task] = [
        partial(
            shift_test, bars, forecasts[result.forecaster], rules[result.strategy], broker, result,
            count=count, seed=seed, members=members,
        )
        for result in results
        if result.trades and result.forecaster is not None
    ]  # fmt: skip
    return tuple(run(tasks))
