"""The exchanges of the United States: no commission and no tax, as retail brokers there charge.

The small regulatory fees on sales (SEC section 31, FINRA trading activity) are left out.
"""

from backtests.markets.market import Market

MARKET = Market(
    name="us",
    currency="USD",
    commission_bps=0.0,
    cash=100_000,
    indices=("^DJI", "^GSPC", "^IXIC", "^NDX", "^RUT"),
    codes=r"[A-Z]{1,5}(-[A-Z]{1,2})?",  # BRK-B, but not the currency pair BTC-USD
)
