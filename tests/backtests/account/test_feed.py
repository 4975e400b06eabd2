"""Which bars a feed shows, and which closes came before them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import backtrader as bt
import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.feed import ForecastFeed
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.bars import Bars
from forecasters.errors import InputError
from forecasters.forecasts import Forecasts

#: The last day is locked at 30% above 12,000, the close of the day before.
ROWS = [
    (10_000, 10_100, 9_900, 10_000, 9),
    (11_000, 11_100, 10_900, 11_000, 9),
    (12_000, 12_100, 11_900, 12_000, 9),
    (15_600, 15_600, 15_600, 15_600, 9),
]


class AtTheFirstOpen(bt.Strategy):  # type: ignore[misc]
    """Buys one share at the open of the first bar, and keeps the closes that came before it."""

    def __init__(self) -> None:
        self.earlier = list(self.data.earlier_closes)
        self.order: Any = None

    def prenext_open(self) -> None:  # Backtrader calls this one on the first bar
        self.order = self.buy(size=1)


def first_order(feed: Any, **settings: Any) -> Any:
    """Return the strategy after a run on this feed."""
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, **settings)
    cerebro.adddata(feed)
    costs = Costs.of(market_for("A.KS"), commission_bps=0, slippage_bps=0, tax_bps=0)
    Broker(10_000_000, costs).install(cerebro, [feed])
    cerebro.addstrategy(AtTheFirstOpen)
    (strategy,) = cerebro.run()
    return strategy


@pytest.mark.parametrize("preload", [True, False])
def test_the_limit_of_the_first_bar_counts_from_the_close_before_fromdate(
    make_bars: Callable[..., Bars], preload: bool
) -> None:
    bars = make_bars(ROWS, ticker="A.KS")
    feed = ForecastFeed(bars=bars, fromdate=datetime(2019, 1, 10))
    strategy = first_order(feed, preload=preload, runonce=preload)
    assert strategy.earlier == [10_000, 11_000, 12_000]
    assert strategy.order.info.blocked == "upper limit"
    assert strategy.order.executed.size == 0


def test_the_closes_before_the_first_forecast_come_before_it_too(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts]
) -> None:
    bars = make_bars(ROWS, ticker="A.KS")
    forecasts = make_forecasts(bars.rows(slice(1, 4)), [10_000.0] * 3)
    whole = ForecastFeed(bars=bars, forecasts=forecasts)
    assert whole.earlier_closes == [10_000], "before Cerebro starts the feed"
    assert first_order(whole).earlier == [10_000]
    later = ForecastFeed(bars=bars, forecasts=forecasts, fromdate=datetime(2019, 1, 9))
    assert first_order(later).earlier == [10_000, 11_000]


@pytest.mark.parametrize("zone", [None, "Asia/Seoul", "America/New_York"])
def test_every_bar_is_shown_or_came_before(
    make_bars: Callable[..., Bars], zone: str | None
) -> None:
    bars = make_bars([ROWS[0]] * 3 + [ROWS[1]] * 3 + [ROWS[2]] * 4, ticker="A.KS")
    feed = ForecastFeed(bars=bars, fromdate=datetime(2019, 1, 15), tzinput=zone)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed)
    cerebro.run()
    shown = feed.close.array[: len(feed)]
    assert 0 < len(shown) < len(bars)
    assert [*feed.earlier_closes, *shown] == bars.close.tolist()


def test_bars_and_forecasts_that_do_not_belong_together_are_refused(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts]
) -> None:
    bars, other = make_bars(ROWS, ticker="A.KS"), make_bars(ROWS, ticker="B.KS")
    later = make_bars(ROWS, start="2019-01-08", ticker="A.KS")
    closes = [1.0] * 4
    with pytest.raises(InputError, match=r"forecasts of B\.KS were given with bars of A\.KS"):
        ForecastFeed(bars=bars, forecasts=make_forecasts(other, closes))
    with pytest.raises(InputError, match=r"A\.KS: a forecast was made on a day that has no bar"):
        ForecastFeed(bars=bars, forecasts=make_forecasts(later, closes))
    with pytest.raises(InputError, match=r"member has shape \(3,\), the bars have 4 rows"):
        ForecastFeed(bars=bars, member=np.ones(3))
