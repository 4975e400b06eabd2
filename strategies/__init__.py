"""Rules that trade forecasts, and the Backtrader strategy around them. Knows no torch."""
