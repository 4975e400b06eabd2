"""Walk-forward: a plan of folds, and forecasts from fits that each see one fold only."""

from forecasters.walk_forward.plan import RunFits, WalkForward, one_by_one

__all__ = ["RunFits", "WalkForward", "one_by_one"]
