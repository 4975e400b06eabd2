"""Whether a forecast has any predictive content, beside the forecast that nothing changes."""

from __future__ import annotations

import math

import numpy as np

from backtests.statistics.fixed_b import p_above
from backtests.statistics.long_run import bandwidth, long_run_covariance
from backtests.statistics.outcome import SAME, Outcome, normal_tail, too_few
from forecasters.bars import Floats


def adjusted(realised: Floats, forecast: Floats) -> Floats:
    """Return the squared error of naive less the adjusted squared error of a forecast, [T].

    r^2 - ((r - f)^2 - f^2) for the realised log return r and the forecast log return f, each [T]. A
    forecast without content loses f^2 on average by its noise; f^2 is therefore given back, so that
    the mean is 0 where there is no content (Clark and West 2007, equation 3.1, with a benchmark of 0).
    It equals 2 r f.
    """
    return np.asarray(realised**2 - ((realised - forecast) ** 2 - forecast**2))


def positive_mean(series: Floats, horizon: int = 1) -> Outcome:
    """Test whether the mean of a series from `adjusted` is above 0; `statistic` is its t.

    A forecast with content need not be accurate: shrunk enough it would beat naive, as it is it may
    lose. Diebold-Mariano tests that.

    One session ahead the series is a martingale difference under the null of no content: no
    autocovariance enters, the variance is the unbiased one, and the statistic is normal (Clark and
    West 2007, section 3). Further
    ahead the errors overlap: the variance and its fixed-b critical values are then those of
    `diebold_mariano`.

    Parameters
    ----------
    series : float64, shape [T]
        Squared log returns, from `adjusted`; of a universe their mean over its tickers, by session.
    horizon : int
        Sessions from a forecast to its outcome.

    References
    ----------
    Clark and West 2007, Approximately normal tests for equal predictive accuracy in nested models.
    """
    n, lag = series.size, 0 if horizon == 1 else bandwidth(series.size, horizon)
    why = too_few(n)
    if not why and lag >= n:
        why = f"{n} days are too few for a horizon of {horizon}"
    if not why and float(np.ptp(series)) <= SAME * float(np.abs(series).max()):
        why = "the forecast is of no change" if not series.any() else "nothing varies"
    if why:
        return Outcome(None, None, n, why)
    if horizon == 1:
        t = float(series.mean()) / math.sqrt(float(series.var(ddof=1)) / n)
        return Outcome(t, normal_tail(t), n)
    t = float(series.mean()) / math.sqrt(float(long_run_covariance([series], lag)[0, 0]) / n)
    return Outcome(t, p_above(t, (lag + 1) / n), n)
