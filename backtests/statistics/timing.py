"""Whether an account earned more by when it was invested than the same exposure held evenly would have.

A mean that is subtracted from returns or positions biases such a test where positions follow past
prices: a rule that buys after falls is in the market most where the sample's past lies below its own
mean, and seems to time it; one that buys after rises seems to mistime it (Mankiw and Shapiro 1986,
Stambaugh 1999). Here no mean looks ahead, and none of the market is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from backtests.statistics.outcome import SAME, too_few
from forecasters.bars import Floats

#: Level of the one-sided test, and the power for which `detectable` is computed.
LEVEL, POWER = 0.05, 0.80


@dataclass(frozen=True)
class Gain:
    """A test of a mean daily gain.

    Attributes
    ----------
    n : int
        Days.
    mean, detectable : float or None
        A day's gain, a share of the equity: its mean, and the smallest true mean that the test shows
        in 80% of such samples.
    statistic : float or None
        The mean over its standard error.
    p : float or None
        One-sided: the probability that chance alone gives this statistic or more.
    why : str
        Why the figures are None; empty where they are not.
    """

    n: int
    mean: float | None = None
    statistic: float | None = None
    p: float | None = None
    detectable: float | None = None
    why: str = ""


def excess_exposure(exposure: Floats) -> Floats:
    """Return the exposure less that of a reference account with the same total, shape [T] or [T, K].

    The reference holds, on each day, the mean exposure of the account so far. What the account held
    more or less than that mean, it makes good in equal parts on all days that are left. So at the
    end both were invested as long, and the reference of a day is known before the day begins.

    Two properties follow. The excess of a day is known before its return, so that times the return it
    is a martingale difference around any constant expected return, whatever past prices the exposure
    follows. And the excess sums to the last day's own deviation from the mean, so that the expected
    return itself, which is not known, has all but no weight.

    Parameters
    ----------
    exposure : float64, shape [T] or [T, K]
        Share of the equity in a stock over each day, known at the close before; K stocks or accounts.

    References
    ----------
    Arellano and Bover 1995, Another look at the instrumental variable estimation of error-components
    models (forward deviations). So and Shin 1999, Recursive mean adjustment in time-series
    inferences. Hayakawa 2009, A simple efficient instrumental variable estimator for panel AR(p)
    models when both N and T are large (both together).

    Examples
    --------
    In on the first two of four days. On the second day the mean so far is 1, and the reference holds
    as much. On the third it is 2/3, and the account holds 2/3 less: the reference of the last day, 1/2
    by the mean so far, is lowered by those 2/3.

    >>> excess_exposure(np.array([1.0, 1.0, 0.0, 0.0])).round(3).tolist()
    [0.0, 0.0, -0.667, 0.167]
    """
    n = exposure.shape[0]
    day = np.arange(1.0, n + 1).reshape(-1, *[1] * (exposure.ndim - 1))  # [T] or [T, 1]
    apart = exposure - np.cumsum(exposure, axis=0) / day
    owed = np.zeros_like(apart)
    owed[1:] = np.cumsum(apart[:-1] / (n - day[:-1]), axis=0)
    return np.asarray(apart - owed)


def positive_gain(daily: Floats) -> Gain:
    """Test whether the mean of daily gains is above 0.

    The gains are a martingale difference where there is no timing (`excess_exposure`), so no
    autocovariance enters. Costs only lower them: with costs the test errs less often than its level.
    The statistic is that of the excess profitability of Anatolyev and Gerko (2005), with a reference
    that does not look ahead in place of the sample's mean position. Its size and power on many worlds:
    docs/results/noise.md and docs/results/power.md.

    Parameters
    ----------
    daily : float64, shape [T]
        What the account earned less what its reference earned, by day, shares of the equity.

    References
    ----------
    Anatolyev and Gerko 2005, A trading approach to testing for predictability.

    Examples
    --------
    >>> gain = positive_gain(np.tile([0.01, -0.008], 50))
    >>> round(gain.statistic, 2), round(gain.p, 2)
    (1.11, 0.14)
    """
    from scipy.special import stdtr

    n = int(daily.size)
    why = too_few(n)
    if not why and not np.isfinite(daily).all():
        why = "the account lost all it had"
    if not why and float(np.ptp(daily)) <= SAME * max(1.0, float(np.abs(daily).max())):
        why = "its exposure never changed"
    if why:
        return Gain(n, why=why)
    mean = float(daily.mean())
    error = float(daily.std(ddof=1)) / math.sqrt(n)
    statistic = mean / error
    normal = NormalDist()
    smallest = (normal.inv_cdf(1 - LEVEL) + normal.inv_cdf(POWER)) * error
    return Gain(n, mean, statistic, float(stdtr(n - 1, -statistic)), smallest)
