"""Boosted regression trees on the same windows that the networks see."""

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
    """Scikit-learn's histogram gradient boosting: `trees` small trees, no early stopping.

    An opponent, not from the sources. It learns the return, because a tree cannot forecast a price
    outside the prices that it was trained on. 100 trees at 0.05 with 15 leaves are our choice.

    References
    ----------
    Ke et al. 2017, LightGBM: a highly efficient gradient boosting decision tree.
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
                raise InputError(f"boosting has {name} {getattr(self, name)}; the least is {least}")
        if not self.learning_rate > 0:
            raise InputError(f"boosting has learning_rate {self.learning_rate}; it must be above 0")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Grow the trees, the same ones for every seed: nothing is drawn below 200,000 rows."""
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
