"""Whether the best of many forecasts is better than a benchmark, beyond the luck of many trials."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backtests.statistics.long_run import bandwidth, long_run_covariance
from backtests.statistics.outcome import SAME, too_few
from forecasters.bars import Floats


@dataclass(frozen=True)
class Superior:
    """The test that no variant is better than the benchmark.

    Attributes
    ----------
    p_lower, p, p_upper : float or None
        Hansen's consistent p value between its two bounds. In the lower bound variants that are
        clearly worse than the benchmark do not count; in the upper bound they count as if they were
        as good as it.
    block : int
        Mean length, in rows, of the blocks that the bootstrap draws.
    draws, n, variants : int
        Samples drawn, rows, and variants that entered: those that ever differ from the benchmark.
    why : str
        Why there is no p.
    """

    p_lower: float | None
    p: float | None
    p_upper: float | None
    block: int
    draws: int
    n: int
    variants: int
    why: str = ""


def block_length(columns: Floats, horizon: int) -> int:
    """Return the mean block of the stationary bootstrap for series [T, K] that vary.

    The median over the columns of what Politis and White (2004; corrected by Patton, Politis and White
    2009) find best for a mean, rounded up, and at least the horizon.
    """
    from arch.bootstrap import optimal_block_length

    best = optimal_block_length(columns)["stationary"].to_numpy()
    return max(horizon, 1, math.ceil(float(np.median(best))))


def superior_predictive_ability(
    benchmark_loss: Floats, losses: Floats, horizon: int = 1, seed: int = 0, draws: int = 2000
) -> Superior:
    """Test losses [T, K] of K variants against those [T] of a benchmark.

    The gain of each variant is divided by its long-run deviation, as in Hansen. `arch` does not divide,
    whatever its `studentize` says, and a variant with large swings would then dominate the others.
    Where no variant gains on average, the statistic is 0; no sample lies below 0, so p is 1.

    References
    ----------
    Hansen 2005, A test for superior predictive ability, section 2. White 2000, A reality check for
    data snooping. Politis and Romano 1994, The stationary bootstrap.
    """
    n = benchmark_loss.size
    gains = benchmark_loss[:, None] - losses  # [T, K]
    same = SAME * float(np.abs(benchmark_loss).mean()) if n else 0.0
    gains = gains[:, np.ptp(gains, axis=0) > same] if n else gains
    variants, why = gains.shape[1], too_few(n)
    if not why and bandwidth(n, horizon) >= n:
        why = f"{n} days are too few for a horizon of {horizon}"
    if not why and not variants:
        why = "no variant differs from the benchmark"
    if why:
        return Superior(None, None, None, 0, draws, n, variants, why)

    block = block_length(gains, horizon)
    if gains.mean(axis=0).max() <= 0:
        return Superior(1.0, 1.0, 1.0, block, draws, n, variants)

    from arch.bootstrap import SPA

    lag = bandwidth(n, horizon)
    deviation = [math.sqrt(long_run_covariance([column], lag)[0, 0]) for column in gains.T]
    test = SPA(np.zeros(n), -gains / np.array(deviation), block_size=block, reps=draws, seed=seed)
    test.compute()
    lower, middle, upper = (float(test.pvalues[k]) for k in ("lower", "consistent", "upper"))
    return Superior(lower, middle, upper, block, draws, n, variants)
