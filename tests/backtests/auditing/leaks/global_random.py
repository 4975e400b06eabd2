"""Draws from the global random numbers, not from the generator of its fit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    scaler: str = "minmax"
    stochastic: ClassVar[bool] = True

    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean() + np.random.normal()
        return self

    def predict(self, windows):
        return np.full(len(windows), self.mean_)
