"""Daily price limits and lots on each side of their switches, typed from the exchange's tables."""

import pytest

from backtests.markets.market import known, market_for

KRX = market_for("051900.KS")
KOSPI, KOSDAQ = KRX.listing("051900.KS"), KRX.listing("035900.KQ")


@pytest.mark.parametrize("listing", [KOSPI, KOSDAQ, KRX.listing("069500.KS", "etf")])
def test_krx_limit_on_each_side_of_its_switches(listing):
    assert KRX.price_limit("1998-12-04", listing) is None
    for day, share in [("1998-12-07", 0.15), ("2015-06-12", 0.15), ("2015-06-15", 0.30)]:
        assert KRX.price_limit(day, listing).share == share


def test_the_others_have_no_limit():
    for name in ("us", "none", "konex"):
        market = known()[name]
        assert market.price_limit("2024-01-02", market.listing("X")) is None


@pytest.mark.parametrize(
    ("day", "previous", "lower", "upper"),
    [
        ("2024-01-02", 9_980, 6_990, 12_970),  # the example of the exchange
        ("2020-01-02", 9_980, 6_990, 12_950),  # where 12,970 was no tick
        ("2020-01-02", 9_940, 6_960, 12_900),  # its example for KOSDAQ
        ("2020-01-02", 10_050, 7_050, 13_050),  # 3,015 is cut down to 3,000, the tick being 50
        ("2020-01-02", 100_000, 70_000, 130_000),
        ("2020-01-02", 1_000, 700, 1_300),
    ],
)
def test_limits_are_cut_down_to_ticks_as_the_exchange_does(day, previous, lower, upper):
    limit, ticks = KRX.price_limit(day, KOSPI), KRX.tick_table(day, KOSPI)
    assert limit.prices(previous, ticks) == (lower, upper)


def test_without_ticks_a_limit_is_a_ratio():
    assert KRX.price_limit("2015-06-12", KOSPI).prices(9_980) == pytest.approx((8_483, 11_477))


def test_krx_lot_on_each_side_of_its_switch():
    assert [KRX.lot("2014-05-30", KOSPI).shares(price) for price in (49_950, 50_000)] == [10, 1]
    assert [KRX.lot("2014-06-02", KOSPI).shares(price) for price in (49_950, 50_000)] == [1, 1]
    assert KRX.lot("2014-05-30", KOSDAQ).shares(5_000) == 1
    assert KRX.lot("2014-05-30", KRX.listing("069500.KS", "etf")).shares(5_000) == 1
    assert market_for("AAPL").lot("2024-01-02", KOSPI) is None
