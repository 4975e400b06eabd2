"""The distribution of a t statistic whose variance sums many autocovariances.

With a bandwidth of b times the sample the statistic is wider than a normal: by how much, Kiefer and
Vogelsang (2005) found for every b in (0, 1].
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

from backtests.statistics.outcome import normal_tail

#: Critical value of Bartlett's kernel at normal score z: z + sum of c[k][j] b^(k+1) z^(2j+1).
#: The form is that of Kiefer and Vogelsang 2005, table 1, for all levels at once. Made by
#: `benchmarks/fixed_b.py` from the exact distribution; scores are within 0.003 up to 3.5, 0.01 beyond.
COEFFICIENTS = (
    (0.670542, 0.167148, -0.000826128, 5.18852e-05, -6.88137e-07),
    (0.262089, 0.0999543, 0.0327235, -0.0014588, 1.64744e-05),
    (-0.153197, 0.630512, -0.236474, 0.00744134, -7.08525e-05),
    (0.54494, -2.12869, 0.454146, -0.0115184, 8.38473e-05),
    (-0.656915, 1.9981, -0.35343, 0.00696929, -2.47199e-05),
    (0.219582, -0.606856, 0.0983856, -0.00132849, -5.918e-06),
)
#: The last score of the table: every p below 2e-8 is given as 2e-8.
LAST = 5.5


def stretched(z: float, b: float) -> float:
    """Return the value that the statistic exceeds as often as a standard normal exceeds z.

    `b` is (lag + 1) over the rows, in (0, 1].
    """
    added = 0.0
    for row in reversed(COEFFICIENTS):
        terms = 0.0
        for c in reversed(row):
            terms = terms * z * z + c
        added = (added + terms) * b
    return z + added * z


@cache
def critical_value(p: float, b: float) -> float:
    """Return the value that the statistic exceeds with probability p."""
    return stretched(NormalDist().inv_cdf(1.0 - p), b)


def p_above(t: float, b: float) -> float:
    """Return the probability of a statistic above t under the null hypothesis."""
    from scipy.optimize import brentq

    size, score = abs(t), LAST
    if size < stretched(LAST, b):
        score = brentq(lambda z: stretched(z, b) - size, 0.0, LAST)
    tail = normal_tail(score)
    return tail if t >= 0 else 1.0 - tail
