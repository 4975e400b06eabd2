"""Buy when a forecast is high for this forecaster, whatever its scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from strategies.base import ForecastStrategy, params_of
from strategies.rule import HOLD, Rule, Side, Signal, percent
from strategies.situation import Flags, Floats, Situation

#: 0.29 of 100 are 29, and 28.999999999999996 in binary.
ROUNDING = 1e-9


@dataclass(frozen=True)
class QuantileRule(Rule):
    """Buy when the centred forecast return is in the top `q` of its past values; sell when it is low.

    Honest forecasts rarely reach 5%. This rule compares a forecast with earlier ones of the same
    forecaster: the forecast return less the mean that its fit forecast on its validation rows, beside
    the last `memory` such values of earlier sessions. It never buys on a forecaster that always
    forecasts the same, nor on one whose fits had no validation rows.

    Attributes
    ----------
    q : float
        Buy when no more than this share of the past values were as high.
    memory : int
        Past forecasts to compare with.
    least : int
        With fewer past values nothing is decided.
    leave : float
        Sell when more than this share of the past values were as high.

    Raises
    ------
    ValueError
        A setting lies outside its range.

    Examples
    --------
    >>> import datetime
    >>> from strategies.situation import Situation
    >>> day = datetime.date(2019, 1, 7)
    >>> past = np.array([-0.01, 0.0, 0.01, 0.02])
    >>> situation = Situation(day, 100.0, 99.0, forecast=103.0, past_forecast_returns=past)
    >>> QuantileRule(memory=4, least=4).decide(situation).side  # no forecast of the past was as high
    <Side.BUY: 'buy'>
    """

    weighs_costs: ClassVar[bool] = False

    q: float = 0.1
    memory: int = 126
    least: int = 63
    leave: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.q < 1:
            raise ValueError(f"q is {self.q}; it is a share between 0 and 1: 0.1 is the top 10%")
        if not self.q <= self.leave < 1:
            raise ValueError(f"leave is {self.leave}; it is a share from q = {self.q} to below 1")
        if not 1 <= self.least <= self.memory:
            raise ValueError(
                f"least is {self.least}; it is 1 at least and {self.memory}, the memory, at most"
            )

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return where there is a forecast."""
        return np.isfinite(forecast_return)

    def decide(self, situation: Situation) -> Signal:
        """Return BUY, SELL or HOLD."""
        centred = situation.forecast_return - situation.centre
        past = situation.past_forecast_returns
        if past.size < self.least or not math.isfinite(centred):
            return HOLD
        as_high = int(np.count_nonzero(past >= centred))
        if situation.holding:
            left = as_high > self.leave * past.size + ROUNDING
            return Signal(Side.SELL, reason="quantile") if left else HOLD
        return (
            Signal(Side.BUY, reason="quantile")
            if as_high <= self.q * past.size + ROUNDING
            else HOLD
        )

    def reading(self) -> str:
        """Return the reading in one sentence."""
        return (
            "Buy at the next open when the forecast return, less the mean of the same fit on its "
            f"validation rows, is in the top {percent(self.q)} of its last {self.memory} values "
            f"({self.least} at least); sell at the next open when it is no longer in the top "
            f"{percent(self.leave)}."
        )


class Quantile(ForecastStrategy):
    """The rule as a Backtrader strategy."""

    rule_type = QuantileRule
    params = params_of(QuantileRule)
