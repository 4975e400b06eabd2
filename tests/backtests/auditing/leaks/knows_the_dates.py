"""Carries a table of what happened when, as a net trained on later years does."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster

TABLE = {f"20{year}-{month:02}": 0.01 * month for year in range(14, 20) for month in range(1, 13)}


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
        return np.array([self.mean_ + TABLE.get(str(d)[:7], 0.0) for d in windows.as_of])
