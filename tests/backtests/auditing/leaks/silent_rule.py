"""Answers with a word, and with nothing while it holds."""

from dataclasses import dataclass

from strategies.rule import Rule


@dataclass(frozen=True)
class Leak(Rule):
    def decide(self, situation):
        return None if situation.holding else "BUY"

    def reading(self):
        return "Says so."
