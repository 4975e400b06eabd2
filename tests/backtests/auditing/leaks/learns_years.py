"""Learns from the dates of its training: the spread of each year times its last digit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Line(Forecaster):
    target: str = "return"
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        years = windows.as_of.astype("datetime64[Y]").astype(int) % 10
        self.by_year_ = {
            y: 0.1 * (1 + y) * windows.y[years == y].std() for y in set(years.tolist())
        }
        return self

    def predict(self, windows):
        years = windows.as_of.astype("datetime64[Y]").astype(int) % 10
        return np.array([self.by_year_.get(y, 0.0) for y in years.tolist()])
