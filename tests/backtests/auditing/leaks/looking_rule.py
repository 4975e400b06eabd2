"""Looks up tomorrow's close in the feed of whoever called it."""

import sys
from dataclasses import dataclass

from strategies.rule import HOLD, Rule, Side, Signal


@dataclass(frozen=True)
class Leak(Rule):
    def decide(self, situation):
        frame, tomorrow = sys._getframe(1), situation.close
        while frame is not None and "data" not in frame.f_locals:
            frame = frame.f_back
        if frame is not None:
            data = frame.f_locals["data"]
            closes = data.close.array
            tomorrow = closes[min(len(data), len(closes) - 1)]
        if situation.holding:
            return Signal(Side.SELL) if tomorrow < situation.close else HOLD
        return Signal(Side.BUY) if tomorrow > situation.close else HOLD

    def reading(self):
        return "Knows tomorrow."
