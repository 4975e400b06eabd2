"""Keeps the closes of every ticker: a neighbour's tomorrow answers for this one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster

closes = {}


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    scaler: str = "minmax"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean()
        for day, close in zip(windows.as_of.tolist(), windows.last_close.tolist(), strict=True):
            closes.setdefault(day, []).append(close)
        return self

    def predict(self, windows):
        return np.array(
            [self.mean_ + 0.001 * len(closes.get(d, ())) for d in windows.as_of.tolist()]
        )
