"""The dated rules of a market: taxes, ticks, limits, lots."""
