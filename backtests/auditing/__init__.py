"""Looks for look-ahead and shared state in a forecaster, a feature function, a plan or a rule."""
