"""Tomorrow's close is today's, moved by the mean return of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows


@dataclass(kw_only=True)
class Drift(Forecaster):
    """The mean log return of the fit rows, always. The best forecast of a random walk with drift.

    References
    ----------
    Hyndman and Athanasopoulos 2021, Forecasting: principles and practice, section 5.2.
    """

    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
    poolable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target, self.scaler) != ("return", "none"):
            raise InputError("drift has one form only: leave its target and scaler as they are")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Take the mean."""
        self.mean_ = float(windows.y.mean())
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the mean [M] times."""
        return np.full(len(windows), self.mean_)
