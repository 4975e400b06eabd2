"""Pearson's correlation, and the p value that goes with it."""

from __future__ import annotations

import math

import numpy as np

from forecasters.bars import Floats

#: A spread below this is that of a constant.
CONSTANT = 1e-12


def correlation(a: Floats, b: Floats) -> float | None:
    """Return Pearson's correlation; None for fewer than 3 pairs or where one never changes."""
    if a.size < 3 or np.ptp(a) < CONSTANT or np.ptp(b) < CONSTANT:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))


def pearson(a: Floats, b: Floats) -> tuple[float | None, float | None]:
    """Return Pearson's r and its two-sided p; None where `correlation` is.

    p is the chance of so large an r between independent normal series: Student's t of n - 2 degrees
    of freedom, written as an incomplete beta function of 1 - r^2.
    """
    r = correlation(a, b)
    if r is None:
        return None, None
    return r, _incomplete_beta((a.size - 2) / 2, 0.5, (1 - r) * (1 + r))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b). Source: DLMF 8.17.4, 8.17.22."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast below
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front += a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float, terms: int = 200) -> float:
    """Return 1 + d1 / (1 + d2 / (1 + ...)) of DLMF 8.17.22, from its last term to the first."""
    value = 1.0
    for n in range(terms, 0, -1):
        m = n // 2
        if n % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        value = 1 + d / value
    return value
