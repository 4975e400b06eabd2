"""The same account without Backtrader, for the many accounts of a shift test."""
