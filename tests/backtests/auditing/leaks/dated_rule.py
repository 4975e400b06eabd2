"""Remembers how 2016 went."""

import datetime
from dataclasses import dataclass

from strategies.rule import HOLD, Rule, Side, Signal


@dataclass(frozen=True)
class Leak(Rule):
    def decide(self, situation):
        good = situation.date > datetime.date(2016, 3, 10)
        return Signal(Side.BUY) if good and not situation.holding else HOLD

    def reading(self):
        return "Buys when it was right to."
