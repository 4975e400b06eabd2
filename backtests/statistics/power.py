"""What chance a number of days gives a small true edge to be shown: closed forms for normal returns.

The edge is a forecast that knows the conditional mean of the next return and nothing else: its
correlation with that return is the coefficient of a first-order autoregression, forecast with the
truth. Fat tails change the chances by a few points: docs/results/power.md has both, simulated.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from backtests.statistics.fixed_b import critical_value, p_above
from backtests.statistics.long_run import bandwidth
from backtests.statistics.outcome import LEAST

LEVEL = 0.05
#: Mean of the absolute value of a standard normal.
ABSOLUTE = math.sqrt(2.0 / math.pi)


def chance_of_better(n: int, correlation: float, tests: int = 1) -> float | None:
    """Return the chance that `diebold_mariano` calls such a forecast better than naive; None below 20 days.

    Returns r and errors e = r - f are normal, e with the share s = sqrt(1 - correlation^2) of the
    deviation of r. The difference of the absolute errors has the mean a (1 - s), a^2 = 2/pi, and the
    variance 1 + s^2 - 2 E|r||e| - a^2 (1 - s)^2, E|r||e| = a^2 s (correlation + s arcsin s)
    (Nabeya 1951). The statistic is moved by sqrt(n) mean / deviation, as for `Comparison.detectable`.

    Parameters
    ----------
    n : int
        Days.
    correlation : float
        Of the forecast and the return, above 0 and below 1.
    tests : int
        Forecasters that share the 5%: the level is 5% over `tests`, Holm's for the smallest p value.

    References
    ----------
    Nabeya 1951, Absolute moments in 2-dimensional normal distribution.

    Examples
    --------
    >>> [round(chance_of_better(722, edge), 2) for edge in (0.05, 0.1, 0.2)]
    [0.13, 0.27, 0.7]
    """
    if n < LEAST:
        return None
    share = math.sqrt(1.0 - correlation**2)
    mean = ABSOLUTE * (1.0 - share)
    both = ABSOLUTE**2 * share * (correlation + share * math.asin(share))
    deviation = math.sqrt(1.0 + share**2 - 2.0 * both - mean**2)
    b = (bandwidth(n) + 1) / n
    return p_above(critical_value(LEVEL / tests, b) - math.sqrt(n) * mean / deviation, b)


def chance_of_timing(n: int, correlation: float, tests: int = 1) -> float | None:
    """Return the chance that `positive_gain` shows the timing of such a forecast; None below 20 days.

    Long where the forecast is above 0, else out, at no cost: a day's mean gain over its deviation is
    a times the correlation, a^2 = 2/pi.

    Parameters
    ----------
    n, correlation, tests
        As in `chance_of_better`; the tests are those of rules.

    Examples
    --------
    >>> [round(chance_of_timing(722, edge), 2) for edge in (0.05, 0.1, 0.2)]
    [0.28, 0.69, 1.0]
    """
    if n < LEAST:
        return None
    normal = NormalDist()
    return normal.cdf(ABSOLUTE * correlation * math.sqrt(n) + normal.inv_cdf(LEVEL / tests))
