"""The lot: the shares that one order buys a multiple of."""

from __future__ import annotations

from typing import NamedTuple

from backtests.markets.rules.dated import Steps, step


class Lot(NamedTuple):
    """Shares in one lot from this session on, by the height of the previous close."""

    since: str
    steps: Steps
    source: str
    segment: str = ""
    instrument: str = "stock"

    def shares(self, price: float) -> int:
        """Return the shares in one lot at this price."""
        return int(step(self.steps, price))
