"""Keeps every label it was ever fitted on: those of a later fold answer an earlier one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster

known = {}


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        known.update(zip(windows.as_of.tolist(), windows.y.tolist(), strict=True))
        self.mean_ = windows.y.mean()
        return self

    def predict(self, windows):
        return np.array([known.get(day, self.mean_) for day in windows.as_of.tolist()])
