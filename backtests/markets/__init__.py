"""What trading costs, market by market: one file a market, found by its name."""
