"""A share of counted days, with the interval that so few or so many days leave."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the score interval of a proportion, as shares; None of no day.

    Unlike the share plus and minus its standard error, it stays within 0 and 1 and keeps about its
    confidence for few days and for shares near 0 or 1. It takes the days as independent. Source:
    Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    """
    if not n:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (
        max(0.0, middle - half) if hits else 0.0,
        min(1.0, middle + half) if hits < n else 1.0,
    )
