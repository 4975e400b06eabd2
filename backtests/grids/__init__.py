"""The search over settings: crossing, fits, ranking, selection, page."""
