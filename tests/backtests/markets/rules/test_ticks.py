"""Ticks and their grid. Expected sizes are typed from the tables of the exchanges."""

import numpy as np
import pytest

from backtests.markets.market import market_for
from backtests.markets.rules.tick_grid import grid_of, on_grid
from backtests.markets.rules.ticks import TickTable
from forecasters.bars import Bars

KRX, US = market_for("051900.KS"), market_for("AAPL")
KOSPI, KOSDAQ = KRX.listing("051900.KS"), KRX.listing("035900.KQ")
FUND = KRX.listing("069500.KS", "etf")

#: Price, then the tick on KOSPI and on KOSDAQ before 2023-01-25, then of both from that day.
SIZES = [
    (999, 1, 1, 1),
    (1_000, 5, 5, 1),
    (1_999, 5, 5, 1),
    (2_000, 5, 5, 5),
    (4_999, 5, 5, 5),
    (5_000, 10, 10, 10),
    (9_999, 10, 10, 10),
    (10_000, 50, 50, 10),
    (19_999, 50, 50, 10),
    (20_000, 50, 50, 50),
    (49_999, 50, 50, 50),
    (50_000, 100, 100, 100),
    (99_999, 100, 100, 100),
    (100_000, 500, 100, 100),
    (199_999, 500, 100, 100),
    (200_000, 500, 100, 500),
    (499_999, 500, 100, 500),
    (500_000, 1_000, 100, 1_000),
]


@pytest.mark.parametrize(("price", "kospi", "kosdaq", "new"), SIZES)
def test_krx_ticks_on_each_side_of_their_switch(price, kospi, kosdaq, new):
    before = [KRX.tick_table("2023-01-24", listing).tick(price) for listing in (KOSPI, KOSDAQ)]
    since = [KRX.tick_table("2023-01-25", listing).tick(price) for listing in (KOSPI, KOSDAQ)]
    assert (before, since) == ([kospi, kosdaq], [new, new])


def test_funds_tick_by_five_won_and_by_one_below_2000_since_december_2023():
    assert KRX.tick_table("2002-10-11", FUND) is None
    assert [KRX.tick_table("2023-12-07", FUND).tick(price) for price in (1_999, 2_000)] == [5, 5]
    assert [KRX.tick_table("2023-12-08", FUND).tick(price) for price in (1_999, 2_000)] == [1, 5]


def test_us_stocks_tick_by_a_cent_from_a_dollar_on():
    listing = US.listing("AAPL")
    assert US.tick_table("2006-01-30", listing) is None
    table = US.tick_table("2006-01-31", listing)
    assert [table.tick(price) for price in (0.9999, 1.0, 250.0)] == [0.0001, 0.01, 0.01]
    assert (table.up(123.451), table.down(123.459), table.up(123.45)) == (123.46, 123.45, 123.45)


OLD = KRX.tick_table("2020-01-02", KOSPI)


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [
        (10_010, 10_000, 10_050),
        (9_999, 9_990, 10_000),  # into the next step
        (10_000, 10_000, 10_000),
        (100_001, 100_000, 100_500),
        (99_999.9, 99_900, 100_000),
    ],
)
def test_prices_are_rounded_to_the_tick_of_their_height(price, down, up):
    assert (OLD.down(price), OLD.up(price)) == (down, up)


def test_a_price_moves_by_ticks_across_a_step():
    assert OLD.moved(9_990, 2) == 10_050  # by 10 to 10,000, then by 50
    assert OLD.moved(10_050, -2) == 9_990  # by 50 to 10,000, then by 10
    assert OLD.moved(9_990, 0) == 9_990


def test_the_widest_tick_is_a_share_of_the_price():
    assert OLD.widest == pytest.approx(5 / 1_000)
    assert KRX.tick_table("2023-01-25", KOSPI).widest == pytest.approx(5 / 2_000)
    assert TickTable("2020-01-01", ((0, 5),), "a test").widest == 0


def bars_of(closes, sessions, volume=100.0):
    closes = np.array(closes, dtype=float)
    return Bars("T", np.array(sessions, dtype="datetime64[D]"), closes, closes, closes + 0, closes,
                np.full(closes.size, volume))  # fmt: skip


def test_a_series_lies_on_the_grid_of_each_day():
    days = ["2023-01-24", "2023-01-25"]
    assert on_grid(bars_of([10_050, 10_010], days), KRX.ticks, KOSPI)
    assert not on_grid(bars_of([10_010, 10_010], days), KRX.ticks, KOSPI)  # by 50 until then
    assert not on_grid(bars_of([123_450, 123_400], days), KRX.ticks, KOSPI)
    assert on_grid(bars_of([123_400, 123_400], days), KRX.ticks, KOSDAQ)


def test_single_precision_is_no_reason_to_leave_the_grid():
    closes = np.array([123.46, 4_000.07], dtype=np.float32).astype(float)
    bars = bars_of(closes, ["2024-01-02", "2024-01-03"])
    assert on_grid(bars, US.ticks, US.listing("AAPL"))
    assert not on_grid(bars_of([123.465, 130], ["2024-01-02", "2024-01-03"]), US.ticks,
                       US.listing("AAPL"))  # fmt: skip


def test_what_nothing_is_known_of_lies_on_no_grid():
    assert not on_grid(bars_of([100, 100], ["2005-01-03", "2005-01-04"]), US.ticks, KOSPI)
    assert not on_grid(bars_of([100], ["2024-01-03"]), market_for("X", "none").ticks, KOSPI)


def test_the_repeated_close_of_a_halt_is_not_looked_at():
    bars = Bars("T", np.array(["2020-01-02", "2020-01-03"], dtype="datetime64[D]"),
                *np.array([[10_050, 0], [10_050, 0], [10_050, 0], [10_050, 10_003], [5, 0.0]]))  # fmt: skip
    assert on_grid(bars, KRX.ticks, KOSPI)


def test_of_each_session_only_what_came_before_is_known():
    days = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"]
    bars = bars_of([10_050, 10_100, 10_003, 10_050], days)
    grid = grid_of(bars, KRX.ticks, KOSPI)
    # nothing before the 2nd; on the 6th all before lay on the grid, after it never again
    assert [grid.known_on(day) for day in bars.sessions.tolist()] == [False, True, True, False]
    assert not on_grid(bars, KRX.ticks, KOSPI)
    shorter = grid_of(bars_of([10_050, 10_100], days[:2]), KRX.ticks, KOSPI)
    assert [shorter.known_on(day) for day in bars.sessions.tolist()[:2]] == [False, True]
