"""The error of a forecast close over the actual close: S1 calls it a return."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats

#: Bins of the histogram, an odd number: the middle one holds the errors around 0.
BINS = 21
#: The share of naive's errors that lie within the bins.
WITHIN = 0.99
#: Width of a bin where neither naive nor the forecast erred.
LEAST = 0.001


@dataclass(frozen=True)
class RelativeError:
    """(forecast - actual) / actual: its mean, its spread and its histogram. All errors are shares.

    Attributes
    ----------
    mean : float
        Above 0 the forecasts were too high on average.
    spread : float or None
        Standard deviation, with n - 1; None for one row.
    low, median, high : float
        The quantiles at 5%, 50% and 95%.
    edges : tuple of float, 22
        Edges of the bins. They come from naive's errors on the same rows, so that forecasters that are
        judged on the same rows have the same bins.
    counts, counts_naive : tuple of int, 21
        Rows in each bin; the first and the last also hold all that lies beyond.
    """

    mean: float
    spread: float | None
    low: float
    median: float
    high: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    counts_naive: tuple[int, ...]


def relative_error(actual: Floats, forecast: Floats, last_close: Floats) -> RelativeError:
    """Return the distribution of (forecast - actual) / actual.

    S1 names this figure a return. It is an error: nobody earns it. Source: S1, section on returns.

    Parameters
    ----------
    actual, forecast, last_close : float64, shape [N]
        The actual close, its forecast, and the close that the forecast was made on, which is naive's
        forecast. At least one row, all prices above 0.

    Examples
    --------
    >>> actual = np.array([100.0, 100.0, 200.0])
    >>> found = relative_error(actual, np.array([110.0, 90.0, 230.0]), np.array([99.0, 100.0, 202.0]))
    >>> round(found.mean, 4), round(found.spread, 4)
    (0.05, 0.1323)
    >>> sum(found.counts), sum(found.counts_naive), found.counts_naive[BINS // 2]
    (3, 3, 1)
    """
    error, naive = (forecast - actual) / actual, (last_close - actual) / actual
    edges: Floats = (np.arange(BINS + 1.0) - BINS / 2) * _width(error, naive)
    low, median, high = (float(q) for q in np.quantile(error, (0.05, 0.5, 0.95)))
    return RelativeError(
        mean=float(error.mean()),
        spread=float(error.std(ddof=1)) if error.size > 1 else None,
        low=low,
        median=median,
        high=high,
        edges=tuple(float(edge) for edge in edges),
        counts=_counts(error, edges),
        counts_naive=_counts(naive, edges),
    )


def _width(error: Floats, naive: Floats) -> float:
    """Return 1, 2 or 5 times a power of ten, so that the bins hold nearly all of naive's errors."""
    size = np.quantile(np.abs(naive), WITHIN) or np.quantile(np.abs(error), WITHIN)
    if not size:
        return LEAST
    needed = float(size) / (BINS / 2)
    power = 10.0 ** math.floor(math.log10(needed))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= needed)


def _counts(errors: Floats, edges: Floats) -> tuple[int, ...]:
    """Return the rows in each bin; those beyond the edges are in the outer bins."""
    bins = np.clip(np.searchsorted(edges, errors, side="right") - 1, 0, BINS - 1)
    return tuple(int(n) for n in np.bincount(bins, minlength=BINS))
