"""Looks for look-ahead and for shared state in a forecaster, a maker of features, a plan or a rule."""
