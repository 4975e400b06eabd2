"""No market in particular: no costs but slippage, in the currency of the listing.

`auto` takes this market for a ticker that no other file claims. A report then says that its commission
and tax are not known.
"""

from backtests.markets.market import Market

MARKET = Market(name="none", currency="", commission_bps=0.0, cash=100_000)
