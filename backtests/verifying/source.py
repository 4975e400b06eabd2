"""The bars that a run folder keeps, as a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests.sources.faults import Fault
from forecasters.bars import Bars, FaultyRow
from forecasters.errors import InputError


@dataclass(frozen=True, eq=False)
class KeptSource:
    """Answers with what the source of the run answered, a faulty row at the end included.

    Attributes
    ----------
    bars : mapping
        Ticker to its bars.
    faults : tuple of Fault
        The rows at which the bars of some tickers end.
    described : dict or None
        What the manifest says of the source of the run: these bars stand for it.
    """

    bars: Mapping[str, Bars]
    faults: tuple[Fault, ...] = ()
    described: dict[str, Any] | None = None

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars of a ticker; the dates are those of the run."""
        bars = self.bars.get(ticker)
        for fault in self.faults:
            if fault.ticker == ticker:
                day = np.datetime64(fault.session, "D")
                raise FaultyRow(f"{ticker}: {fault.what}", ticker, day, fault.what, bars)
        if bars is None:
            raise InputError(f"no bars of {ticker} are kept in the run folder")
        return bars
