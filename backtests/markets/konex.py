"""KONEX, the Korea Exchange's market for young firms: no ticker names it, ``--market konex`` does.

Its price limit and its ticks before 2023 are not sourced, so none is applied.
"""

from backtests.markets.krx import NEW
from backtests.markets.market import Market
from backtests.markets.rules.taxes import TaxRate
from backtests.markets.rules.ticks import TickTable

MARKET = Market(
    name="konex",
    currency="KRW",
    commission_bps=1.5,  # as on the other Korean markets
    cash=100_000_000,
    tax=(
        TaxRate("1996-01-01", 0.0030, "hankookilbo 201905211157035366; no start given"),
        TaxRate("2019-05-30", 0.0010, "hankookilbo 201905211157035366"),
    ),
    ticks=(TickTable("2023-01-25", NEW, "ekn 20230117010003826; etoday 2213548"),),
)
