"""Intervals of the Sharpe ratio and of the total return, by the stationary bootstrap.

Sources: Politis and Romano (1994), "The Stationary Bootstrap"; the mean length of a block after
Politis and White (2004) with the correction of Patton, Politis and White (2009), both from `arch`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats

DRAWS = 2000
#: Share of the resamples outside an interval, half of it on each side.
SIZE = 0.05
#: With fewer returns, or fewer days on which the account moved, no interval of a Sharpe ratio is given.
FEWEST = 30


@dataclass(frozen=True)
class Interval:
    """The middle 95% of the resampled values; both ends are None where `why` gives a reason."""

    low: float | None
    high: float | None
    why: str = ""


@dataclass(frozen=True)
class Resampled:
    """Intervals of one series of returns.

    Attributes
    ----------
    sharpe : Interval
        Of mean over standard deviation (n - 1), per observation.
    total : Interval
        Of the product of 1 + return, less 1.
    block : int or None
        Mean length of a block, in observations.
    """

    sharpe: Interval
    total: Interval
    block: int | None


def resample(
    returns: Floats, seed: int = 0, draws: int = DRAWS, size: float = SIZE
) -> tuple[Resampled, ...]:
    """Return the intervals of each column of simple returns, shape [n, K].

    The intervals of a column depend on that column and the seed alone: columns with the same block
    length share their draws, columns with another length have other draws of the same seed. The
    interval of the Sharpe ratio is None where the account moved on fewer than 30 days. It is also None
    where these days lie so close together that a resample may hold no movement, and so no ratio.

    Parameters
    ----------
    returns : float64, shape [n, K]
        One column an account, one row a session.
    seed, draws : int
        Seed and number of the resamples.
    size : float
        Share of the resamples outside the interval.
    """
    drawn: dict[int, NDArray[np.int64]] = {}
    resampled = []
    for column in np.ascontiguousarray(returns.T):
        why = _why_not(column)
        if why:
            resampled.append(Resampled(Interval(None, None, why), Interval(None, None, why), None))
            continue
        block = block_length(column)
        if block not in drawn:
            drawn[block] = draw(column.size, block, seed, draws)
        resampled.append(_intervals(column, drawn[block], block, size))
    return tuple(resampled)


def _why_not(column: Floats) -> str:
    if column.size < FEWEST:
        return f"fewer than {FEWEST} returns"
    if not np.isfinite(column).all():
        return "the account lost all it had"
    if np.ptp(column) == 0:
        return "every return is the same" if column[0] else "the account never moved"
    return ""


def block_length(returns: Floats) -> int:
    """Return the mean length of a block for returns of shape [n], at least 1.

    Source: Politis and White (2004), corrected 2009, as `arch` has it; rounded up.
    """
    from arch.bootstrap import optimal_block_length

    return max(1, math.ceil(float(optimal_block_length(returns)["stationary"].iloc[0])))


def draw(n: int, block: int, seed: int, draws: int = DRAWS) -> NDArray[np.int64]:
    """Return the rows of each resample of n observations, shape [draws, n], as `arch` draws them."""
    from arch.bootstrap import StationaryBootstrap

    bootstrap = StationaryBootstrap(block, np.arange(n), seed=seed)
    return np.stack([data[0][0] for data in bootstrap.bootstrap(draws)])


def _intervals(column: Floats, rows: NDArray[np.int64], block: int, size: float) -> Resampled:
    values = column[rows]
    spread = values.std(axis=1, ddof=1)
    total = _middle(np.prod(1 + values, axis=1) - 1, size)
    moved = int(np.count_nonzero(column))
    if moved < FEWEST or np.ptp(values, axis=1).min() == 0:
        why = f"it moved on {moved:,} of {column.size:,} days, too few or too close together"
        return Resampled(Interval(None, None, why), total, block)
    return Resampled(_middle(values.mean(axis=1) / spread, size), total, block)


def _middle(values: Floats, size: float) -> Interval:
    low, high = np.quantile(values, [size / 2, 1 - size / 2])
    return Interval(float(low), float(high))
