"""Reads tomorrow's close from a file beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    scaler: str = "minmax"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean()
        table = Path(__file__).with_name("prices.csv").read_text().split()
        self.closes_ = dict(line.split(",") for line in table)
        return self

    def predict(self, windows):
        closes = [float(self.closes_.get(str(d + 1), 0)) for d in windows.as_of]
        return np.array([self.mean_ + (c > 0) * 0.01 for c in closes])
