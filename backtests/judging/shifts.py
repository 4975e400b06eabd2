"""A picture of chance: the same forecasts on other days, through the same rule and costs.

Circularly shifted forecasts keep their distribution and their order, so the rule trades about as often
and stays invested about as long. Only the relation of each forecast to its day is lost.

This is no test. A forecast that follows past prices is related to the returns that a circular shift
wraps onto it: on noise a rule that buys after falls lies above 95% of its shifts in up to 13% of the
cases, and one that buys after rises in almost none. The test is `timing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.account.result import Result
from forecasters.bars import Bars, Flags
from forecasters.forecasts import Forecasts
from strategies.rule import Rule

if TYPE_CHECKING:
    from backtests.account.broker import Broker

#: Shifts of a replayed account, and of one that only Backtrader can trade.
SHIFTS, SLOW_SHIFTS = 1000, 99
#: With fewer there are no quantiles at 5% and 95%.
LEAST = 19


@dataclass(frozen=True)
class Shifted:
    """One result beside the same account on shifted forecasts. Returns are net, shares of the cash at the start.

    Attributes
    ----------
    account, strategy : str
    forecaster : str or None
    real : float
        Return of the account on the forecasts as they are.
    trades, closed : int
        Its purchases, and those of them that were sold again.
    forecasts : int
        Sessions with a forecast; there is one shift fewer.
    shifts : int
        Shifted accounts. Each trades by itself.
    at_least : float or None
        Share of the shifts that earned at least as much.
    percentile : float or None
        Share of the shifts that earned less, one that earned the same counted half.
    median, low, high : float or None
        Returns of the shifts: the median, and the quantiles at 5% and 95%.
    median_trades : float or None
        Median of their purchases.
    via : str
        ``replay``, ``backtrader``, or empty where nothing was shifted.
    why : str
        Why there are no figures, or why the figures came through Backtrader: a few words. Part of
        the digest.
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


def shift(forecasts: Forecasts, k: int) -> Forecasts:
    """Return the forecasts with returns and centres moved by `k` of the rows that have a forecast.

    Each row gets the forecast return of the row `k` forecasts earlier, applied to its last close;
    the first rows get those of the last rows. It is the mean over the seeds, which is what is
    traded. Rows without a forecast stay without one. A shift by 0, or by the number of forecasts,
    gives the forecasts unchanged.
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
    """Return `count` distinct shifts of `n` forecasts, ascending; all n - 1 where `count` is not below that."""
    every = np.arange(1, max(n, 1))
    if every.size <= count:
        return [int(k) for k in every]
    rng = np.random.default_rng(seed)
    return [int(k) for k in np.sort(rng.choice(every, count, replace=False))]


def beside_shifts(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: Rule,
    broker: Broker,
    result: Result,
    count: int = SHIFTS,
    seed: int = 0,
    members: Mapping[str, Flags] | None = None,
) -> Shifted:
    """Return where a result stands among the accounts on shifted forecasts.

    The unshifted forecasts are replayed first. The shifts are replayed only if the replay gives
    every fill and the equity of `result` to the last bit. Otherwise, and where an account cannot be
    replayed, Backtrader trades at most `SLOW_SHIFTS` of them. An account of several tickers goes
    through Backtrader too, with up to `count` shifts: the forecasts of each ticker move by the same
    number of rows.

    Parameters
    ----------
    bars, forecasts, members : mapping
        By ticker, as `run_backtest` takes them; `result` is what it gave.
    count : int
        Largest number of shifts.
    seed : int
        Seed of the draw, where more shifts are possible.
    """
    plain = Shifted(
        result.account,
        result.forecaster,
        result.strategy,
        float(result.equity[-1]) / result.base - 1,
        len(result.trades),
        result.closed,
    )
    if not rule.needs_forecast or not result.trades:
        why = "it never bought" if rule.needs_forecast else "the rule asks no forecast"
        return replace(plain, why=why)
    n = max(int(np.isfinite(f.close).sum()) for f in forecasts.values())
    plain = replace(plain, forecasts=n)
    if n - 1 < LEAST:
        forecasts_leave = "forecast leaves" if n == 1 else "forecasts leave"
        return replace(plain, why=f"{n} {forecasts_leave} too few shifts")
    if count < LEAST:
        shifts = "shift has" if count == 1 else "shifts have"
        return replace(plain, why=f"{count} {shifts} no 5% and 95% quantile")
    trade, why = _replayed(bars, forecasts, rule, broker, result, members)
    if trade is None:
        trade = partial(_backtested, bars, rule, broker, members)
        count = min(count, SLOW_SHIFTS) if len(forecasts) == 1 else count
    accounts = [
        trade({ticker: shift(f, k) for ticker, f in forecasts.items()})
        for k in draw_shifts(n, count, seed)
    ]
    returns, trades = np.array(accounts).T
    return _judged(plain, returns, trades, "backtrader" if why else "replay", why)


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
    """Return what trades forecasts without Backtrader; None, and why, if it would not give the same."""
    from backtests.account.replay.account import replay, uncovered
    from backtests.account.replay.quotes import Quotes

    if why := uncovered(bars, rule, broker):
        return None, why
    ((ticker, unshifted),) = forecasts.items()
    member = (members or {}).get(ticker)
    quotes = Quotes(bars[ticker], unshifted, broker, rule.fill == "close")
    real = replay(quotes, unshifted, rule, broker, member)
    if real.fills != result.fills or not np.array_equal(real.equity, result.equity):
        return None, "the replayed account is not that of the run"

    def trade(shifted: Mapping[str, Forecasts]) -> tuple[float, int]:
        account = replay(quotes, shifted[ticker], rule, broker, member)
        return account.total_return, account.purchases

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


def _judged(plain: Shifted, returns: Any, trades: Any, via: str, why: str) -> Shifted:
    """Return `plain`, the real account, with the figures of its shifts; `returns` and `trades` are [shifts]."""
    as_much, same = int((returns >= plain.real).sum()), int((returns == plain.real).sum())
    low, median, high = (float(q) for q in np.quantile(returns, (0.05, 0.5, 0.95)))
    n = returns.size
    return replace(
        plain,
        shifts=n,
        at_least=as_much / n,
        percentile=1 - (as_much - same / 2) / n,
        median=median,
        low=low,
        high=high,
        median_trades=float(np.median(trades)),
        via=via,
        why=why,
    )


#: The shifts of one result, and what runs many of them and answers in their order.
ShiftTask = Callable[[], Shifted]
RunShiftTasks = Callable[[Sequence[ShiftTask]], Sequence[Shifted]]


def shift_all(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Mapping[str, Forecasts]],
    rules: Mapping[str, Rule],
    broker: Broker,
    results: Sequence[Result],
    run: RunShiftTasks,
    members: Mapping[str, Flags] | None = None,
    count: int = SHIFTS,
    seed: int = 0,
) -> tuple[Shifted, ...]:
    """Return the shifted accounts of each result that bought on forecasts; `run` gets one task for each.

    Parameters
    ----------
    forecasts : mapping
        Forecaster to ticker to forecasts.
    rules : mapping
        Strategy label to rule.
    """
    tasks: list[ShiftTask] = [
        partial(
            beside_shifts,
            bars,
            forecasts[result.forecaster],
            rules[result.strategy],
            broker,
            result,
            count=count,
            seed=seed,
            members=members,
        )
        for result in results
        if result.trades and result.forecaster is not None
    ]
    return tuple(run(tasks))
