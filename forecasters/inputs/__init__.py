"""What a forecaster may see besides the bars: indicators, and columns that the user brings."""
