"""Gradient-boosted regression trees on the same windows as the networks."""

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
class Boosting(Forecaster):
    """Histogram gradient boosting of scikit-learn, without early stopping.

    A baseline, not from the sources. Its target is the return, because a tree cannot forecast a price
    outside the range of its training prices. 100 trees of 15 leaves and a learning rate of 0.05 are
    our choice.

    References
    ----------
    Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision tree.

    Examples
    --------
    >>> from forecasters.preparation.windows import Windows
    >>> days = np.datetime64("2020-01-01") + np.arange(200)
    >>> X = np.linspace(0, 1, 200).reshape(200, 1, 1)  # [N, L, C]
    >>> y = np.where(X[:, 0, 0] < 0.5, -0.01, 0.01)
    >>> windows = Windows(X, y, last_close=np.full(200, 100.0), as_of=days)
    >>> model = Boosting(lookback=1).fit(windows, windows, np.random.default_rng(0))
    >>> model.predict(windows)[[0, -1]].round(3).tolist()
    [-0.01, 0.01]
    """

    lookback: int = 5
    target: str = "return"
    trees: int = 100
    leaves: int = 15
    learning_rate: float = 0.05
    stochastic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("trees", 1), ("leaves", 2)):
            if getattr(self, name) < least:
                raise InputError(
                    f"boosting has {name} {getattr(self, name)}; it must be at least {least}"
                )
        if not self.learning_rate > 0:
            raise InputError(f"boosting has learning_rate {self.learning_rate}; it must be above 0")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Fit the trees. They are the same for every seed: below 200,000 rows nothing is random."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        with one_thread():
            model = HistGradientBoostingRegressor(
                max_iter=self.trees,
                max_leaf_nodes=self.leaves,
                learning_rate=self.learning_rate,
                early_stopping=False,
                random_state=0,
            )
            self.model_ = model.fit(windows.X.reshape(len(windows), -1), windows.y)  # [N, L * C]
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the scaled target [M]."""
        with one_thread():
            return np.asarray(self.model_.predict(windows.X.reshape(len(windows), -1)))
