"""A faulty row in the bars of a universe: its ticker is used up to the row before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtests.sources.source import DataSource
from forecasters.bars import Bars, FaultyRow


@dataclass(frozen=True)
class Fault:
    """The first row in time of a ticker that cannot be used.

    Attributes
    ----------
    session : str
        The day of the row.
    what : str
        Where the row is and what is wrong with it.
    last : str or None
        The session up to which the ticker is used; None where none comes before the row.
    """

    ticker: str
    session: str
    what: str
    last: str | None

    def sentence(self, left_out: bool) -> str:
        """Return what is wrong, what follows, and what to do; `left_out`: too few sessions remain."""
        follows = (
            f"It is used up to {self.last}, the session before that row"
            if not left_out
            else "It is left out, because "
            + (f"its sessions up to {self.last} are too few" if self.last else "no session comes before that row")
        )  # fmt: skip
        return f"{self.ticker}: {self.what}. {follows}; mend that row to use the rest"


def fetch_each(
    source: DataSource, tickers: Sequence[str], start: str, end: str
) -> tuple[dict[str, Bars], tuple[Fault, ...]]:
    """Return the bars of each ticker from `start` to before `end`, and the faults that cut some short.

    Bars end before their first faulty row: to leave the whole ticker out would use the knowledge, on
    the days before, that its file has a fault later. A ticker without a sound row has no bars.

    Raises
    ------
    Error
        What is wrong with all of a file, and what the source cannot give.
    """
    found: dict[str, Bars] = {}
    faults = []
    for ticker in tickers:
        try:
            found[ticker] = source.fetch(ticker, start, end)
        except FaultyRow as error:
            last = None
            if sound := _between(error.before, start, end):
                found[ticker] = sound
                last = str(sound.sessions[-1])
            faults.append(Fault(ticker, str(error.session), error.what, last))
    return found, tuple(faults)


def _between(bars: Bars | None, start: str, end: str) -> Bars | None:
    """Return the bars in these dates: a source may check a whole series and cut it afterwards."""
    if bars is None or str(bars.sessions[-1]) < start:
        return None
    return bars.between(start, end)
