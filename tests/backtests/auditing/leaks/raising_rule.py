"""Cannot bear a session without a forecast."""

from dataclasses import dataclass

from strategies.rule import HOLD, Rule


@dataclass(frozen=True)
class Leak(Rule):
    def decide(self, situation):
        int(situation.forecast)
        return HOLD

    def reading(self):
        return "Holds."
