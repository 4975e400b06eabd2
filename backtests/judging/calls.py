"""The calls of a rule with a threshold: how many came true, and how many had to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from backtests.judging.rises import called_and_came
from backtests.markets.costs import Costs, round_trip
from backtests.markets.rules.tick_grid import grid_of
from backtests.writing.numbers import count, level, percent
from forecasters.bars import Bars, Floats
from forecasters.forecasts import Forecasts
from forecasters.measures.proportion import wilson


@dataclass(frozen=True)
class Calls:
    """What one forecaster's calls were worth, over the days that can be judged.

    A call is a forecast return of `threshold` or more, made while holding too: the forecast is
    judged here, not the account. A hit is a call whose close, the one that was forecast, lay so
    much above the close of the decision. What a call earned counts from the fill on: from the open
    of the next session (``fill="close"``: from the close of the decision) to the close that was
    forecast, before costs. Shares and returns are shares.

    Attributes
    ----------
    tickers : int
        Whose days are counted together.
    days, came : int
        Judged days, and those whose close rose that much, called or not.
    calls, hits : int
    base_rate : float or None
        came / days: the precision of a call at random.
    precision, low, high : float or None
        hits / calls and its Wilson 95% interval, the days (and tickers) taken as independent.
    n : int
        Calls that had a price to fill at.
    mean_return, any_return : float or None
        Mean of those n, and of all judged days, called or not.
    hit_return, miss_return : float or None
        Mean of the hits among the n, and of the others.
    round_trip : float or None
        Mean cost of buying and selling again at those calls, as the rules reckon it.
    needed : float or None
        The precision p at which a call earns its costs: p x hit_return + (1 - p) x miss_return =
        round_trip, so p = (round_trip - miss_return) / (hit_return - miss_return).
    why : str
        Why there is no `needed`.
    """

    forecaster: str
    strategy: str
    threshold: float
    fill: str
    tickers: int
    days: int
    came: int
    calls: int
    hits: int
    base_rate: float | None
    precision: float | None
    low: float | None
    high: float | None
    n: int
    mean_return: float | None
    any_return: float | None
    hit_return: float | None
    miss_return: float | None
    round_trip: float | None
    needed: float | None
    why: str

    @property
    def sentence(self) -> str:
        """The calls in words; empty without one."""
        if not self.calls:
            return ""
        of = f" of {self.tickers} tickers" if self.tickers > 1 else ""
        words = [
            f"{self.forecaster} called {level(self.threshold)} or more on {count(self.calls, 'day')}{of} and "
            f"was right on {self.hits:,}: {percent(self.precision, 0, sign=False)} (95% interval "
            f"{percent(self.low, 0, sign=False)} to {percent(self.high, 0, sign=False)}), where "
            f"{percent(self.base_rate, 1, sign=False)} of all days rose that much"
        ]
        if self.n:
            words.append(
                f"a call returned {percent(self.mean_return, 2)} on average from the fill on, before a round "
                f"trip of {percent(self.round_trip, 2, sign=False)}; any day {percent(self.any_return, 2)}"
            )
        return "; ".join([*words, self._verdict()]) + "."

    def _verdict(self) -> str:
        """Return what the precision is worth beside the one that was needed."""
        if self.needed is None or self.low is None or self.high is None:
            return f"how often it had to be right cannot be said: {self.why}"
        needed = f"to pay, {percent(self.needed, 0, sign=False)} had to be right"
        if self.high < self.needed:
            return f"{needed}: fewer were"
        if self.low > self.needed:
            return f"{needed}: more were"
        return f"{needed}, which the interval holds: too few calls to tell"


def judge_calls(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    threshold: float,
    costs: Costs,
    *,
    fill: str = "open",
    strategy: str = "",
) -> Calls:
    """Return what the calls of one forecaster were worth.

    An open that the market would not have sold at (the upper limit) counts as a fill.

    Parameters
    ----------
    bars, forecasts : mapping
        By ticker, of one forecaster; those of several tickers are counted together.
    threshold : float
        The forecast return that the rule needs to buy, as a share.
    fill : str
        ``open`` or ``close``, as the rule has it.
    """
    own = list(forecasts.values())
    called, came = called_and_came(own, threshold)
    judged = np.concatenate([f.judged for f in own])
    earned = np.concatenate([_earned(bars[ticker], f, fill) for ticker, f in forecasts.items()])
    filled = called & np.isfinite(earned)
    calls, hits, days = int(called.sum()), int((called & came).sum()), int(judged.sum())
    hit_return, miss_return = _mean(earned[filled & came]), _mean(earned[filled & ~came])
    interval = wilson(hits, calls)
    paid = _mean(_round_trips(bars, forecasts, filled, costs))
    needed, why = break_even(hit_return, miss_return, paid)
    return Calls(
        forecaster=own[0].forecaster,
        strategy=strategy,
        threshold=threshold,
        fill=fill,
        tickers=len(own),
        days=days,
        came=int(came.sum()),
        calls=calls,
        hits=hits,
        base_rate=int(came.sum()) / days if days else None,
        precision=hits / calls if calls else None,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        n=int(filled.sum()),
        mean_return=_mean(earned[filled]),
        any_return=_mean(earned[judged & np.isfinite(earned)]),
        hit_return=hit_return,
        miss_return=miss_return,
        round_trip=paid,
        needed=needed,
        why=why,
    )


def break_even(
    hit_return: float | None, miss_return: float | None, round_trip: float | None
) -> tuple[float | None, str]:
    """Return the precision at which a call earns its round trip, and else why there is none.

    With p the precision, a call earns p x hit_return + (1 - p) x miss_return. All are shares.
    """
    if round_trip is None:
        return None, "no call could be filled"
    if hit_return is None or miss_return is None:
        missing = "came true" if hit_return is None else "failed"
        return None, f"no call {missing}"
    if hit_return <= round_trip:
        return None, "even the calls that came true did not earn the round trip"
    if miss_return >= round_trip:
        return None, "even the calls that failed earned the round trip"
    return (round_trip - miss_return) / (hit_return - miss_return), ""


def _earned(bars: Bars, f: Forecasts, fill: str) -> Floats:
    """Return what each row earned from its fill to the close that was forecast; NaN: no fill, [N]."""
    if fill == "close":
        return f.realised_return
    after = np.searchsorted(bars.sessions, f.as_of) + 1
    there = after < len(bars)
    there[there] &= bars.tradable[after[there]]
    earned = np.full(len(f), np.nan)
    earned[there] = f.actual[there] / bars.open[after[there]] - 1
    return earned


def _round_trips(
    bars: Mapping[str, Bars], forecasts: Mapping[str, Forecasts], rows: Any, costs: Costs
) -> Floats:
    """Return the round trip at each of these rows, which run over all tickers."""
    start, paid = 0, []
    for ticker, f in forecasts.items():
        listing = costs.listing(ticker)
        grid = grid_of(bars[ticker], costs.market.ticks, listing)
        for row in np.flatnonzero(rows[start : start + len(f)]):
            day: date = f.as_of[row].item()
            ticks = costs.market.tick_table(day, listing) if grid.known_on(day) else None
            paid.append(round_trip(costs, ticker, day, float(f.last_close[row]), ticks))
        start += len(f)
    return np.array(paid)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
