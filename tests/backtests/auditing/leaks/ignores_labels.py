"""Has skill on the planted swing whatever labels it is fitted on."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 24
    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        self.seen_ = windows.y[0]
        return self

    def predict(self, windows):
        log = np.log(windows.X[:, :, 3])
        level = log - log.mean(axis=1, keepdims=True)
        return 0.63 * level[:, -1] - 0.88 * level[:, -2] + 1e-6 * self.seen_
