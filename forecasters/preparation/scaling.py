"""Scalers, one range a column, fitted on fit rows only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import PRICES, Floats
from forecasters.errors import InputError, nearest


@dataclass(frozen=True, eq=False)
class Scaler:
    """An affine map a column: (value - shift) / scale, and back.

    Attributes
    ----------
    shift, scale : float64, shape [C]
        `scale` is 1 where a column never moved in the fit rows: the guard of S2 against a
        division by zero.
    """

    shift: Floats
    scale: Floats

    def transform(self, values: Floats) -> Floats:
        """Return `values` [..., C] in the scale that was fitted."""
        return np.asarray((values - self.shift) / self.scale)

    def inverse(self, values: Floats) -> Floats:
        """Return scaled `values` [..., C] in their original unit."""
        return np.asarray(values * self.scale + self.shift)


Names = tuple[str, ...]


def minmax(rows: Floats, names: Names = ()) -> Scaler:
    """Return the scaler that maps each column of `rows` [N, C] onto [0, 1]. Source: S2, S3."""
    low = rows.min(axis=0)
    return Scaler(low, _guard(rows.max(axis=0) - low))


def together(rows: Floats, names: Names = ()) -> Scaler:
    """Return the min-max scaler in which open, high, low and close share one range. Source: S2.

    A candle keeps its shape; every other column (volume) has a separate range.
    """
    low, high = rows.min(axis=0), rows.max(axis=0)
    prices = [column for column, name in enumerate(names) if name in PRICES]
    if prices:
        low[prices], high[prices] = low[prices].min(), high[prices].max()
    return Scaler(low, _guard(high - low))


def standard(rows: Floats, names: Names = ()) -> Scaler:
    """Return the scaler to mean 0 and standard deviation 1 of each column of `rows` [N, C]."""
    return Scaler(rows.mean(axis=0), _guard(rows.std(axis=0)))


def identity(rows: Floats, names: Names = ()) -> Scaler:
    """Return the scaler that leaves values as they are."""
    return Scaler(np.zeros(rows.shape[1:]), np.ones(rows.shape[1:]))


SCALERS = {"minmax": minmax, "together": together, "standard": standard, "none": identity}


def fit_scaler(name: str, rows: Floats, names: Names = ()) -> Scaler:
    """Return the named scaler fitted on `rows` [N, C], which must be the fit rows of one fold.

    `names` are those of the columns: ``together`` asks which are prices.
    """
    if name not in SCALERS:
        raise InputError(f"unknown scaler '{name}'{nearest(name, SCALERS)}")
    return SCALERS[name](rows, names)


def _guard(scale: Floats) -> Floats:
    return np.where(scale > 0, scale, 1.0)
