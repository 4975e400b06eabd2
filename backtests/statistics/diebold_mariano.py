"""Whether a forecast has a smaller loss than a benchmark, how sure that is, and the power of the test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backtests.statistics.fixed_b import critical_value, p_above
from backtests.statistics.long_run import bandwidth, long_run_covariance
from backtests.statistics.outcome import SAME, too_few
from forecasters.bars import Floats

#: Level of each one-sided test, and the power for which `detectable` is computed.
LEVEL, POWER = 0.05, 0.80


@dataclass(frozen=True)
class Comparison:
    """A forecast against a benchmark, on the same rows.

    Attributes
    ----------
    n, lag : int
        Rows, and how many autocovariances of their differences entered.
    loss, benchmark_loss : float
        Mean losses.
    gain : float or None
        1 - loss / benchmark_loss, a share: above 0 the forecast is better. None where the
        benchmark never errs.
    low, high : float or None
        The 90% interval of the gain: the gains that neither one-sided test rejects at 5%. `low` is
        above 0 exactly where p_better is below 5%; `high` is below 0 exactly where p_worse is.
    statistic : float or None
        Above 0 where the forecast loses less.
    p_better, p_worse : float or None
        One-sided: probability of at least this difference in favour of the forecast, and against
        it, if both were equally good.
    detectable : float or None
        The smallest true gain that the test for "better" shows in 80% of such samples.
    why : str
        Why the figures are None.
    """

    n: int
    lag: int
    loss: float
    benchmark_loss: float
    gain: float | None
    low: float | None = None
    high: float | None = None
    statistic: float | None = None
    p_better: float | None = None
    p_worse: float | None = None
    detectable: float | None = None
    why: str = ""


def diebold_mariano(
    loss: Floats, benchmark_loss: Floats, horizon: int = 1, lag: int | None = None
) -> Comparison:
    """Compare two series of losses [T] of forecasts made `horizon` sessions ahead.

    The mean difference over its long-run deviation by Bartlett's kernel (`lag` autocovariances, by
    default `bandwidth`), times the small-sample factor, against fixed-b critical values. The test is
    about the accuracy that was observed, not about the models behind it: a model that nests the
    benchmark and has no content loses by the noise of its estimates, so that "better" then comes up in
    fewer than 5% of the cases. `detectable` is the sum of the critical value and the quantile of the
    power, times the deviation.

    Parameters
    ----------
    loss, benchmark_loss : float64, shape [T]
        On the same rows, in order of time.
    horizon : int
        Sessions from a forecast to its outcome.
    lag : int or None
        Autocovariances that enter; None: `bandwidth`.

    Raises
    ------
    ValueError
        The two have different shapes, or a loss is not a finite number.

    References
    ----------
    Diebold and Mariano 1995, Comparing predictive accuracy, equation 1. Harvey, Leybourne and
    Newbold 1997, Testing the equality of prediction mean squared errors, equation 9. Kiefer and
    Vogelsang 2005, A new asymptotic theory for heteroskedasticity-autocorrelation robust tests,
    table 1. Fieller 1954, Some problems in interval estimation. Bloom 1995, Minimum detectable
    effects.
    """
    n = loss.size
    unknown = int(
        np.count_nonzero(~np.isfinite(loss)) + np.count_nonzero(~np.isfinite(benchmark_loss))
    )
    if unknown or loss.shape != benchmark_loss.shape:
        raise ValueError(
            f"losses of shape {loss.shape} against {benchmark_loss.shape}, {unknown} of them not finite: "
            "give both on the same rows, and leave out the rows where one is unknown"
        )
    lag = bandwidth(n, horizon) if lag is None else lag
    mean, base = (float(x.mean()) if n else 0.0 for x in (loss, benchmark_loss))
    gain = 1.0 - mean / base if base > 0 else None
    difference = benchmark_loss - loss  # [T]
    why = too_few(n)
    if not why and lag >= n:
        why = f"{n} days are too few for a horizon of {horizon}"
    if not why and gain is None:
        why = "the benchmark never errs"
    if not why and float(np.ptp(difference)) <= SAME * base:
        why = "its losses differ from the benchmark's by the same amount every day"
        if abs(float(difference[0])) <= SAME * base:
            why, gain = "its losses are those of the benchmark", 0.0
    if why:
        return Comparison(n, lag, mean, base, gain, why=why)
    factor = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    b = (lag + 1) / n
    # Variances of the two means, as the factor widens them.
    spread = long_run_covariance([difference, benchmark_loss], lag) / (n * factor**2)
    deviation = math.sqrt(spread[0, 0])
    statistic = (base - mean) / deviation
    cut = critical_value(LEVEL, b)
    low, high = _fieller(base - mean, base, spread, cut)
    return Comparison(
        n,
        lag,
        mean,
        base,
        gain,
        low,
        high,
        statistic,
        p_better=p_above(statistic, b),
        p_worse=p_above(-statistic, b),
        detectable=(cut + critical_value(1.0 - POWER, b)) * deviation / base,
        why="" if low is not None else "the benchmark's loss is too uncertain for an interval",
    )


def _fieller(
    difference: float, base: float, spread: Floats, cut: float
) -> tuple[float | None, float | None]:
    """Return the gains g at which (difference - g base) over its deviation is -+ `cut`.

    Both ends solve base^2 g^2 - 2 difference base g + difference^2 = cut^2 (V00 - 2 g V01 + g^2 V11).
    Both are None where the base itself could be 0.
    """
    (v00, v01), (_, v11) = spread.tolist()
    a = base**2 - cut**2 * v11
    half = difference * base - cut**2 * v01
    c = difference**2 - cut**2 * v00
    if a <= 0:
        return None, None
    root = math.sqrt(max(half**2 - a * c, 0.0))
    return (half - root) / a, (half + root) / a
