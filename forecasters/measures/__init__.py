"""How good forecasts are: errors, correlation, direction, lag."""
