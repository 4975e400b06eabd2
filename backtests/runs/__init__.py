"""A run from its configuration to its folder: what it is made of, and where it is kept."""
