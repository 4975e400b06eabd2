"""What the tests of the feed share: bars with forecasts, a first strategy, and notes of its run."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from forecasters.bars import Bars
from forecasters.forecasts import Forecasts

Known = tuple[Bars, Forecasts]


def known(seed: int, sessions: int = 160, first: int = 0, ticker: str = "FIRST.KS") -> Known:
    """Return bars of a random walk, and a forecast a bar of which every tenth is not a number."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2018-01-03", np.arange(sessions), roll="forward")
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, sessions)))
    opened = close * np.exp(rng.normal(0, 0.01, sessions))
    high, low = np.maximum(opened, close) * 1.005, np.minimum(opened, close) * 0.995
    bars = Bars(ticker, days, opened, high, low, close, rng.uniform(1e5, 2e5, sessions))
    bars = bars.rows(np.flatnonzero((np.arange(sessions) >= first) & (rng.random(sessions) > 0.02)))
    n = len(bars)
    called = bars.close * np.exp(rng.normal(0, 0.02, n))
    called[9::10] = np.nan
    forecasts = Forecasts(
        ticker, "noise", np.repeat(bars.sessions[:1], n), bars.sessions,
        np.append(bars.sessions[1:], np.datetime64("NaT")), bars.close.copy(), called[None],
        np.append(bars.close[1:], np.nan), np.zeros(n, dtype=bool), centre=np.full(n, 0.003),
    )  # fmt: skip
    return bars, forecasts


class Notes(bt.Analyzer):  # type: ignore[misc]
    """Keeps every fill, and at every close the equity and what the strategy watches."""

    def start(self) -> None:
        self.fills: list[tuple[Any, ...]] = []
        self.rows: list[tuple[Any, ...]] = []

    def notify_order(self, order: Any) -> None:
        if order.status == order.Completed:
            done = order.executed
            self.fills.append((order.data._name, bt.num2date(done.dt), done.size, done.price))

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        watched = getattr(self.strategy, "watched", ())
        values = [line[0] if len(line) else np.nan for line in watched]
        lengths = [len(data) for data in self.datas]
        now, equity = self.strategy.datetime[0], self.strategy.broker.getvalue()
        self.rows.append((now, equity, *lengths, *values))


class AboveAverage(bt.Strategy):  # type: ignore[misc]
    """Backtrader's second lesson: be invested while the close is above its average."""

    params = (("period", 15),)

    def __init__(self) -> None:
        self.average = bt.indicators.SimpleMovingAverage(self.datas[0], period=self.p.period)
        self.watched = [self.average]

    def next(self) -> None:
        if not self.position and self.data.close[0] > self.average[0]:
            self.buy()
        elif self.position and self.data.close[0] < self.average[0]:
            self.close()


def cerebro_of(strategy: Any, feeds: list[Any], **settings: Any) -> Any:
    """Return a Cerebro with this strategy and its notes on these feeds."""
    cerebro = bt.Cerebro(**{"stdstats": False, **settings})
    for feed in feeds:
        cerebro.adddata(feed)
    cerebro.addsizer(bt.sizers.FixedSize, stake=10)
    cerebro.addanalyzer(Notes, _name="notes")
    if strategy:
        cerebro.addstrategy(strategy)
    return cerebro


def notes_of(ran: Any) -> tuple[list[Any], list[Any]]:
    notes = ran.analyzers.notes
    return notes.fills, notes.rows


def assert_same(ours: tuple[list[Any], list[Any]], stock: tuple[list[Any], list[Any]]) -> None:
    """The same fills, and the same numbers at every close (NaN where the other has NaN)."""
    assert ours[0] == stock[0]
    assert len(ours[0]) > 1
    np.testing.assert_array_equal(ours[1], stock[1])
