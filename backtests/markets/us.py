"""The exchanges of the United States: no commission and no tax, as retail brokers there charge.

The small regulatory fees on sales (SEC section 31, FINRA trading activity) are left out, and so are
the bands around a moving price that pause trading (limit up, limit down): they last minutes.
"""

from backtests.markets.market import Market
from backtests.markets.rules.ticks import TickTable

MARKET = Market(
    name="us",
    currency="USD",
    commission_bps=0.0,
    cash=100_000,
    ticks=(
        TickTable("2006-01-31", ((0, 0.0001), (1, 0.01)), "SEC rule 612, subpenny612faq", "", ""),
    ),
    indices=("^DJI", "^GSPC", "^IXIC", "^NDX", "^RUT"),
    codes=r"[A-Z]{1,5}(-[A-Z]{1,2})?",  # BRK-B, but not the currency pair BTC-USD
)
