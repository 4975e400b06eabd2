"""Normalises over the batch: each answer knows the level of the later windows."""

from dataclasses import dataclass
from typing import ClassVar

from forecasters.base import Forecaster


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
        X = windows.X[:, -1]
        X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
        return self.mean_ - 0.1 * X[:, 3]
