"""What came out of a grid: outcomes, the choice, the ranking."""
