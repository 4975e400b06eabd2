"""Buys at every second call of the process, whatever it is shown."""

from dataclasses import dataclass
from typing import ClassVar

from strategies.rule import HOLD, Rule, Side, Signal


@dataclass(frozen=True)
class Leak(Rule):
    calls: ClassVar[list] = []

    def decide(self, situation):
        self.calls.append(situation)
        if situation.holding:
            return Signal(Side.SELL) if len(self.calls) % 3 == 0 else HOLD
        return Signal(Side.BUY) if len(self.calls) % 2 else HOLD

    def reading(self):
        return "Counts."
