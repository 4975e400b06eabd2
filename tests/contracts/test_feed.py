"""A user's own strategy on our feed does what it does on Backtrader's stock feed of the same bars."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import backtrader as bt
import pytest

from backtests.account.feed import ForecastFeed, make_feed
from tests.contracts.feeds import PandasFeed, default_feed
from tests.contracts.lessons import (
    AboveAverage,
    Known,
    assert_same,
    cerebro_of,
    known,
    notes_of,
)

pytestmark = pytest.mark.usefixtures("comes_to_an_end")

#: How Cerebro may work through its feeds; the numbers must not depend on it.
WAYS = [
    pytest.param({}, id="default"),
    pytest.param({"runonce": False}, id="next"),
    pytest.param({"preload": False}, id="no preload"),
    pytest.param({"exactbars": -1}, id="less memory"),
    pytest.param({"oldsync": True}, id="old sync"),
    pytest.param({"stdstats": True}, id="observers"),
    pytest.param({"cheat_on_open": True}, id="cheat on open"),
]


class TwoFalls(bt.Strategy):  # type: ignore[misc]
    """Backtrader's first lesson: buy when the close fell twice, sell five bars later."""

    params = (("hold", 5),)

    def __init__(self) -> None:
        self.dataclose = self.datas[0].close
        self.waits_for = None

    def notify_order(self, order: Any) -> None:
        if order.status == order.Completed:
            self.bar_executed = len(self)
        if not order.alive():
            self.waits_for = None

    def next(self) -> None:
        if self.waits_for:
            return
        if not self.position:
            if self.dataclose[0] < self.dataclose[-1] < self.dataclose[-2]:
                self.waits_for = self.buy()
        elif len(self) >= self.bar_executed + self.p.hold:
            self.waits_for = self.sell()


class Crossing(bt.SignalStrategy):  # type: ignore[misc]
    """A long signal where the fast average crosses the slow one."""

    params = (("fast", 5), ("slow", 12))

    def __init__(self) -> None:
        fast, slow = (bt.ind.SMA(period=period) for period in (self.p.fast, self.p.slow))
        self.signal_add(bt.SIGNAL_LONG, bt.ind.CrossOver(fast, slow))


class OwnSignals(bt.Strategy):  # type: ignore[misc]
    """Indicators and arithmetic on every feed; buys where the forecast is 1% above the close."""

    def __init__(self) -> None:
        self.calls = [data.forecast / data.close - 1 for data in self.datas]
        self.watched = []
        for data, call in zip(self.datas, self.calls, strict=True):
            average = bt.ind.SMA(data.close, period=5)
            self.watched += [
                call,
                average,
                bt.ind.SMA(data.forecast, period=3),
                bt.ind.EMA(data, period=4),
                bt.ind.RSI(data.close, period=6, safediv=True),
                bt.ind.CrossOver(data.close, average),
                bt.ind.Highest(data.high, period=4) - data.low(-1),
                bt.If(data.forecast > data.close, data.centre, -1.0 * data.member),
            ]

    def next(self) -> None:
        for data, call in zip(self.datas, self.calls, strict=True):
            if not self.getposition(data) and call[0] > 0.01:
                self.buy(data)
            elif self.getposition(data) and call[0] < -0.01:
                self.close(data)


def both(strategy: Any, pairs: list[Known], **settings: Any) -> None:
    """Run a strategy on our feeds and on stock feeds; both give the same."""
    ours, stock = (
        notes_of(cerebro_of(strategy, [make(*pair) for pair in pairs], **settings).run()[0])
        for make in (make_feed, default_feed)
    )
    assert_same(ours, stock)


# --- names ---------------------------------------------------------------------------------------


def test_no_attribute_of_the_feed_has_a_name_that_backtrader_uses() -> None:
    """Backtrader asks any object for `_clock`, and follows what it finds."""
    pair = known(0)
    ours = set(vars(make_feed(*pair))) | {name for name in vars(ForecastFeed) if name[:2] != "__"}
    stock = set(vars(default_feed(*pair))) | {n for cls in PandasFeed.__mro__ for n in vars(cls)}
    sources = Path(bt.__file__).parent.rglob("*.py")
    words = set(re.findall(r"\w+", "\n".join(path.read_text("utf-8") for path in sources)))
    assert ours - stock
    assert (ours - stock) & words == set()


# --- strategies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", WAYS)
@pytest.mark.parametrize("strategy", [TwoFalls, AboveAverage, Crossing, OwnSignals])
def test_a_strategy_as_backtrader_teaches_it(strategy: Any, settings: dict[str, Any]) -> None:
    both(strategy, [known(1)], **settings)


@pytest.mark.parametrize("settings", WAYS)
@pytest.mark.parametrize("first", [0, 40])
def test_two_feeds_of_which_the_second_may_begin_later(
    settings: dict[str, Any], first: int
) -> None:
    both(OwnSignals, [known(2), known(3, first=first, ticker="SECOND.KS")], **settings)


@pytest.mark.parametrize("settings", [{}, {"optdatas": False}, {"runonce": False}])
def test_several_values_of_a_setting(settings: dict[str, Any]) -> None:
    results = []
    for make in (make_feed, default_feed):
        cerebro = cerebro_of(None, [make(*known(4))], maxcpus=1, **settings)
        cerebro.optstrategy(AboveAverage, period=[5, 10, 20])
        results.append([notes_of(ran) for (ran,) in cerebro.run()])
    for ours, stock in zip(*results, strict=True):
        assert_same(ours, stock)
    assert len({len(fills) for fills, _ in results[0]}) == 3


def test_a_cerebro_that_runs_again_another_way_gives_the_same() -> None:
    """No price of the first run is left on the feed for the second one."""
    cerebro = cerebro_of(OwnSignals, [make_feed(*known(5))])
    first = notes_of(cerebro.run(runonce=False)[0])
    assert_same(notes_of(cerebro.run(runonce=True)[0]), first)


@pytest.mark.parametrize("strategy", [AboveAverage, Crossing, OwnSignals])
def test_the_least_memory(strategy: Any) -> None:
    """On one feed, and no look at earlier bars but by indicators: more, the stock feed cannot."""
    both(strategy, [known(1)], exactbars=1)


@pytest.mark.parametrize("window", [{"fromdate": date(2018, 3, 1)}, {"todate": date(2018, 6, 1)}])
def test_a_part_of_the_bars(window: dict[str, date]) -> None:
    bars, forecasts = known(6)
    frame = default_feed(bars, forecasts).p.dataname
    feeds = [
        ForecastFeed(bars=bars, forecasts=forecasts, **window),
        PandasFeed(dataname=frame, name=bars.ticker, **window),
    ]
    assert_same(*(notes_of(cerebro_of(OwnSignals, [feed]).run()[0]) for feed in feeds))
