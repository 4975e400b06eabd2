"""Numbers as people write them."""

from __future__ import annotations


def to_12_digits(value: float) -> float:
    """Return a value rounded to 12 significant digits: more than any price or amount is written with.

    Binary arithmetic leaves a rest at the 16th digit, which would be printed, and would decide
    whether a bound is met exactly.

    Examples
    --------
    >>> 3_000 * 0.00015, to_12_digits(3_000 * 0.00015)
    (0.44999999999999996, 0.45)
    >>> 1.05 * 101, to_12_digits(1.05 * 101)
    (106.05000000000001, 106.05)
    >>> to_12_digits(123_456.789012)
    123456.789012
    """
    return float(f"{value:.12g}")
