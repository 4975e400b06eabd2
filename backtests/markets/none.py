"""No market in particular: no costs but slippage, in the currency of the listing.

`auto` ends here for a ticker that no other file claims, and a report then says that nothing is
known of its costs.
"""

from backtests.markets.market import Market

MARKET = Market(name="none", currency="", commission_bps=0.0, cash=100_000)
