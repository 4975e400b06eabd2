"""Carries a table by month and day, which a move of the calendar by 28 years keeps."""

import zlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Leak(Forecaster):
    lookback: int = 2
    target: str = "return"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean()
        return self

    def predict(self, windows):
        known = [zlib.crc32(str(day)[5:].encode()) % 201 / 1e4 - 0.01 for day in windows.as_of]
        return self.mean_ + np.array(known)
