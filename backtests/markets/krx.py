"""The Korea Exchange: KOSPI (``.KS``) and KOSDAQ (``.KQ``); a code without an ending is KOSPI's.

The tax is the securities transaction tax, with KOSPI's 0.15% rural tax within it; KOSDAQ pays the
same in all. The law speaks of settlement, two sessions after the trade, so each date here is the
trade date that settled first under the new rate. KONEX is a separate market (``--market konex``).
"""

from backtests.markets.market import Market
from backtests.markets.rules.limits import PriceLimit
from backtests.markets.rules.lots import Lot
from backtests.markets.rules.taxes import TaxRate
from backtests.markets.rules.ticks import TickTable

#: Until 2023: from this price on, this tick.
OLD = ((0, 1), (1_000, 5), (5_000, 10), (10_000, 50), (50_000, 100))
NEW = (
    (0, 1), (2_000, 5), (5_000, 10), (20_000, 50), (50_000, 100), (200_000, 500), (500_000, 1_000),
)  # fmt: skip
LISTED = "2002-10-14"  # the first exchange-traded funds

MARKET = Market(
    name="krx",
    currency="KRW",
    commission_bps=1.5,  # usual online, Kiwoom 2014; agency fees of about 0.36 are the floor
    cash=100_000_000,
    tax=(
        # the source gives the year alone
        TaxRate("1996-01-01", 0.0030, "fntimes 2019-04-02"),
        TaxRate("2019-05-30", 0.0025, "hankookilbo 2019-05-21; EY tax alert 001936-19Gbl"),
        TaxRate("2020-12-29", 0.0023, "edaily 02555126626003440"),
        TaxRate("2022-12-28", 0.0020, "thekoreanlawblog 2023-02; date computed"),
        TaxRate("2023-12-27", 0.0018, "Hanyang Securities notice 1419; date computed"),
        TaxRate("2024-12-27", 0.0015, "Hanyang Securities notice 1419"),
        TaxRate("2025-12-29", 0.0020, "chosunbiz 2025-12-01; donga 132875262; date computed"),
        TaxRate(LISTED, 0.0, "hankookilbo 200210140035277789; krx GLB0201030201T3", "", "etf"),
    ),
    ticks=(
        TickTable(
            "1996-01-01", (*OLD, (100_000, 500), (500_000, 1_000)),
            "krx GLB0602020201; no start given", "kospi",
        ),
        TickTable("1996-01-01", OLD, "krx GLB0602020201; no start given", "kosdaq"),
        TickTable("2023-01-25", NEW, "ekn 20230117010003826; etoday 2213548"),
        TickTable(LISTED, ((0, 5),), "krx GLB0201030203T8", "", "etf"),
        # the other source says the 18th; a series is rather taken to lie on the grid
        TickTable(
            "2023-12-08", ((0, 1), (2_000, 5)), "etoday 2289674; mediapen 860330", "", "etf"
        ),
    ),
    limits=(
        # leveraged funds have a multiple of it, and a day beyond the limit shows it
        PriceLimit("1998-12-07", 0.15, "krx GLB0602010201T5"),
        PriceLimit("2015-06-15", 0.30, "krx GLB0602010201T5; for funds krx GLB0605010101T1"),
    ),
    lots=(
        Lot("1996-01-01", ((0, 10), (50_000, 1)), "hankyung 2014051236431", "kospi"),
        Lot("2014-06-02", ((0, 1),), "hankyung 2014051236431", "kospi"),
        Lot("1996-01-01", ((0, 1),), "hankyung 2014051236431", "kosdaq"),
        Lot(LISTED, ((0, 1),), "krx GLB0201030203T8", "", "etf"),
    ),
    suffixes=(".KS", ".KQ"),
    segments=(("", "kospi"), (".KQ", "kosdaq"), ("^KQ11", "kosdaq")),
    indices=("^KS11", "^KQ11"),
    codes=r"\d{4}[0-9A-Z]\d|\d{5}[0-9A-Z]",
)  # fmt: skip
