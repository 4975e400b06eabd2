"""Weeks and months made of our feed, and clones of it: the prices of the stock feed, and our lines."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np
import pytest

from backtests.account.feed import ForecastFeed, make_feed
from tests.contracts.feeds import default_feed
from tests.contracts.lessons import AboveAverage, assert_same, cerebro_of, known, notes_of

pytestmark = pytest.mark.usefixtures("comes_to_an_end")

WEEKS = {"timeframe": bt.TimeFrame.Weeks}


class Weekly(AboveAverage):
    """An average of the last feed, which has longer bars; orders go to the first."""

    params = (("period", 4),)

    def __init__(self) -> None:
        bars = self.datas[-1]
        self.average = bt.ind.SMA(bars, period=self.p.period)
        self.watched = [getattr(bars, name) for name in ("open", "high", "low", "close", "volume")]
        self.watched.append(self.average)


class WeeklyForecast(bt.Strategy):  # type: ignore[misc]
    """Watches the lines that the stock feed does not carry into longer bars."""

    def __init__(self) -> None:
        bars = self.datas[-1]
        self.watched = [bars.close, bars.forecast, bars.tradable, bars.centre, bars.member]
        self.watched += [bt.ind.SMA(bars.forecast, period=2), bars.forecast / bars.close - 1]


def resampled(cerebro: Any, feed: Any, **longer: Any) -> None:
    cerebro.resampledata(feed, **longer)


def replayed(cerebro: Any, feed: Any, **longer: Any) -> None:
    cerebro.replaydata(feed, **longer)


def resampled_beside(cerebro: Any, feed: Any, **longer: Any) -> None:
    """Both in one Cerebro: Backtrader then resamples a clone."""
    cerebro.adddata(feed)
    cerebro.resampledata(feed, **longer)


def cloned(cerebro: Any, feed: Any, **_: Any) -> None:
    cerebro.adddata(feed)
    cerebro.adddata(feed.clone())


def renamed(cerebro: Any, feed: Any, **_: Any) -> None:
    cerebro.adddata(feed)
    cerebro.adddata(feed.copyas("ANOTHER.KS"))


@pytest.mark.parametrize("settings", [{}, {"runonce": False}])
@pytest.mark.parametrize("longer", [WEEKS, {"compression": 5}, {"timeframe": bt.TimeFrame.Months}])
@pytest.mark.parametrize("way", [resampled, replayed, resampled_beside, cloned, renamed])
def test_longer_bars(way: Any, longer: dict[str, Any], settings: dict[str, Any]) -> None:
    results = []
    for make in (make_feed, default_feed):
        cerebro = cerebro_of(Weekly, [], **settings)
        way(cerebro, make(*known(7, sessions=250)), **longer)
        results.append(notes_of(cerebro.run()[0]))
    assert_same(*results)


@pytest.mark.parametrize("zone", [None, "Asia/Seoul"])
@pytest.mark.parametrize("settings", [{}, {"runonce": False}, {"preload": False}])
@pytest.mark.parametrize("way", [resampled, replayed, resampled_beside, cloned, renamed])
def test_a_longer_bar_has_the_forecast_of_its_last_session(
    way: Any, settings: dict[str, Any], zone: str | None
) -> None:
    bars, forecasts = known(8)
    cerebro = cerebro_of(WeeklyForecast, [], **settings)
    way(cerebro, ForecastFeed(bars=bars, forecasts=forecasts, tz=zone, tzinput=zone), **WEEKS)
    rows = np.array(notes_of(cerebro.run()[0])[1])
    close, forecast, tradable, centre, member, average, call = rows[:, -7:].T
    row = {float(value): number for number, value in enumerate(bars.close)}
    known_then = [row[value] for value in close if np.isfinite(value)]
    at = np.isfinite(close)
    assert len(known_then) > 10
    np.testing.assert_array_equal(forecast[at], forecasts.close[known_then])
    np.testing.assert_array_equal(centre[at], forecasts.centre[known_then])
    assert set(tradable[at]) == set(member[at]) == {1.0}
    np.testing.assert_array_equal(call[at], forecast[at] / close[at] - 1)
    assert np.isfinite(average).any()
