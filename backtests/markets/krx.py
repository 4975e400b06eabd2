"""The Korea Exchange: KOSPI and KOSDAQ, taxed alike.

The tax is the securities transaction tax, with KOSPI's 0.15% rural tax within it. The law speaks
of settlement, two sessions after the trade, so each date here is the trade date that settled first
under the new rate. KONEX (0.10%) is not covered.
"""

from backtests.markets.market import Market, TaxRate

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
    ),
    suffixes=(".KS", ".KQ"),
    indices=("^KS11", "^KQ11"),
    codes=r"\d{4}[0-9A-Z]\d|\d{5}[0-9A-Z]",
)
