"""How many independent looks a number of dependent looks is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Days, Floats

#: Single precision is enough to draw, and takes half of the time.
Table = NDArray[np.float32]

#: Level at which the largest of the looks is compared with the largest of independent ones.
LEVEL = 0.05
#: Samples of all looks without skill; each also counts with the opposite sign.
DRAWS = 10_000
#: Samples that are drawn at once.
AT_ONCE = 1_000


def effective_looks(
    looks: Sequence[tuple[Days, Floats]],
    counts: Sequence[int],
    dependent: bool = False,
    seed: int = 0,
) -> tuple[float, ...]:
    """Return how many independent looks the first so many of the given ones are worth.

    A look is a daily series whose mean is tested against 0. Each mean over its deviation is drawn
    jointly for all looks, as it would be without skill: the series times random multipliers, one a
    session, the same for every look. So looks at the same days, or by nearly the same forecasts, stay as
    close to each other as they are. The answer is the number of independent looks whose largest statistic
    has the same 95% quantile: 1 for copies of one look, K for K looks that have nothing in common.

    Parameters
    ----------
    looks : sequence of (datetime64[D], float64), each of shape [N]
        Sessions and daily series. A series that never changes, and a copy of
        another, are left out.
    counts : sequence of int
        For each number returned, how many of the looks enter, from the first on.
    dependent : bool
        Whether a series may depend on its own past: the multipliers of neighbouring sessions are then
        correlated, over the cube root of the number of sessions (Bartlett's kernel).
    seed : int
        Seed of the multipliers.

    References
    ----------
    White 2000, A reality check for data snooping. Romano and Wolf 2005, Stepwise multiple testing as
    formalized data snooping. Chernozhukov, Chetverikov and Kato 2013, Gaussian approximations and
    multiplier bootstrap for maxima. Shao 2010, The dependent wild bootstrap.

    Examples
    --------
    >>> days = np.arange("2024-01-01", "2024-12-26", dtype="datetime64[D]")
    >>> first, second = np.random.default_rng(1).standard_normal((2, days.size))
    >>> one, copies, both = effective_looks(
    ...     [(days, first), (days, 3 * first), (days, second)], counts=(1, 2, 3)
    ... )
    >>> one, copies, round(both)
    (1.0, 1.0, 2)
    """
    table, kept = _table(looks)
    entering = [int(np.searchsorted(kept, count)) for count in counts]
    if max(entering, default=0) <= 1:
        return tuple(1.0 for _ in counts)
    rows = table.shape[0]
    table = _smooth(table, math.ceil(rows ** (1 / 3)) if dependent else 1)
    table /= np.sqrt((table**2).sum(axis=0))
    rng = np.random.default_rng(seed)
    stops = sorted(set(entering))
    largest: dict[int, list[Table]] = {stop: [] for stop in stops}
    for _ in range(0, DRAWS, AT_ONCE):
        drawn = rng.standard_normal((AT_ONCE, table.shape[0]), dtype=np.float32) @ table
        high = low = np.full(AT_ONCE, -np.inf, dtype=np.float32)
        begin = 0
        for stop in stops:
            part = drawn[:, begin:stop]
            if part.size:
                high = np.maximum(high, part.max(axis=1))
                low = np.maximum(low, -part.min(axis=1))
            largest[stop] += [high, low]
            begin = stop
    return tuple(_number(largest[stop], stop) for stop in entering)


def _number(largest: Sequence[Table], looks: int) -> float:
    """Return how many independent standard normals have the same 95% quantile of their largest."""
    if looks <= 1:
        return 1.0
    quantile = float(np.quantile(np.concatenate(largest), 1.0 - LEVEL))
    number = math.log(1.0 - LEVEL) / math.log(NormalDist().cdf(quantile))
    return min(max(number, 1.0), float(looks))


def _table(looks: Sequence[tuple[Days, Floats]]) -> tuple[Table, list[int]]:
    """Return the series less their means on the sessions of all, [T, K], and the place of each kept one."""
    columns: dict[bytes, tuple[int, Days, Table]] = {}
    for i, (days, daily) in enumerate(looks):
        if daily.size < 2 or not np.isfinite(daily).all() or not np.ptp(daily) > 0:
            continue
        centred = daily - daily.mean()
        centred = (centred / np.abs(centred).max()).astype(np.float32)
        same = days.tobytes() + centred.round(4).tobytes()
        columns.setdefault(same, (i, days, centred))  # a copy adds nothing
    if not columns:
        return np.zeros((0, 0), dtype=np.float32), []
    sessions = np.unique(np.concatenate([days for _, days, _ in columns.values()]))
    table = np.zeros((sessions.size, len(columns)), dtype=np.float32)
    for column, (_, days, centred) in enumerate(columns.values()):
        table[np.searchsorted(sessions, days), column] = centred
    return table, [i for i, _, _ in columns.values()]


def _smooth(table: Table, block: int) -> Table:
    """Return the sums over `block` sessions, [T + block - 1, K]: their products weigh as Bartlett's kernel."""
    if block <= 1:
        return table
    edge = np.zeros((block, table.shape[1]), dtype=np.float64)
    summed = np.cumsum(np.concatenate([edge, table, edge[1:]]), axis=0)
    return np.asarray(summed[block:] - summed[:-block], dtype=np.float32)
