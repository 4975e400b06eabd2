"""Outliers by a robust score, from the fit rows of one fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Flags, Floats

#: A score above this is called an outlier. Source: Iglewicz and Hoaglin 1993.
OUTLIER = 3.5
#: The median absolute deviation of a normal variable, in standard deviations.
MAD_OF_NORMAL = 0.6744897501960817


@dataclass(frozen=True, eq=False)
class Bounds:
    """The lowest and the highest value of each column that is no outlier, float64 [C]."""

    low: Floats
    high: Floats

    def outside(self, values: Floats) -> Flags:
        """Return which rows of [N, C] hold an outlier, [N]."""
        return np.asarray(((values < self.low) | (values > self.high)).any(axis=1))

    def clip(self, values: Floats) -> Floats:
        """Return `values` [..., C] with each outlier set to the nearer bound."""
        return np.clip(values, self.low, self.high)


def fit_bounds(rows: Floats, score: float = OUTLIER) -> Bounds:
    """Return the bounds of `rows` [N, C], the fit rows of one fold, at a robust score.

    The score is |value - median| / (MAD / 0.6745), with MAD the median absolute deviation. For a normal
    variable the unit is a standard deviation, and outliers do not inflate it. Where more than half of
    a column is the same value, the MAD is 0: such a column has no outliers.

    References
    ----------
    Iglewicz and Hoaglin 1993, How to detect and handle outliers.
    """
    middle = np.median(rows, axis=0)
    spread = np.median(np.abs(rows - middle), axis=0) / MAD_OF_NORMAL
    room = np.where(spread > 0, score * spread, np.inf)
    return Bounds(middle - room, middle + room)
