"""What forecasts and rules show beside chance: numbers, no words for a page."""
