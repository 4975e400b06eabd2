"""Opens a file at every decision."""

from dataclasses import dataclass
from pathlib import Path

from strategies.rule import HOLD, Rule


@dataclass(frozen=True)
class Leak(Rule):
    def decide(self, situation):
        Path(__file__).with_name("prices.csv").read_text()
        return HOLD

    def reading(self):
        return "Reads."
