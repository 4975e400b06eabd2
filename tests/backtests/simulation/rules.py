"""The rules with a pencil: what each says at a close, from the sentence that it prints as its reading.

Every function returns a side (``buy``, ``sell`` or nothing), the price of the limit sale that stands in
the next session, and the reason. `position` is None where nothing is held.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from tests.backtests.simulation.market import Bar, Ticker, exact

Answer = tuple[str, Fraction | None, str]


def five_percent(rule: Any, bar: Bar, position: Any) -> Answer:
    """Return what the 5% rule says, in all its readings."""
    rise, touch = 1 + exact(rule.threshold), rule.exit == "touch"
    if position is None:
        called = bar.forecast is not None and bar.forecast >= bar.close * rise
        limit = bar.close * rise if touch and rule.first_exit == 1 else None
        return "buy" if called else "", limit, "forecast"
    held = position.sessions
    if rule.max_hold is not None and held >= rule.max_hold:
        return "sell", None, "max_hold"
    if rule.stop_loss is not None and bar.close <= position.price * (1 - exact(rule.stop_loss)):
        return "sell", None, "stop_loss"
    if touch:
        return "", position.decided * rise if held + 1 >= rule.first_exit else None, ""
    if rule.exit == "entry":
        over = bar.close >= position.decided * rise
    elif rule.exit == "day":
        over = bar.close >= bar.previous * rise
    elif rule.exit == "forecast":
        over = bar.forecast is not None and bar.forecast < bar.close * (1 + exact(rule.bound))
    else:
        over = rule.exit == "one-day"
    return "sell" if over and held >= rule.first_exit else "", None, rule.exit


def direction(ticker: Ticker, bar: Bar, position: Any) -> Answer:
    """Return a purchase above the cost of a round trip at this close, a sale below the close."""
    if bar.forecast is None:
        return "", None, ""
    bought, sold = (ticker.slipped(bar.close, sign, bar.day) for sign in (1, -1))
    fees = 2 * ticker.commission(bar.close) + ticker.tax(bar.close, bar.day)
    if position:
        return "sell" if bar.forecast < bar.close else "", None, "forecast"
    return "buy" if bar.forecast - bar.close > bought - sold + fees else "", None, "forecast"


def quantile(rule: Any, bar: Bar, position: Any, past: list[float]) -> Answer:
    """Return what today's centred forecast return says beside the newest of `past`; append it."""
    if bar.forecast is None or not math.isfinite(bar.centre):
        return "", None, ""
    centred = float(bar.forecast) / float(bar.close) - 1 - bar.centre
    newest = past[-rule.memory :]
    past.append(centred)
    as_high = sum(other >= centred for other in newest)
    if len(newest) < rule.least:
        return "", None, ""
    if position:
        return "sell" if as_high > exact(rule.leave) * len(newest) else "", None, "quantile"
    return "buy" if as_high <= exact(rule.q) * len(newest) else "", None, "quantile"


def rank(rule: Any, bar: Bar, position: Any, place: int) -> Answer:
    """Return what the place says; 0 is none, and without a forecast nothing is done."""
    last = rule.leave if position and rule.leave is not None else rule.k
    side = "buy" if 1 <= place <= last else "sell"
    return side if bar.forecast is not None else "", None, "rank"


def sma_cross(rule: Any, bar: Bar) -> Answer:
    """Return the side of the short mean."""
    fast, slow = (sum(bar.closes[-n:]) / n for n in (rule.fast, rule.slow))
    side = "buy" if fast > slow else "sell" if fast < slow else ""
    return side if len(bar.closes) >= rule.slow else "", None, "sma_cross"


def ask(
    rule: Any, ticker: Ticker, bar: Bar, position: Any, place: int, past: list[float]
) -> Answer:
    """Return what this rule says."""
    match type(rule).__name__:
        case "FivePercentRule":
            return five_percent(rule, bar, position)
        case "DirectionRule":
            return direction(ticker, bar, position)
        case "QuantileRule":
            return quantile(rule, bar, position, past)
        case "RankRule":
            return rank(rule, bar, position, place)
        case "SmaCrossRule":
            return sma_cross(rule, bar)
        case "BuyAndHoldRule":
            return "buy", None, "start"
    raise AssertionError(f"{rule} has no reading here")
