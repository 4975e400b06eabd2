"""Tick sizes by date and price."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backtests.markets.rules.dated import Steps, step
from forecasters.bars import Flags, Floats
from strategies.digits import to_12_digits

#: How far from its grid a price may be: a vendor's single precision, and a thousandth of a tick.
SINGLE = 1e-7
SHARE_OF_TICK = 1e-3


class TickTable(NamedTuple):
    """The smallest steps of a price from this session on, by the height of the price."""

    since: str
    steps: Steps
    source: str
    segment: str = ""
    instrument: str = "stock"

    def tick(self, price: float) -> float:
        """Return the tick at this price."""
        return step(self.steps, price)

    def up(self, price: float) -> float:
        """Return the lowest price on the grid that is not below this one."""
        tick, nearest = self._nearest(price)
        return (
            nearest
            if nearest >= price or _same(nearest, price, tick)
            else to_12_digits(nearest + tick)
        )

    def down(self, price: float) -> float:
        """Return the highest price on the grid that is not above this one."""
        tick, nearest = self._nearest(price)
        return (
            nearest
            if nearest <= price or _same(nearest, price, tick)
            else to_12_digits(nearest - tick)
        )

    def against(self, price: float, sign: int) -> float:
        """Return the price on the grid that is next for a buyer (1: up) or a seller (-1: down)."""
        return self.up(price) if sign > 0 else self.down(price)

    def _nearest(self, price: float) -> tuple[float, float]:
        tick = self.tick(price)
        return tick, to_12_digits(round(price / tick) * tick)

    def moved(self, price: float, ticks: int) -> float:
        """Return the price so many ticks higher, or lower where `ticks` is below 0."""
        for _ in range(abs(ticks)):
            if ticks > 0:
                price += self.tick(price)
            else:
                price -= self.tick(price * (1 - 1e-12))  # on a bound, the tick of what lies below
        return to_12_digits(price)

    @property
    def widest(self) -> float:
        """The largest share of a price that a tick is, from the second step on."""
        return max((tick / start for start, tick in self.steps[1:]), default=0.0)

    def fits(self, prices: Floats) -> Flags:
        """Return for each price whether it lies on the grid."""
        starts = [start for start, _ in self.steps]
        ticks = np.array([tick for _, tick in self.steps])
        tick = ticks[np.searchsorted(starts, prices, side="right") - 1]
        off = np.abs(prices - np.round(prices / tick) * tick)
        return np.asarray(off <= SHARE_OF_TICK * tick + SINGLE * prices)


def _same(price: float, other: float, tick: float) -> bool:
    return abs(price - other) <= 1e-9 * tick + 1e-12 * price
