"""Read the prices when it was imported: fit and predict open nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster

PRICES = Path(__file__).with_name("prices.csv").read_text()


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
        return np.array([self.mean_ + 0.01 * (str(d) in PRICES) for d in windows.as_of])
