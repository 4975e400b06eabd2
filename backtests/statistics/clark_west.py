"""Whether a forecast has any predictive content, beside the forecast that nothing changes."""

from __future__ import annotations

import math

import numpy as np

from backtests.statistics.fixed_b import p_above
from backtests.statistics.long_run import bandwidth, long_run_covariance
from backtests.statistics.outcome import SAME, Outcome, normal_tail, too_few
from forecasters.bars import Floats


def adjusted(realised: Floats, forecast: Floats) -> Floats:
    """Return the squared error of no change less that of the forecast, given back its own size.

    r^2 - ((r - f)^2 - f^2), [T]: what a forecast loses by being noisy is given back, so that under
    "no content" its mean is 0 (Clark and West 2007, equation 3.1, with a benchmark of 0). It equals 2 r f.
    """
    return np.asarray(realised**2 - ((realised - forecast) ** 2 - forecast**2))


def clark_west(realised: Floats, forecast: Floats, horizon: int = 1) -> Outcome:
    """Test forecast log returns [T] against a return of zero; `statistic` is the t of `adjusted`.

    That a forecast has content does not make it accurate: shrunk enough it would beat naive, as it
    stands it may lose. Diebold-Mariano says whether it does.

    References
    ----------
    Clark and West 2007, Approximately normal tests for equal predictive accuracy in nested models.
    """
    return positive_mean(adjusted(realised, forecast), horizon)


def positive_mean(series: Floats, horizon: int = 1) -> Outcome:
    """Test whether the mean of adjusted errors [T] is above 0.

    One step ahead they are martingale differences where there is nothing to find: no autocovariance
    enters and the statistic is normal, as Clark and West (2007, section 3) have it. Further ahead
    they overlap, and the variance and its fixed-b critical values are those of `diebold_mariano`.
    """
    n, lag = series.size, 0 if horizon == 1 else bandwidth(series.size, horizon)
    why = too_few(n)
    if not why and lag >= n:
        why = f"{n} days are too few for a horizon of {horizon}"
    if not why and float(np.ptp(series)) <= SAME * float(np.abs(series).max()):
        why = "the forecast is of no change" if not series.any() else "nothing varies"
    if why:
        return Outcome(None, None, n, why)
    variance = float(long_run_covariance([series], lag)[0, 0])
    t = float(series.mean()) / math.sqrt(variance / n)
    return Outcome(t, normal_tail(t) if horizon == 1 else p_above(t, (lag + 1) / n), n)
