"""Whether a forecast knows the direction, beyond what always saying the same would score."""

from __future__ import annotations

import math

import numpy as np

from backtests.statistics.outcome import Outcome, normal_tail, too_few
from forecasters.bars import Floats


def pesaran_timmermann(realised: Floats, forecast: Floats) -> Outcome:
    """Test the signs of forecast returns [T] against those of realised ones, one session ahead.

    Days on which the price or the forecast does not move have no direction and are left out. The share
    of hits is compared with the share that independent signs with the same numbers of rises would
    have: a forecast of "up" each day has many hits in a rising market, and no skill. `statistic` is
    normal if the signs are independent.

    Parameters
    ----------
    realised, forecast : float64, shape [T]
        Returns over one session.

    References
    ----------
    Pesaran and Timmermann 1992, A simple nonparametric test of predictive performance, equation 6.
    """
    moved = (realised != 0) & (forecast != 0)
    rose, called_up = realised[moved] > 0, forecast[moved] > 0
    n, still = rose.size, int((~moved).sum())
    why = too_few(n, "moving day")
    if not why:
        for signs, whose in ((called_up, "the forecast"), (rose, "the price")):
            if signs.all() or not signs.any():
                why = f"{whose} moves in one direction only"
    if why:
        return Outcome(None, None, n, why, still)
    hits, p, q = (float(np.mean(x)) for x in (rose == called_up, rose, called_up))
    chance = p * q + (1 - p) * (1 - q)
    of_hits = chance * (1 - chance) / n
    of_chance = (
        (2 * p - 1) ** 2 * q * (1 - q) / n
        + (2 * q - 1) ** 2 * p * (1 - p) / n
        + 4 * p * q * (1 - p) * (1 - q) / n**2
    )
    statistic = (hits - chance) / math.sqrt(of_hits - of_chance)
    return Outcome(statistic, normal_tail(statistic), n, left_out=still)
