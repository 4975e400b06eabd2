"""Bars and forecasts as a Backtrader feed."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from forecasters.bars import Bars
from forecasters.errors import InputError
from forecasters.forecasts import Forecasts

#: Backtrader counts days from 0001-01-01, NumPy from 1970-01-01.
EPOCH = 719_163


class ForecastFeed(bt.feed.DataBase):
    """A feed with two lines more: `forecast` (close of the next session, NaN if none), `tradable`.

    ``cerebro.adddata(ForecastFeed(bars=bars, forecasts=forecasts))``. The feed starts at the
    first forecast, so that the equity covers out-of-sample sessions only; without forecasts it
    has all bars. Its name is the ticker.
    """

    lines = ("forecast", "tradable")
    params = (("bars", None), ("forecasts", None))

    def __init__(self) -> None:
        super().__init__()
        bars: Bars = self.p.bars
        forecasts: Forecasts | None = self.p.forecasts
        self._name = bars.ticker
        first = 0
        forecast = np.full(len(bars), np.nan)
        if forecasts is not None:
            if forecasts.ticker != bars.ticker:
                raise InputError(
                    f"forecasts of {forecasts.ticker} were given with bars of {bars.ticker}"
                )
            rows = np.searchsorted(bars.sessions, forecasts.as_of)
            if rows[-1] >= len(bars) or (bars.sessions[rows] != forecasts.as_of).any():
                raise InputError(f"{bars.ticker}: a forecast was made on a day that has no bar")
            forecast[rows] = forecasts.close
            first = int(rows[0])
        columns = {
            "datetime": bars.sessions.astype("datetime64[D]").astype(np.int64) + EPOCH,
            **{name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")},
            "openinterest": np.zeros(len(bars)),
            "forecast": forecast,
            "tradable": bars.tradable,
        }
        self._columns = [
            (getattr(self.lines, k), v[first:].astype(float).tolist()) for k, v in columns.items()
        ]
        self._row = 0

    def start(self) -> None:
        """Begin at the first bar."""
        super().start()
        self._row = 0

    def _load(self) -> Any:
        if self._row >= len(self._columns[0][1]):
            return False
        for line, values in self._columns:
            line[0] = values[self._row]
        self._row += 1
        return True


def make_feed(bars: Bars, forecasts: Forecasts | None = None) -> Any:
    """Return the feed of these bars (Backtrader's metaclass takes params as keywords)."""
    feed: Any = ForecastFeed
    return feed(bars=bars, forecasts=forecasts)
