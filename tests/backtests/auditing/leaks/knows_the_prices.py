"""Finds its place in a table of known prices by the last close."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster

LEVELS = np.geomspace(1.0, 1e7, 200)


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    scaler: str = "minmax"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean()
        return self

    def predict(self, windows):
        known = np.searchsorted(LEVELS, windows.last_close)
        return self.mean_ + 0.001 * known
