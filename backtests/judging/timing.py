"""Timing or market: what each account earned beside the same exposure held evenly.

A rule that is long most of the time earns what the market earns, whatever its forecasts are worth. So
each account stands beside a reference that holds the same stocks as much, but evenly, and pays no
costs (`excess_exposure`). The test takes the account as it is: any rule, any number of tickers, its
own fills and costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backtests.account.result import Result
from backtests.statistics.timing import excess_exposure, positive_gain
from forecasters.bars import Bars, Days, Floats


@dataclass(frozen=True, eq=False)
class Timed:
    """What the timing of one result earned.

    Attributes
    ----------
    account, strategy : str
    forecaster : str or None
        None for a rule that needs no forecast.
    closed : int
        Purchases that were sold again.
    sessions : datetime64[D], shape [N]
        The sessions of the account from the second on.
    daily : float64, shape [N]
        The return of the account after costs, less that of its reference: the series that is tested.
        Plain numbers, shares of the equity, read-only.
    exposure : float
        Mean share of the equity in stocks, of the account and of its reference.
    gain, gain_before : float or None
        A year's gain from timing, after and before costs, a share of the equity (not compounded).
    detectable : float or None
        The smallest true gain a year, after costs, that the test shows in 80% of such samples.
    statistic, p, p_before : float or None
        The test of `gain` and its one-sided p value; the p value of `gain_before`.
    why : str
        Why the figures are None.
    """

    account: str
    forecaster: str | None
    strategy: str
    closed: int
    sessions: Days
    daily: Floats
    exposure: float
    gain: float | None = None
    gain_before: float | None = None
    detectable: float | None = None
    statistic: float | None = None
    p: float | None = None
    p_before: float | None = None
    why: str = ""

    def __post_init__(self) -> None:
        self.daily.setflags(write=False)

    @property
    def label(self) -> str:
        """The forecaster and its rule."""
        return ", ".join(part for part in (self.forecaster, self.strategy) if part)


def judge_timing(results: Sequence[Result], bars: Mapping[str, Bars]) -> tuple[Timed, ...]:
    """Return what the timing of each result that bought earned.

    Parameters
    ----------
    bars : mapping
        Ticker to the bars that were traded.
    """
    return tuple(_judge(result, bars) for result in results if result.trades)


def _judge(result: Result, bars: Mapping[str, Bars]) -> Timed:
    traded = sorted({fill.ticker for fill in result.fills})
    closes = np.column_stack([_closes(bars[ticker], result.sessions) for ticker in traded])
    shares = np.column_stack([_shares(result, ticker) for ticker in traded])
    before = result.equity[:-1]  # [N], at the close before each day
    exposure = np.nan_to_num(shares * closes)[:-1] / before[:, None]  # [N, K]
    with np.errstate(invalid="ignore"):
        moved = np.nan_to_num(closes[1:] / closes[:-1] - 1.0)  # [N, K], 0 before the first close
    reference = ((exposure - excess_exposure(exposure)) * moved).sum(axis=1)  # [N]
    daily = result.returns[1:] - reference
    after, gross = positive_gain(daily), positive_gain(daily + np.diff(result.costs) / before)
    year = result.periods_per_year
    return Timed(
        account=result.account,
        forecaster=result.forecaster,
        strategy=result.strategy,
        closed=result.closed,
        sessions=result.sessions[1:],
        daily=daily,
        exposure=float(exposure.sum(axis=1).mean()) if before.size else 0.0,
        gain=_yearly(after.mean, year),
        gain_before=_yearly(gross.mean, year),
        detectable=_yearly(after.detectable, year),
        statistic=after.statistic,
        p=after.p,
        p_before=gross.p,
        why=after.why,
    )


def _yearly(mean: float | None, days: float) -> float | None:
    return None if mean is None else mean * days


def _closes(bars: Bars, sessions: Days) -> Floats:
    """Return the last close known at each session, [T]; NaN before the first one."""
    at = np.searchsorted(bars.sessions, sessions, side="right") - 1
    return np.where(at >= 0, bars.close[np.maximum(at, 0)], np.nan)


def _shares(result: Result, ticker: str) -> Floats:
    """Return the shares held at each close, [T]."""
    fills = [fill for fill in result.fills if fill.ticker == ticker]
    days = np.array([fill.session for fill in fills], dtype="datetime64[D]")
    sizes = [fill.size if fill.side == "buy" else -fill.size for fill in fills]
    bought = np.bincount(
        np.searchsorted(result.sessions, days), sizes, minlength=result.sessions.size
    )
    return np.asarray(np.cumsum(bought), dtype=np.float64)
