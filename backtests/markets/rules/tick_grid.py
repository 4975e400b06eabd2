"""Whether a series of prices lies on the tick grid of its market, as it was known day by day."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np

from backtests.markets.rules.dated import Listing, lines_for
from backtests.markets.rules.ticks import TickTable
from forecasters.bars import PRICES, Bars


class Grid(NamedTuple):
    """When a series lay on the tick grid.

    Split-adjusted prices mostly lie off the grid, because they were divided. A series that left the
    grid once counts as off the grid from then on.

    Attributes
    ----------
    first : date or None
        The first tradable session that a tick table covers; before its close nothing is known.
    left : date or None
        The first session with a price off the grid; None: no such session.
    """

    first: date | None
    left: date | None

    def known_on(self, session: date) -> bool:
        """Return whether all prices before this session lay on the grid, and there were some."""
        if self.first is None or session <= self.first:
            return False
        return self.left is None or session <= self.left


def grid_of(bars: Bars, tables: tuple[TickTable, ...], listing: Listing) -> Grid:
    """Return when these bars lay on the grid of each day's ticks; a halt is not looked at."""
    lines = lines_for(tables, listing)
    starts = np.array([line.since for line in lines], dtype="datetime64[D]")
    row = np.searchsorted(starts, bars.sessions, side="right") - 1
    looked = bars.tradable & (row >= 0)
    prices = np.stack([getattr(bars, name) for name in PRICES])
    off = np.zeros(len(bars), dtype=bool)
    for number, line in enumerate(lines):
        of_line = looked & (row == number)
        off[of_line] = ~line.fits(prices[:, of_line]).all(axis=0)
    days = bars.sessions.tolist()
    return Grid(
        first=days[int(looked.argmax())] if looked.any() else None,
        left=days[int(off.argmax())] if off.any() else None,
    )


def on_grid(bars: Bars, tables: tuple[TickTable, ...], listing: Listing) -> bool:
    """Return whether every price of a tradable session lies on the grid; False if none is known."""
    grid = grid_of(bars, tables, listing)
    return grid.first is not None and grid.left is None
