"""Correlations of two series: Pearson's with its p value, and Spearman's."""

from __future__ import annotations

import numpy as np

from forecasters.bars import Floats

#: A series with a range below this counts as a constant.
CONSTANT = 1e-12


def correlation(a: Floats, b: Floats) -> float | None:
    """Return Pearson's correlation of two series, each of shape [N].

    None for fewer than 3 pairs, or where one of the series never changes.
    """
    if a.size < 3 or np.ptp(a) < CONSTANT or np.ptp(b) < CONSTANT:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))


def pearson(a: Floats, b: Floats) -> tuple[float | None, float | None]:
    """Return Pearson's r and its two-sided p; both None where `correlation` is None.

    p is the probability of an r at least as far from 0 between two independent normal series. It is
    the tail of Student's t with n - 2 degrees of freedom, as an incomplete beta function of
    1 - r^2.
    """
    r = correlation(a, b)
    if r is None:
        return None, None
    from scipy.special import betainc

    return r, float(betainc((a.size - 2) / 2, 0.5, (1 - r) * (1 + r)))


def spearman(a: Floats, b: Floats) -> float | None:
    """Return Spearman's rank correlation: Pearson's of the ranks, equal values at their mean rank.

    None for fewer than 3 pairs, or where one of the series never changes. Source: Spearman (1904).
    """
    from scipy.stats import rankdata

    return correlation(rankdata(a), rankdata(b))
