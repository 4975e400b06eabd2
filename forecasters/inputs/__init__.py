"""What a forecaster may see beside the bars: indicators, and columns of the user's own."""
