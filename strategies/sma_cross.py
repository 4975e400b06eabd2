"""A rule without a forecast: two moving averages of the close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strategies.base import ForecastStrategy, params_of
from strategies.digits import to_12_digits
from strategies.rule import HOLD, Rule, Side, Signal
from strategies.situation import Floats, Situation


@dataclass(frozen=True)
class SmaCrossRule(Rule):
    """Long while the mean of the last `fast` closes is above that of the last `slow` closes.

    Attributes
    ----------
    fast, slow : int
        Sessions, today's included. Closes before the first out-of-sample session count.

    Raises
    ------
    ValueError
        A setting lies outside its range.

    Examples
    --------
    >>> import datetime
    >>> import numpy as np
    >>> from strategies.situation import Situation
    >>> day = datetime.date(2019, 1, 7)
    >>> rising = np.array([98.0, 99.0, 100.0])
    >>> rule = SmaCrossRule(fast=1, slow=3)
    >>> rule.decide(Situation(day, close=100.0, previous_close=99.0, forecast=np.nan, closes=rising)).side
    <Side.BUY: 'buy'>
    """

    needs_forecast: ClassVar[bool] = False
    weighs_costs: ClassVar[bool] = False

    fast: int = 20
    slow: int = 60

    def __post_init__(self) -> None:
        if not 1 <= self.fast < self.slow:
            raise ValueError(
                f"fast is {self.fast} and slow {self.slow}; fast is 1 at least and below slow"
            )

    @property
    def memory(self) -> int:
        """The closes of the longer mean."""
        return self.slow

    def decide(self, situation: Situation) -> Signal:
        """Return BUY, SELL or HOLD; nothing before there are `slow` closes."""
        closes = situation.closes
        if closes.size < self.slow:
            return HOLD
        fast, slow = _mean(closes[-self.fast :]), _mean(closes[-self.slow :])
        if situation.holding:
            return Signal(Side.SELL, reason="sma_cross") if fast < slow else HOLD
        return Signal(Side.BUY, reason="sma_cross") if fast > slow else HOLD

    def reading(self) -> str:
        """Return the reading in one sentence."""
        return (
            f"Buy at the next open when the mean of the last {self.fast} closes is above that of the "
            f"last {self.slow}, also if it crossed before the first session; sell at the next open "
            "when it is below. No forecast is asked."
        )


def _mean(closes: Floats) -> float:
    """Return the mean to 12 digits: of equal prices it is that price, and no crossing."""
    return to_12_digits(float(closes.mean()))


class SmaCross(ForecastStrategy):
    """The rule as a Backtrader strategy."""

    rule_type = SmaCrossRule
    params = params_of(SmaCrossRule)
