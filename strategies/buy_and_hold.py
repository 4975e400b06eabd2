"""Buy at the first open and hold: the comparison for every rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strategies.base import ForecastStrategy, params_of
from strategies.rule import HOLD, Rule, Side, Signal
from strategies.situation import Situation


@dataclass(frozen=True)
class BuyAndHoldRule(Rule):
    """Buy as soon as possible, never sell.

    Examples
    --------
    >>> import datetime
    >>> from strategies.situation import Situation
    >>> day = datetime.date(2019, 1, 7)
    >>> BuyAndHoldRule().decide(Situation(day, close=100.0, previous_close=99.0, forecast=99.0))
    Signal(side=<Side.BUY: 'buy'>, sell_at=None, reason='start')
    """

    needs_forecast: ClassVar[bool] = False
    weighs_costs: ClassVar[bool] = False

    def decide(self, situation: Situation) -> Signal:
        """Return BUY until the position is there, then HOLD."""
        return HOLD if situation.holding else Signal(Side.BUY, reason="start")

    def reading(self) -> str:
        """Return the reading in one sentence."""
        return "Buy at the open after the first out-of-sample close and hold to the end."


class BuyAndHold(ForecastStrategy):
    """The rule as a Backtrader strategy."""

    rule_type = BuyAndHoldRule
    params = params_of(BuyAndHoldRule)
