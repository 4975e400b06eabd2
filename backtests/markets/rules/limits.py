"""The daily price limit: how far a price may move from the close before."""

from __future__ import annotations

from typing import NamedTuple

from backtests.markets.rules.ticks import TickTable


class PriceLimit(NamedTuple):
    """From this session on no trade is further than this share from the previous close."""

    since: str
    share: float
    source: str
    segment: str = ""
    instrument: str = ""

    def prices(self, previous: float, ticks: TickTable | None = None) -> tuple[float, float]:
        """Return the lower and the upper limit of a session.

        With ticks, as the exchange computes them: the range is cut down to a multiple of the tick at
        the previous close, then each limit to a multiple of the tick at that limit (KRX
        GLB0602010201T5: 9,980 gives 6,990 and 12,970).
        """
        reach = previous * self.share
        if ticks is None:
            return previous - reach, previous + reach
        tick = ticks.tick(previous)
        reach = int(reach / tick + 1e-9) * tick
        return ticks.up(previous - reach), ticks.down(previous + reach)
