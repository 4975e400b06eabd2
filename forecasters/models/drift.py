"""The drift forecast: the next close is the last one plus the mean return of the past."""

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
class Drift(Forecaster):
    """Always the mean log return of the fit rows: the best forecast of a random walk with drift.

    References
    ----------
    Hyndman and Athanasopoulos 2021, Forecasting: principles and practice, section 5.2.

    Examples
    --------
    >>> from forecasters.preparation.windows import Windows
    >>> days = np.datetime64("2020-01-01") + np.arange(4)
    >>> returns = np.array([0.01, -0.02, 0.03, 0.02])
    >>> windows = Windows(np.ones((4, 1, 1)), returns, last_close=np.full(4, 100.0), as_of=days)
    >>> model = Drift().fit(windows, windows, np.random.default_rng(0))
    >>> model.predict(windows).round(3).tolist()
    [0.01, 0.01, 0.01, 0.01]
    """

    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
    poolable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target, self.scaler) != ("return", "none"):
            raise InputError(
                f"drift has target {self.target} and scaler {self.scaler}; it allows only return and none"
            )

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Compute the mean."""
        self.mean_ = float(windows.y.mean())
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the mean for each window: [M]."""
        return np.full(len(windows), self.mean_)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the mean."""
        return {"mean": np.array(self.mean_)}

    def restore(self, state: Mapping[str, NDArray[Any]], channels: int) -> Self:
        """Take the mean over."""
        self.mean_ = state["mean"].item()
        return self
