"""Tomorrow's close is today's: the forecast that every model must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows


@dataclass(kw_only=True)
class Naive(Forecaster):
    """A return of zero, always. The best forecast of a random walk."""

    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
    poolable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target, self.scaler) != ("return", "none"):  # scaled, zero is the mean return
            raise InputError("naive has one form only: leave its target and scaler as they are")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Learn nothing."""
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return zeros [M]."""
        return np.zeros(len(windows))
