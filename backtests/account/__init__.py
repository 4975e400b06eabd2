"""An account in Backtrader: the exchange, the feed, the books, and the result."""
