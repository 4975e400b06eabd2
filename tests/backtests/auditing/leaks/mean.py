"""Honest: the mean target, moved a little by the newest inputs of each window alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Mean(Forecaster):
    lookback: int = 2
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean()
        return self

    def predict(self, windows):
        return np.array([self.mean_ + 0.01 * x.sum() for x in windows.X])
