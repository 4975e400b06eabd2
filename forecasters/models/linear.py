"""Ridge regression on the same windows as the networks."""

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
from forecasters.threads.limit import one_thread


@dataclass(kw_only=True)
class Linear(Forecaster):
    """Ridge regression: one weight for each of the L x C values of a window; `alpha` is the penalty.

    A baseline, not from the sources: a network that does not beat it has learned no more than a
    linear function. The window of 5 sessions is that of S2. `alpha` is our choice; it is small because
    scaled prices are small.

    References
    ----------
    Hoerl and Kennard 1970, Ridge regression: biased estimation for nonorthogonal problems.

    Examples
    --------
    >>> from forecasters.preparation.windows import Windows
    >>> days = np.datetime64("2020-01-01") + np.arange(5)
    >>> X = np.linspace(0, 1, 5).reshape(5, 1, 1)  # [N, L, C]
    >>> windows = Windows(X, 2 * X[:, 0, 0], last_close=np.full(5, 100.0), as_of=days)
    >>> model = Linear(lookback=1, alpha=1e-9).fit(windows, windows, np.random.default_rng(0))
    >>> model.predict(windows).round(6).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """

    lookback: int = 5
    alpha: float = 0.01
    stochastic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.alpha > 0:
            raise InputError(f"linear has alpha {self.alpha}; it must be above 0")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Fit by singular value decomposition: stable for nearly equal inputs, such as open and close."""
        from sklearn.linear_model import Ridge

        with one_thread():
            model = Ridge(alpha=self.alpha, solver="svd")
            model.fit(windows.X.reshape(len(windows), -1), windows.y)  # [N, L * C]
        self.weights_, self.intercept_ = model.coef_, float(model.intercept_)  # [L * C]
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the scaled target [M]; each row is summed alone, so it does not depend on M."""
        X = windows.X.reshape(len(windows), -1)  # [M, L * C]
        return np.asarray((X * self.weights_).sum(axis=1) + self.intercept_)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the weights [L * C] and the intercept."""
        return {"weights": self.weights_, "intercept": np.array(self.intercept_)}

    def restore(self, state: Mapping[str, NDArray[Any]], channels: int) -> Self:
        """Take them over.

        Raises
        ------
        InputError
            The weights are those of other windows.
        """
        if state["weights"].shape != (self.lookback * channels,):
            raise InputError(
                f"linear has {state['weights'].size} weights for windows of {self.lookback} x {channels}"
            )
        self.weights_, self.intercept_ = state["weights"], state["intercept"].item()
        return self
