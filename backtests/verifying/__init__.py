"""A finished run made again, and what moved since."""
