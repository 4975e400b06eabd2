"""A faulty row in the bars of a universe: its ticker is used up to the row before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtests.sources.source import DataSource
from forecasters.bars import Bars, FaultyRow


@dataclass(frozen=True)
class Fault:
    """The first row in time, of one ticker, that cannot be used.

    Attributes
    ----------
    session : str
        The day of the row.
    what : str
        Where the row is and what is wrong with it.
    last : str or None
        The session up to which the ticker is used; None if no session comes before the row.
    """

    ticker: str
    session: str
    what: str
    last: str | None

    def sentence(self, left_out: bool) -> str:
        """Return what is wrong, what follows, and what to do; `left_out`: too few sessions remain."""
        if not left_out:
            follows = f"It is used up to {self.last}, the session before that row"
        elif self.last:
            follows = f"It is left out, because its sessions up to {self.last} are too few"
        else:
            follows = "It is left out, because no session comes before that row"
        return f"{self.ticker}: {self.what}. {follows}; correct that row to use the rest"


def fetch_each(
    source: DataSource, tickers: Sequence[str], start: str, end: str
) -> tuple[dict[str, Bars], tuple[Fault, ...]]:
    """Return the bars of each ticker from `start` to before `end`, and the faults that shorten some.

    Bars end before their first faulty row. To leave the ticker out entirely would be look-ahead: on the
    earlier days nobody knew that its file has a fault later. A ticker without a sound row has no bars.

    Raises
    ------
    Error
        A file cannot be used at all, or the source has no bars for a ticker.
    """
    bars: dict[str, Bars] = {}
    faults = []
    for ticker in tickers:
        try:
            bars[ticker] = source.fetch(ticker, start, end)
        except FaultyRow as error:
            last = None
            if sound := _between(error.before, start, end):
                bars[ticker] = sound
                last = str(sound.sessions[-1])
            faults.append(Fault(ticker, str(error.session), error.what, last))
    return bars, tuple(faults)


def _between(bars: Bars | None, start: str, end: str) -> Bars | None:
    """Return the bars in these dates: a source may check a longer series than was asked for."""
    if bars is None or str(bars.sessions[-1]) < start:
        return None
    return bars.between(start, end)
