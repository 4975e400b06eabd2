"""Bars and forecasts as a Backtrader feed."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import backtrader as bt
import numpy as np

from forecasters.bars import Bars, Flags, Floats
from forecasters.errors import InputError
from forecasters.forecasts import Forecasts

#: Backtrader counts days from 0001-01-01, NumPy from 1970-01-01.
EPOCH = 719_163
#: The lines beside those of prices, in this order.
FORECAST_LINES = ("forecast", "tradable", "centre", "member")


class ForecastFeed(bt.feed.DataBase):
    """A feed with four additional lines, each known at the close of its session.

    ``cerebro.adddata(ForecastFeed(bars=bars, forecasts=forecasts))``. `forecast` is the forecast close
    of the next session (NaN: no forecast). `centre` is the mean forecast return of the fit behind it
    (NaN: not known). `tradable` is 0 on a halt. `member` is 0 where the ticker may not be bought; it
    comes from the flags `member`, one a bar. The feed starts at the first forecast, so that the equity
    covers out-of-sample sessions only; without forecasts it has all bars. Its name is the ticker.
    `earlier_closes` are the closes before its first bar.

    Bars go into the lines as whole arrays, and no ticks are kept, because a daily bar needs none: the
    fills are the same as with any other feed, many times faster. With filters, `fromdate`, `todate` or
    a Cerebro that does not preload, the bars are read one by one, as Backtrader does. In a bar of
    several sessions (`cerebro.resampledata`, `cerebro.replaydata`) the four lines have the values of
    its last session.

    Backtrader reads some attributes of a feed by name, such as `_clock`: no attribute here has such a
    name.
    """

    lines = FORECAST_LINES
    params = (("bars", None), ("forecasts", None), ("member", None))

    def __init__(self) -> None:
        super().__init__()
        bars: Bars = self.p.bars
        forecasts: Forecasts | None = self.p.forecasts
        self._name = bars.ticker
        first = 0
        forecast, centre = np.full(len(bars), np.nan), np.full(len(bars), np.nan)
        if forecasts is not None:
            if forecasts.ticker != bars.ticker:
                raise InputError(
                    f"forecasts of {forecasts.ticker} were given with bars of {bars.ticker}"
                )
            rows = np.searchsorted(bars.sessions, forecasts.as_of)
            if rows[-1] >= len(bars) or (bars.sessions[rows] != forecasts.as_of).any():
                raise InputError(f"{bars.ticker}: a forecast was made on a day that has no bar")
            forecast[rows], centre[rows] = forecasts.close, forecasts.centre
            first = int(rows[0])
        member = np.ones(len(bars)) if self.p.member is None else np.asarray(self.p.member)
        if member.shape != (len(bars),):
            raise InputError(
                f"{bars.ticker}: member has shape {member.shape}, the bars have {len(bars)} rows"
            )
        columns = {
            "datetime": bars.sessions.astype("datetime64[D]").astype(np.int64) + EPOCH,
            **{name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")},
            "openinterest": np.zeros(len(bars)),
            "forecast": forecast,
            "tradable": bars.tradable,
            "centre": centre,
            "member": member,
        }
        self._columns: list[tuple[Any, Floats]] = [
            (getattr(self.lines, k), v[first:].astype(float)) for k, v in columns.items()
        ]
        self._lines = [line for line, _ in self._columns]
        self._session_line = self._lines[0]
        #: Times and forecast returns of all bars: what `Candidates` shows a rule row by row.
        self.known_returns = (self._columns[0][1], (forecast / bars.close - 1.0)[first:])
        self._row = 0
        self._times: list[float] | None = None

    @property
    def earlier_closes(self) -> list[float]:
        """The closes before the first bar that this feed shows, which `fromdate` may have moved."""
        times, left_out = self._columns[0][1], 0
        begin = getattr(
            self, "fromdate", -math.inf
        )  # a number once Backtrader has started the feed
        if math.isfinite(begin):
            begin = bt.date2num(bt.num2date(begin, tz=self._gettzinput()))
            left_out = int(np.searchsorted(times, begin))
        bars: Bars = self.p.bars
        return [float(close) for close in bars.close[: len(bars) - len(times) + left_out]]

    def start(self) -> None:
        """Begin at the first bar, without the ticks of an earlier run: a broker would fill at them."""
        super().start()
        self._tick_nullify()
        self._row = 0
        self._times = None

    def preload(self) -> None:
        """Put all bars into the lines at once."""
        cut = (self.fromdate, self.todate) != (-math.inf, math.inf)
        if self._filters or self._ffilters or self._tzinput or cut:
            super().preload()
            return
        for line, values in self._columns:
            line.array = array("d", values.tobytes())
            line.array.extend([math.nan] * line.extension)
        self._times = [*self._columns[0][1].tolist(), math.inf]
        self._row = len(self._columns[0][1])
        self.home()

    def advance_peek(self) -> float:
        """Return the time of the next bar, infinity after the last."""
        if self._times is None:
            return float(super().advance_peek())
        bars: int = self._session_line.lencount
        return self._times[bars]

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """Go to the next bar."""
        if self._times is None or datamaster is not None:
            super().advance(size, datamaster, ticks)
            return
        bars = self._session_line.lencount + size
        last = bars - 1
        for line in self._lines:
            line._idx = last
            line.lencount = bars

    def clone(self, **kwargs: Any) -> Any:
        """Return a second view of these bars with all lines; Backtrader's clone has the prices only."""
        return _Clone(dataname=self, **kwargs)

    def copyas(self, _dataname: str, **kwargs: Any) -> Any:
        """Return a clone under another name."""
        copy = self.clone(**kwargs)
        copy._dataname = copy._name = _dataname
        return copy

    def with_forecast_lines(self, bar: Sequence[float]) -> list[float]:
        """Return the values of a bar that a filter built, with our lines where it has none.

        Backtrader builds weeks from the lines of prices. The other lines would be NaN in a resampled
        week, and in a replayed week they would have the values of its first session.
        """
        day = bt.num2date(bar[self.DateTime], tz=self._gettzinput()).toordinal()
        row = int(np.searchsorted(self._columns[0][1], day, side="right")) - 1
        return [*bar, *(float(values[row]) for _, values in self._columns[len(bar) :])]

    def _add2stack(self, bar: Sequence[float], stash: bool = False) -> None:
        super()._add2stack(self.with_forecast_lines(bar), stash)

    def _updatebar(self, bar: Sequence[float], forward: bool = False, ago: int = 0) -> None:
        super()._updatebar(self.with_forecast_lines(bar), forward, ago)

    def __len__(self) -> int:
        bars: int = self._session_line.lencount
        return bars

    def _load(self) -> Any:
        if self._row >= len(self._columns[0][1]):
            return False
        for line, values in self._columns:
            line[0] = float(values[self._row])
        self._row += 1
        return True


class _Clone(bt.feed.DataClone):
    """What Backtrader resamples where the feed itself is in the Cerebro too."""

    lines = FORECAST_LINES

    def clone(self, **kwargs: Any) -> Any:
        return _Clone(dataname=self, **kwargs)

    def with_forecast_lines(self, bar: Sequence[float]) -> list[float]:
        completed: list[float] = self.data.with_forecast_lines(bar)
        return completed

    def _add2stack(self, bar: Sequence[float], stash: bool = False) -> None:
        super()._add2stack(self.with_forecast_lines(bar), stash)

    def _updatebar(self, bar: Sequence[float], forward: bool = False, ago: int = 0) -> None:
        super()._updatebar(self.with_forecast_lines(bar), forward, ago)


def make_feed(
    bars: Bars, forecasts: Forecasts | None = None, *, member: Flags | None = None
) -> Any:
    """Return the feed of these bars (Backtrader's metaclass takes params as keywords).

    Parameters
    ----------
    member : bool, shape of the bars
        Where the ticker may be bought; None: always.
    """
    feed: Any = ForecastFeed
    return feed(bars=bars, forecasts=forecasts, member=member)
