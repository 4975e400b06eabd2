"""Forecasts of the rows before a test: those of the fit, and those kept for choosing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasters.bars import Days, Flags, Floats
from forecasters.measures.metrics import mape
from forecasters.walk_forward.fit import Fit, Fitted


@dataclass(frozen=True, eq=False)
class Inside:
    """Forecasts of one forecaster before the test rows of one fold; K rows, S seeds.

    Attributes
    ----------
    fold : datetime64[D]
        The first test session.
    target : datetime64[D], shape [K]
        The forecast session.
    actual : float64, shape [K]
        Its close.
    by_seed : float64, shape [S, K]
        The forecast close; NaN if a row has no window or is a halt.
    watched : bool, shape [K]
        Whether a row is a validation row; the others were used in the fit.
    """

    fold: np.datetime64
    target: Days
    actual: Floats
    by_seed: Floats
    watched: Flags

    @property
    def close(self) -> Floats:
        """The mean forecast over the seeds, [K]."""
        return np.asarray(self.by_seed.mean(axis=0))

    @property
    def validation_mape(self) -> float | None:
        """MAPE of the validation rows in percent, the mean over the seeds; None without such rows."""
        rows = self.watched & np.isfinite(self.by_seed).all(axis=0)
        if not rows.any():
            return None
        return float(np.mean([mape(self.actual[rows], seed[rows]) for seed in self.by_seed]))

    @property
    def digest(self) -> str:
        """The sha256 of the forecasts."""
        h = hashlib.sha256(str(self.fold).encode())
        h.update(self.by_seed.astype("<f8").tobytes())
        return h.hexdigest()


def inside_of(fits: Sequence[Fit], fitted: Sequence[Fitted]) -> tuple[Inside, ...]:
    """Return the forecasts of one forecaster on one ticker before each test, oldest fold first.

    The fits are in the order of the seeds, and for each seed of the folds; all have `inside`.
    """
    seeds = len({fit.seed for fit in fits})
    folds = len(fits) // seeds
    by_fold = []
    for number in range(folds):
        (part,) = fits[number].parts
        features, fold = part.features, part.fold
        rows = np.array([*fold.fit, *fold.validation])
        by_fold.append(
            Inside(
                fold=fold.name,
                target=features.sessions[rows + features.horizon],
                actual=features.y[rows],
                by_seed=np.stack([fitted[s * folds + number].inside for s in range(seeds)]),
                watched=np.arange(rows.size) >= len(fold.fit),
            )
        )
    return tuple(by_fold)
