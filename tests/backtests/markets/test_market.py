"""A market's dated tax, and the market of a ticker. Expected rates are typed from the sources."""

from datetime import date, datetime

import numpy as np
import pytest

from backtests.markets.market import Market, known, market_for
from backtests.markets.rules.dated import lines_for
from backtests.markets.rules.limits import PriceLimit
from backtests.markets.rules.lots import Lot
from backtests.markets.rules.taxes import TaxRate
from backtests.markets.rules.ticks import TickTable
from forecasters.errors import InputError

KRX = market_for("051900.KS")

#: The last session under the old rate and the first under the new: (day before, percent, day, percent).
SWITCHES = [
    ("2019-05-29", 0.30, "2019-05-30", 0.25),
    ("2020-12-28", 0.25, "2020-12-29", 0.23),
    ("2022-12-27", 0.23, "2022-12-28", 0.20),
    ("2023-12-26", 0.20, "2023-12-27", 0.18),
    ("2024-12-26", 0.18, "2024-12-27", 0.15),
    ("2025-12-28", 0.15, "2025-12-29", 0.20),
]


@pytest.mark.parametrize(("before", "old", "since", "new"), SWITCHES)
def test_krx_tax_on_each_side_of_each_switch(
    before: str, old: float, since: str, new: float
) -> None:
    assert KRX.tax_rate(before) == pytest.approx(old / 100, rel=1e-12)
    assert KRX.tax_rate(since) == pytest.approx(new / 100, rel=1e-12)


def test_krx_table_has_no_other_switch() -> None:
    lines = lines_for(KRX.tax, KRX.listing("051900.KS"))
    assert [line.since for line in lines[1:]] == [since for _, _, since, _ in SWITCHES]
    assert KRX.tax_rate("1996-01-01") == KRX.tax_rate("2010-06-01") == 0.003
    assert KRX.tax_rate("2031-01-02") == 0.002


def test_kosdaq_pays_what_kospi_pays() -> None:
    for day in ("2010-06-01", "2019-05-29", "2019-05-30", "2025-12-29"):
        kosdaq = KRX.listing("035900.KQ")
        assert kosdaq.segment == "kosdaq"
        assert KRX.tax_rate(day, kosdaq) == KRX.tax_rate(day)


def test_konex_pays_a_tenth_of_a_percent_from_the_day_of_its_switch() -> None:
    konex = market_for("116100.KQ", "konex")
    assert konex.tax_rate("2019-05-29") == 0.003
    assert konex.tax_rate("2019-05-30") == konex.tax_rate("2026-01-05") == 0.001


def test_funds_pay_no_tax_and_are_known_from_their_first_listing() -> None:
    fund = KRX.listing("069500.KS", "etf")
    for day in ("2002-10-14", "2019-05-29", "2025-12-29"):
        assert KRX.tax_rate(day, fund) == 0
    with pytest.raises(InputError, match="known from 2002-10-14, not for 2002-10-11"):
        KRX.tax_rate("2002-10-11", fund)
    konex = market_for("069500.KS", "konex")
    with pytest.raises(InputError, match="instrument etf: set --tax-bps"):
        konex.tax_rate("2020-01-02", konex.listing("069500.KS", "etf"))


def test_an_unknown_instrument_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="no instrument 'eft', did you mean 'etf'"):
        KRX.listing("069500.KS", "eft")


@pytest.mark.parametrize("kind", [str, date.fromisoformat, datetime.fromisoformat, np.datetime64])
def test_a_session_may_be_text_or_any_date(kind: type) -> None:
    assert KRX.tax_rate(kind("2019-05-29")) == 0.003
    assert KRX.tax_rate(kind("2019-05-30")) == 0.0025


def test_a_session_before_the_table_is_refused() -> None:
    with pytest.raises(InputError, match=r"krx is known from 1996-01-01, not for 1995-12-28: set"):
        KRX.tax_rate("1995-12-28")


def test_a_session_that_is_no_date_is_refused() -> None:
    with pytest.raises(InputError, match="'tomorrow' is not a date"):
        KRX.tax_rate("tomorrow")


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("051900.KS", "krx"),
        ("035900.kq", "krx"),
        ("^KS11", "krx"),
        ("^KQ11", "krx"),
        ("005930", "krx"),
        ("00088K", "krx"),
        ("AAPL", "us"),
        ("BRK-B", "us"),
        ("^GSPC", "us"),
        ("^IXIC", "us"),
        ("BTC-USD", "none"),
        ("EURUSD=X", "none"),
        ("7203.T", "none"),
        ("600519.SS", "none"),
        ("^FTSE", "none"),
    ],
)
def test_auto_finds_the_market_by_the_ticker(ticker: str, name: str) -> None:
    assert market_for(ticker).name == name


def test_a_name_wins_over_the_ticker() -> None:
    assert market_for("051900.KS", "us").name == "us"


def test_a_misspelt_market_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no market 'krz', did you mean 'krx'\?"):
        market_for("051900.KS", "krz")
    with pytest.raises(InputError, match="known: auto, konex, krx, none, us"):
        market_for("051900.KS", "moon")


@pytest.mark.parametrize("name", sorted(known()))
def test_every_file_keeps_the_contract(name: str) -> None:
    market = known()[name]
    assert market.name == name
    assert market.cash > 0
    assert market.commission_bps >= 0
    tables = (*market.tax, *market.ticks, *market.limits, *market.lots)
    assert all(line.source for line in tables)
    tickers = [*market.indices, *(f"051900{suffix}" for suffix in market.suffixes)]
    claiming = {t: [m.name for m in known().values() if m.claims(t)] for t in tickers}
    assert all(names == [name] for names in claiming.values()), claiming


def test_cash_and_commission_of_the_markets() -> None:
    assert (KRX.cash, KRX.currency, KRX.commission_bps) == (100_000_000, "KRW", 1.5)
    us = market_for("AAPL")
    assert (us.cash, us.currency, us.commission_bps, us.tax_rate("1970-01-02")) == (
        1e5,
        "USD",
        0,
        0,
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"commission_bps": -1.0}, "commission_bps is -1"),
        ({"commission_bps": float("nan")}, "commission_bps is nan"),
        ({"cash": 0.0}, "cash is 0"),
        ({"tax": (TaxRate("2019-5-30", 0.1, "law"),)}, "not a date"),
        ({"tax": (TaxRate("20190530", 0.1, "law"),)}, "must be ISO"),
        ({"tax": (TaxRate("2020-01-01", 0.1, "a"), TaxRate("2019-01-01", 0.1, "b"))}, "increase"),
        ({"tax": (TaxRate("2020-01-01", 0.1, ""),)}, "a share and a source"),
        ({"tax": (TaxRate("2020-01-01", 20.0, "law"),)}, "a share and a source"),
        ({"limits": (PriceLimit("2020-01-01", 30.0, "law"),)}, "a share and a source"),
        ({"ticks": (TickTable("2020-01-01", ((100, 1),), "law"),)}, "steps from 0"),
        ({"ticks": (TickTable("2020-01-01", ((0, 0),), "law"),)}, "steps from 0"),
        ({"lots": (Lot("2020-01-01", ((0, 1), (5, 1), (4, 1)), "law"),)}, "steps from 0"),
        ({"lots": (Lot("2020-01-01", ((0, 1),), ""),)}, "a source"),
    ],
)
def test_a_wrong_market_is_refused(fields: dict[str, object], message: str) -> None:
    right = {"name": "test", "currency": "KRW", "commission_bps": 1.0, "cash": 1.0}
    with pytest.raises(InputError, match=message):
        Market(**(right | fields))
