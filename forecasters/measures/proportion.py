"""A share of counted days, with the interval that so few or so many days leave."""

from __future__ import annotations


def wilson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the score interval of a proportion, as two shares; None where `n` is 0.

    It stays between 0 and 1, unlike the share plus and minus its standard error. It also covers about
    as often as `confidence` says for few days and for shares near 0 or 1. It takes the days as
    independent. Source: Wilson (1927), "Probable inference, the law of succession, and statistical
    inference".

    Parameters
    ----------
    hits, n : int
        Days with a hit, and all days.
    confidence : float
        A share: 0.95 is 95%.

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
