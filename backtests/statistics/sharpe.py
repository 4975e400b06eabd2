"""How sure a Sharpe ratio is, and what the best of many is worth.

All ratios here are per observation (a day), without a risk-free rate: multiply by the square root
of the observations a year to have a year's. Kurtosis is the plain one, 3 for a normal distribution.

Sources: Lo (2002), "The Statistics of Sharpe Ratios"; Mertens (2002), "Comments on variance of the
IID estimator in Lo (2002)"; Bailey and Lopez de Prado (2012), "The Sharpe Ratio Efficient Frontier";
Bailey and Lopez de Prado (2014), "The Deflated Sharpe Ratio".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecasters.bars import Floats

NORMAL = NormalDist()
EULER = 0.5772156649015329


@dataclass(frozen=True)
class Sharpe:
    """The Sharpe ratio of n returns, per observation, with the moments that its error needs.

    Attributes
    ----------
    n : int
        Returns.
    value : float or None
        Mean over standard deviation (n - 1); None where the returns never change.
    skewness, kurtosis : float or None
        Third and fourth moment about the mean, over the standard deviation (n) to that power.
    why : str
        Why `value` is None.
    """

    n: int
    value: float | None
    skewness: float | None
    kurtosis: float | None
    why: str = ""


def sharpe_of(returns: Floats) -> Sharpe:
    """Return the Sharpe ratio of simple returns, shape [n], and their moments.

    Source: Bailey and Lopez de Prado (2012), section 2.
    """
    n = int(returns.size)
    if n < 2:
        return Sharpe(n, None, None, None, "fewer than two returns")
    if not np.isfinite(returns).all():
        return Sharpe(n, None, None, None, "the account lost all it had")
    if np.ptp(returns) == 0:
        moved = bool(returns[0])
        why = "every return is the same" if moved else "the account never moved"
        return Sharpe(n, None, None, None, why)
    around = returns - returns.mean()
    variance = float(np.mean(around**2))
    return Sharpe(
        n,
        float(returns.mean()) / math.sqrt(variance * n / (n - 1)),
        float(np.mean(around**3)) / variance**1.5,
        float(np.mean(around**4)) / variance**2,
    )


def sharpe_error(sharpe: float, n: int, skewness: float = 0.0, kurtosis: float = 3.0) -> float:
    """Return the standard error of a Sharpe ratio of n independent returns.

    Source: Mertens (2002); for a normal distribution it is that of Lo (2002), equation 9.
    """
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return math.sqrt(max(spread, 0.0) / n)


def probabilistic_sharpe(
    sharpe: float, n: int, skewness: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """Return the probability that the true Sharpe ratio is above `benchmark` (PSR).

    Source: Bailey and Lopez de Prado (2012), equation 11; their error divides by n - 1.
    """
    if n < 2:
        raise ValueError(f"a Sharpe ratio of {n} returns has no error")
    error = sharpe_error(sharpe, n - 1, skewness, kurtosis)
    if error == 0:  # two values only, and a ratio that both of them give
        return 0.5 + 0.5 * float(np.sign(sharpe - benchmark))
    return NORMAL.cdf((sharpe - benchmark) / error)


def expected_maximum(trials: int, deviation: float = 1.0) -> float:
    """Return the Sharpe ratio expected of the best of so many independent trials without skill.

    Parameters
    ----------
    deviation : float
        Standard deviation of the trials' Sharpe ratios; the answer is in its unit.

    Source: Bailey and Lopez de Prado (2014), equation 1. For one trial it is 0.
    """
    if trials < 1:
        raise ValueError(f"the best of {trials} trials is not defined")
    if trials == 1:
        return 0.0
    high = NORMAL.inv_cdf(1 - 1 / trials)
    higher = NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return deviation * ((1 - EULER) * high + EULER * higher)


def deflated_sharpe(
    sharpe: float,
    n: int,
    trials: int,
    deviation: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Return the probability that the true ratio is above what luck gives the best of so many trials (DSR).

    Source: Bailey and Lopez de Prado (2014), equation 2.
    """
    hurdle = expected_maximum(trials, deviation)
    return probabilistic_sharpe(sharpe, n, skewness, kurtosis, hurdle)


def minimum_track_record(
    sharpe: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    benchmark: float = 0.0,
    confidence: float = 0.95,
) -> float | None:
    """Return how many returns show at `confidence` that this ratio is above `benchmark`.

    None where the ratio is not above the benchmark: no number of returns would then be enough. Source:
    Bailey and Lopez de Prado (2012), equation 13.
    """
    if sharpe <= benchmark:
        return None
    spread = sharpe_error(sharpe, 1, skewness, kurtosis) ** 2
    return 1 + spread * (NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2
