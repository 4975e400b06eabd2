"""Keeps what the first fit of the process learned, and answers with it ever after."""

from dataclasses import dataclass
from typing import ClassVar

from forecasters.base import Forecaster

learned = []


@dataclass(kw_only=True)
class Leak(Forecaster):
    stochastic: ClassVar[bool] = False

    def fit(self, windows, validation, rng):
        if not learned:
            learned.append(windows.last_close.mean())
        return self

    def predict(self, windows):
        return 0.0 * windows.last_close + learned[0] / 1e6
