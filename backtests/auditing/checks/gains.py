"""A gain over naive that does not survive a change it should survive, and one too good to be true."""

from __future__ import annotations

import math

import numpy as np

from backtests.auditing.checks.no_skill import BOUND
from forecasters.bars import Floats

#: Share of the rows in which the direction is right, and share by which the squared error is below
#: that of naive: no daily forecast of a traded price is as good as either.
RIGHT, BELOW = 0.75, 0.25
#: The same of a plain regression on past returns, from which on the bars themselves are predictable.
PLAIN_RIGHT, PLAIN_BELOW = 0.60, 0.10
#: Fewest rows with an outcome for a judgement, and lags of the plain regression.
FEWEST, LAGS = 60, 10


def lost(before: Floats, after: Floats, realised: Floats) -> float:
    """Return how clearly `before` agreed with the outcomes where `after` does not.

    sum(x) / sqrt(sum(x^2)) of x = the part that is gone, at most its own root mean square, times the
    sign of the outcome. Both forecasts of an honest forecaster are known before the outcome, so the
    probability that it reaches b is at most exp(-b^2 / 2) where the sign of the outcome cannot be
    forecast; what an honest forecaster knows of it survives a small change on average.

    Parameters
    ----------
    before, realised : float64, shape [M]
        Log returns; NaN in `realised` where nothing is known.
    after : float64, shape [M] or [K, M]
        With the change; the mean of K such changes counts.

    Examples
    --------
    >>> came = np.array([0.01, -0.02, 0.03, -0.01] * 10)
    >>> lost(came, np.zeros(40), came) > 3.8
    True
    >>> lost(came, came, came)
    0.0
    """
    gone = before - np.atleast_2d(after).mean(axis=0)
    rows = np.isfinite(realised)
    if not rows.any() or not (size := math.sqrt(float(np.square(gone[rows]).mean()))):
        return 0.0
    weighed = np.clip(gone[rows] / size, -1.0, 1.0) * np.sign(realised[rows])
    total = math.sqrt(float(np.square(weighed).sum()))
    return float(weighed.sum()) / total if total else 0.0


def is_lost(before: Floats, after: Floats, realised: Floats) -> bool:
    """Return whether the agreement is gone beyond chance, and was there."""
    return lost(before, after, realised) >= BOUND and agreement(before, realised) > 0.0


def agreement(forecast: Floats, realised: Floats) -> float:
    """Return the share of rows with the right direction, less the share with the wrong one."""
    rows = np.isfinite(realised)
    return float((np.sign(forecast[rows]) * np.sign(realised[rows])).mean()) if rows.any() else 0.0


def right(forecast: Floats, realised: Floats) -> float:
    """Return the share of moves whose direction was forecast."""
    rows = np.isfinite(realised) & (realised != 0)
    return float((forecast[rows] * realised[rows] > 0).mean()) if rows.any() else 0.0


def below(forecast: Floats, realised: Floats) -> float:
    """Return the share by which the squared error is below that of naive; negative if above."""
    rows = np.isfinite(realised)
    naive = float(np.square(realised[rows]).sum())
    return 1.0 - float(np.square(realised[rows] - forecast[rows]).sum()) / naive if naive else 0.0


def too_good(forecast: Floats, realised: Floats, closes: Floats, first: int) -> bool:
    """Return whether a gain is beyond what a traded price allows.

    Parameters
    ----------
    forecast, realised : float64, shape [M]
    closes : float64, shape [T]
        All closes, from which a plain regression on past returns is fitted and judged on the same
        rows: where that is good too, the bars are predictable and nothing is wrong.
    first : int
        The row of `closes` that the first forecast was made at.
    """
    rows = np.isfinite(realised)
    if rows.sum() < FEWEST:
        return False
    if right(forecast, realised) < RIGHT and below(forecast, realised) < BELOW:
        return False
    plain = _regression(closes, first, realised.size)
    return right(plain, realised) < PLAIN_RIGHT and below(plain, realised) < PLAIN_BELOW


def _regression(closes: Floats, first: int, size: int) -> Floats:
    """Return the forecasts of a regression on the last returns, fitted before row `first`, [size]."""
    moves = np.diff(np.log(closes), prepend=math.log(closes[0]))
    ends = np.arange(LAGS, first + size)
    X = np.stack([moves[ends - lag] for lag in range(LAGS)], axis=1)  # [N, LAGS]
    fitted = ends < first - 1
    if fitted.sum() < 3 * LAGS:
        return np.zeros(size)
    weights = np.linalg.lstsq(X[fitted], moves[ends[fitted] + 1], rcond=None)[0]
    return np.asarray(X[-size:] @ weights)
