"""The calls of a rule with a threshold: how many came true, and how many had to, to pay their costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from backtests.judging.rises import called_and_came
from backtests.markets.costs import Costs, round_trip
from backtests.markets.rules.tick_grid import grid_of
from forecasters.bars import Bars, Floats
from forecasters.forecasts import Forecasts
from forecasters.measures.proportion import wilson


@dataclass(frozen=True)
class Calls:
    """What the calls of one forecaster were worth, over the days that can be judged.

    A call is a forecast return of `threshold` or more. A forecast made while holding counts too:
    the forecast is judged here, not the account. A hit is a call whose close, the one that was
    forecast, lay `threshold` or more above the close of the decision. The return of a call counts
    from the fill: from the open of the next session (``fill="close"``: from the close of the
    decision) to the close that was forecast, before costs. Returns and rates are shares.

    Attributes
    ----------
    tickers : int
        Tickers whose days are counted together.
    days, came : int
        Judged days, and the days whose close rose by `threshold` or more, called or not.
    calls, hits : int
        Calls, and the calls that came true.
    base_rate : float or None
        came / days: the precision of random calls.
    precision, low, high : float or None
        hits / calls, and its Wilson 95% interval, which takes days and tickers as independent.
    n : int
        Calls with a price to fill at.
    mean_return, any_return : float or None
        Mean return of those n calls, and of all judged days, called or not.
    hit_return, miss_return : float or None
        Mean return of the hits among the n calls, and of the other calls.
    round_trip : float or None
        Mean cost of a purchase and its sale at those calls, as a share of the value, by the rules
        of the market.
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

    A call counts as filled at the open even where the open was at the upper limit and nobody sold.

    Parameters
    ----------
    bars, forecasts : mapping
        By ticker, of one forecaster. Several tickers are counted together.
    threshold : float
        The forecast return that the rule needs to buy, as a share.
    costs : Costs
        Those of the account.
    fill : str
        ``open`` or ``close``: where the rule fills.
    strategy : str
        Label of the rule.
    """
    tickers = list(forecasts.values())
    called, came = called_and_came(tickers, threshold)
    judged = np.concatenate([f.judged for f in tickers])
    earned = np.concatenate([_earned(bars[ticker], f, fill) for ticker, f in forecasts.items()])
    filled = called & np.isfinite(earned)
    calls, hits, days = int(called.sum()), int((called & came).sum()), int(judged.sum())
    hit_return, miss_return = _mean(earned[filled & came]), _mean(earned[filled & ~came])
    interval = wilson(hits, calls)
    paid = _mean(_round_trips(bars, forecasts, filled, costs))
    needed, why = break_even(hit_return, miss_return, paid)
    return Calls(
        forecaster=tickers[0].forecaster,
        strategy=strategy,
        threshold=threshold,
        fill=fill,
        tickers=len(tickers),
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
    """Return the precision at which a call earns its round trip; None, and why, if there is none.

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
    """Return the return of each row from its fill to the close that was forecast, [N]; NaN without a fill."""
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
    """Return the cost of a round trip at each of these rows; `rows` holds all tickers, one after the other."""
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
