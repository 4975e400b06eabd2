"""The confidence interval of a proportion."""

from __future__ import annotations


def wilson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the Wilson score interval of a proportion, as two shares; None if `n` is 0.

    The interval is always between 0 and 1, unlike the share plus or minus 1.96 standard errors. Its
    coverage is close to `confidence` also with few days and with shares near 0 or 1. It assumes
    independent days. Source: Wilson (1927), "Probable inference, the law of succession, and
    statistical inference".

    Parameters
    ----------
    hits, n : int
        Number of days with a hit, and number of all days.
    confidence : float
        Confidence level as a share: 0.95 is 95%.

    Examples
    --------
    >>> low, high = wilson(hits=15, n=148)
    >>> round(low, 4), round(high, 4)
    (0.0624, 0.1605)
    """
    if not n:
        return None
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
