"""Long while the forecast says up by more than trading costs."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.base import ForecastStrategy, params_of
from strategies.rule import HOLD, Rule, Side, Signal
from strategies.situation import Flags, Floats, Situation


@dataclass(frozen=True)
class DirectionRule(Rule):
    """Buy when the forecast return is above the cost of a round trip; sell when it is below zero.

    Between the two nothing is done. A position is kept, because selling costs as well; and a purchase
    would not earn its costs.

    Examples
    --------
    >>> import datetime
    >>> from strategies.situation import Situation
    >>> day = datetime.date(2019, 1, 7)
    >>> situation = Situation(day, close=100.0, previous_close=99.0, forecast=100.6, round_trip=0.005)
    >>> DirectionRule().decide(situation)
    Signal(side=<Side.BUY: 'buy'>, sell_at=None, reason='forecast')
    """

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return where a forecast is above the close: a round trip costs 0 or more."""
        return forecast_return > 0

    def decide(self, situation: Situation) -> Signal:
        """Return BUY, SELL or HOLD."""
        if situation.holding:
            falls = situation.forecast_return < 0
            return Signal(Side.SELL, reason="forecast") if falls else HOLD
        pays = situation.forecast_return > max(situation.round_trip, 0.0)
        return Signal(Side.BUY, reason="forecast") if pays else HOLD

    def reading(self) -> str:
        """Return the reading in one sentence."""
        return (
            "Buy at the next open when the forecast close is above today's close by more than buying "
            "and selling again would cost today (commission, tax, slippage of both sides); sell at "
            "the next open when the forecast close is below today's close."
        )


class Direction(ForecastStrategy):
    """The rule as a Backtrader strategy."""

    rule_type = DirectionRule
    params = params_of(DirectionRule)
