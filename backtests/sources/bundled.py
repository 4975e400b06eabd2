"""Real daily bars from the installed package `arch`, for work without a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.sources.source import NotCovered, UnknownTicker, parse_dates
from forecasters.bars import Bars, Origin

#: Series of `arch.data`. Both hold every session from the first date to the last.
MODULES = {"^GSPC": "sp500", "^IXIC": "nasdaq"}
FIRST, LAST = np.datetime64("1999-01-04"), np.datetime64("2018-12-31")
#: No session lies between these days and the series' ends: New Year's Day and a weekend.
COVERS_FROM, COVERS_TO = np.datetime64("1999-01-01"), np.datetime64("2019-01-02")


@dataclass(frozen=True)
class Bundled:
    """The S&P 500 (`^GSPC`) and the Nasdaq Composite (`^IXIC`), 1999 to 2018.

    Attributes
    ----------
    partial : bool
        Return the sessions that exist within the dates, instead of an error.
    """

    partial: bool = False

    def covers(self, ticker: str, start: str, end: str) -> bool:
        """Return whether the series holds all sessions from `start` to before `end`."""
        first, stop = parse_dates(start, end)
        inside = first >= COVERS_FROM and stop <= COVERS_TO
        return ticker in MODULES and bool(inside)

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars from `start` to before `end`.

        Raises
        ------
        UnknownTicker
            The ticker is neither of the two.
        NotCovered
            The dates are outside the series, or partly outside and `partial` is off.
        """
        first, stop = parse_dates(start, end)
        if ticker not in MODULES:
            raise UnknownTicker(
                f"no bundled series for {ticker}; there are {' and '.join(MODULES)}"
            )
        outside = first > LAST or stop <= FIRST
        if outside or not (self.partial or self.covers(ticker, start, end)):
            raise NotCovered(
                f"the bundled {ticker} runs from {FIRST} to {LAST}, not from {start} to before "
                f"{end}: change --start and --end, or use --source yahoo"
            )
        from arch.data import nasdaq, sp500

        frame = {"sp500": sp500, "nasdaq": nasdaq}[MODULES[ticker]].load()
        # An index has no splits, and its level pays no dividends: the unadjusted prices are right for
        # every --adjust.
        origin = Origin(source="bundled", vendor=f"arch.data.{MODULES[ticker]}", adjusted="splits")
        columns = ["Open", "High", "Low", "Close", "Volume"]
        return Bars.from_frame(ticker, frame[columns], origin).between(start, end)
