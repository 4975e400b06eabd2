"""The result of a test of one hypothesis."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: No test is made on fewer rows: the distributions are those of long series.
LEAST = 20
#: Losses that differ by less than this share of the benchmark's are the same numbers, rounded.
SAME = 1e-12


@dataclass(frozen=True)
class Outcome:
    """One test.

    Attributes
    ----------
    statistic : float or None
        The test statistic; each test says which. None where it is not defined.
    p : float or None
        One-sided: the probability that chance alone gives this statistic or more, in favour of the
        forecast.
    n : int
        Rows (or folds) that entered.
    why : str
        Why there is no p; empty where there is one.
    left_out : int
        Rows (or folds) that speak for neither side and were left out.
    """

    statistic: float | None
    p: float | None
    n: int
    why: str = ""
    left_out: int = 0


def too_few(n: int, noun: str = "day") -> str:
    """Return why a test is not made on so few rows; empty from `LEAST` on."""
    if n >= LEAST:
        return ""
    return f"{n} {noun if n == 1 else noun + 's'}: a test needs {LEAST}"


def normal_tail(z: float) -> float:
    """Return the probability that a standard normal is above z."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))
