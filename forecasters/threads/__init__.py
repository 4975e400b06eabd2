"""How many threads a fit may use, and how it is stopped."""
