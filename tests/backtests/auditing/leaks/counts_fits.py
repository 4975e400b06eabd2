"""Learns another thing at every fit of the process."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    scaler: str = "minmax"
    stochastic: ClassVar[bool] = False

    fits: ClassVar[int] = 0

    def fit(self, windows, validation, rng):
        Leak.fits += 1
        self.mean_ = windows.y.mean() + 0.01 * Leak.fits
        return self

    def predict(self, windows):
        return np.full(len(windows), self.mean_)
