"""The naive forecast: the next close is the last one. Every model must beat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows


@dataclass(kw_only=True)
class Naive(Forecaster):
    """Always a return of zero: the best forecast of a random walk.

    Examples
    --------
    >>> from forecasters.preparation.windows import Windows
    >>> days = np.datetime64("2020-01-01") + np.arange(2)
    >>> windows = Windows(np.ones((2, 1, 1)), np.array([0.01, -0.02]), np.full(2, 100.0), days)
    >>> Naive().fit(windows, windows, np.random.default_rng(0)).predict(windows).tolist()
    [0.0, 0.0]
    """

    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
    poolable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target, self.scaler) != (
            "return",
            "none",
        ):  # with a scaler, an answer of 0 would be the mean return
            raise InputError(
                f"naive has target {self.target} and scaler {self.scaler}; it allows only return and none"
            )

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Return itself: there is nothing to learn."""
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return zero for each window: [M]."""
        return np.zeros(len(windows))

    def state(self) -> dict[str, NDArray[Any]]:
        """Return nothing: there is nothing to learn."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]], channels: int) -> Self:
        """Return itself."""
        return self
