"""Which of many forecasts are not distinguishable from the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backtests.statistics.outcome import SAME, too_few
from backtests.statistics.superior import block_length
from forecasters.bars import Floats


@dataclass(frozen=True)
class ConfidenceSet:
    """The forecasts among which the best one is, with probability 1 - size.

    Attributes
    ----------
    kept : tuple of str
        In the order of the names; empty where there is no set.
    p : mapping
        Name to the largest size at which the forecast would still be in the set.
    size : float
    block, draws, n : int
        As in `Superior`.
    no_power : bool
        The set keeps every forecast: these rows distinguish none from the best. That does not say that
        any of them is good.
    why : str
        Why there is no set.
    """

    kept: tuple[str, ...]
    p: Mapping[str, float] = field(default_factory=dict)
    size: float = 0.10
    block: int = 0
    draws: int = 0
    n: int = 0
    no_power: bool = False
    why: str = ""


def model_confidence_set(
    losses: Floats,
    names: Sequence[str],
    horizon: int = 1,
    seed: int = 0,
    size: float = 0.10,
    draws: int = 2000,
) -> ConfidenceSet:
    """Return the set for losses [T, K] of K named forecasts, the benchmark among them.

    Each step compares every forecast with the mean of those that are left (statistic T_max). While
    they differ significantly, the worst is dropped. Forecasts with the same losses enter once, and
    are kept or dropped together.

    References
    ----------
    Hansen, Lunde and Nason 2011, The model confidence set, section 3.1.2. Politis and Romano 1994,
    The stationary bootstrap.
    """
    n = losses.shape[0]
    groups = _groups(losses)
    why = too_few(n)
    if not why and len(groups) < 2:
        why = "the forecasts do not differ"
    if why:
        return ConfidenceSet((), size=size, draws=draws, n=n, why=why)

    from arch.bootstrap import MCS

    once = losses[:, [group[0] for group in groups]]
    centred = once - once.mean(axis=1, keepdims=True)  # what the test compares
    moving = centred[:, np.ptp(centred, axis=0) > SAME * float(np.abs(once).mean())]
    block = block_length(moving, horizon)
    test = MCS(once, size, reps=draws, block_size=block, method="max", seed=seed)
    test.compute()
    of_group = test.pvalues["Pvalue"]
    p_of_column = {k: float(of_group.loc[i]) for i, group in enumerate(groups) for k in group}
    p = {name: p_of_column[k] for k, name in enumerate(names)}
    kept = tuple(name for name in names if p[name] > size)
    return ConfidenceSet(kept, p, size, block, draws, n, no_power=len(kept) == len(names))


def _groups(losses: Floats) -> list[list[int]]:
    """Return the columns in groups of equal losses, ordered by the first column of each group."""
    groups: list[list[int]] = []
    same = SAME * float(np.abs(losses).mean()) if losses.size else 0.0
    for k, column in enumerate(losses.T):
        for group in groups:
            if float(np.abs(column - losses[:, group[0]]).max(initial=0.0)) <= same:
                group.append(k)
                break
        else:
            groups.append([k])
    return groups
