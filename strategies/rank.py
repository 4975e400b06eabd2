"""Hold the best forecasts of a universe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from strategies.base import ForecastStrategy, params_of
from strategies.rule import HOLD, Rule, Side, Signal
from strategies.situation import Flags, Floats, Situation


@dataclass(frozen=True)
class RankRule(Rule):
    """Hold the tickers with the `k` highest forecasts over their closes, however high those are.

    Attributes
    ----------
    k : int
        Places that are bought. The account needs as many slots.
    leave : int or None
        A ticker is sold when its place is beyond this; None: beyond `k`. A larger value saves costs.

    Raises
    ------
    ValueError
        A setting lies outside its range.

    Examples
    --------
    >>> import datetime
    >>> from strategies.situation import Situation
    >>> day = datetime.date(2019, 1, 7)
    >>> second = Situation(day, close=100.0, previous_close=99.0, forecast=101.0, place=2)
    >>> RankRule(k=2).decide(second).side, RankRule(k=1).decide(second).side
    (<Side.BUY: 'buy'>, <Side.HOLD: 'hold'>)
    """

    ranks: ClassVar[bool] = True
    weighs_costs: ClassVar[bool] = False

    k: int = 10
    leave: int | None = None

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; the least is 1")
        if self.leave is not None and self.leave < self.k:
            raise ValueError(f"leave is {self.leave}; it is k = {self.k} at least")

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return where there is a forecast."""
        return np.isfinite(forecast_return)

    def decide(self, situation: Situation) -> Signal:
        """Return BUY, SELL or HOLD; a day without a forecast changes nothing."""
        if not math.isfinite(situation.forecast):
            return HOLD
        if situation.holding:
            last = self.k if self.leave is None else self.leave
            stays = 1 <= situation.place <= last
            return HOLD if stays else Signal(Side.SELL, reason="rank")
        return Signal(Side.BUY, reason="rank") if 1 <= situation.place <= self.k else HOLD

    def reading(self) -> str:
        """Return the reading in one sentence."""
        last = self.k if self.leave is None else self.leave
        return (
            f"Buy at the next open what is among the {self.k} highest forecasts over today's close of "
            f"all tickers of the account that may be bought; sell at the next open what is no longer "
            f"among the {last} highest, or may no longer be bought. Equal forecasts go by name: where all "
            "are equal, as naive's, the first names of the alphabet are held."
        )


class Rank(ForecastStrategy):
    """The rule as a Backtrader strategy."""

    rule_type = RankRule
    params = params_of(RankRule)
