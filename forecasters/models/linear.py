"""Ridge regression on the same windows that the networks see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows
from forecasters.threads.limit import one_thread


@dataclass(kw_only=True)
class Linear(Forecaster):
    """All L x C values of a window, one weight each, shrunk towards zero by `alpha`.

    An opponent, not from the sources: what a network must beat to have learned more than a line.
    The window of 5 sessions is S2's; `alpha` is ours, small because scaled prices are small.

    References
    ----------
    Hoerl and Kennard 1970, Ridge regression: biased estimation for nonorthogonal problems.
    """

    lookback: int = 5
    alpha: float = 0.01
    stochastic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.alpha > 0:
            raise InputError(f"linear has alpha {self.alpha}; it must be above 0")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Solve by singular values: stable also where inputs are nearly equal, as open and close are."""
        from sklearn.linear_model import Ridge

        with one_thread():
            model = Ridge(alpha=self.alpha, solver="svd")
            self.model_ = model.fit(windows.X.reshape(len(windows), -1), windows.y)  # [N, L * C]
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the scaled target [M]; sums run row by row, the same whatever M is."""
        X = windows.X.reshape(len(windows), -1)  # [M, L * C]
        return np.asarray((X * self.model_.coef_).sum(axis=1) + self.model_.intercept_)
