"""How training went: the losses of each fit by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats
from forecasters.walk_forward.fit import Fit, Fitted


@dataclass(frozen=True, eq=False)
class History:
    """One fit in training.

    Attributes
    ----------
    seed : int
    fold : datetime64[D]
        The first test session.
    train_loss, validation_loss : float64, shape [E]
        By epoch, in units of the scaled target; empty where there are no epochs or nothing is watched.
    kept : int
        The epoch, from 1, whose weights were kept.
    outliers : float
        Share of the fit rows with an outlier among the inputs.
    engine : str
        What trained a network, and if torch, why; empty for other forecasters.
    """

    seed: int
    fold: np.datetime64
    train_loss: Floats
    validation_loss: Floats
    kept: int
    outliers: float
    engine: str = ""

    @classmethod
    def of(cls, fit: Fit, fitted: Fitted) -> History:
        """Return what a fit tells of its training."""
        return cls(
            fit.seed,
            fit.name,
            fitted.train_loss,
            fitted.validation_loss,
            fitted.kept,
            fitted.outliers,
            fitted.engine,
        )


def mean_curve(curves: Sequence[Floats]) -> Floats:
    """Return the mean by epoch over the fits that trained for so long, [E]."""
    longest = max((curve.size for curve in curves), default=0)
    padded = np.full((len(curves), longest), np.nan)
    for row, curve in zip(padded, curves, strict=True):
        row[: curve.size] = curve
    return np.asarray(np.nanmean(padded, axis=0)) if longest else np.empty(0)
