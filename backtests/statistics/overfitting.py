"""The probability of backtest overfitting, by combinatorially symmetric cross-validation (CSCV).

Source: Bailey, Borwein, Lopez de Prado and Zhu (2017), "The Probability of Backtest Overfitting",
Journal of Computational Finance 20(4), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from forecasters.bars import Floats

#: Blocks, as in the source, where there are rows enough; never fewer than the second.
MOST_BLOCKS, FEWEST_BLOCKS = 16, 8
#: Rows that a block must have.
ROWS = 30


@dataclass(frozen=True)
class Overfit:
    """How often the best of one half of the sessions is not above the middle in the other half.

    Attributes
    ----------
    pbo : float or None
        The share of the splits in which it is not: 0.5 for variants without skill.
    variants : int
        Columns that moved; equal ones count once.
    rows, blocks, splits : int
        Sessions, the blocks they were cut into, and the ways to choose half of those.
    why : str
        Why `pbo` is None.
    """

    pbo: float | None
    variants: int
    rows: int
    blocks: int
    splits: int
    why: str = ""


def cscv(returns: Floats, blocks: int | None = None, least: int = ROWS) -> Overfit:
    """Return the probability that the best by Sharpe ratio was picked by luck.

    Parameters
    ----------
    returns : float64, shape [T, K]
        Simple returns, a column a variant, oldest first. A column without any movement cannot be
        the best and is left out. Where a column does not move in one half, its ratio there is 0.
    blocks : int or None
        An even number; None: 16, and fewer, down to 8, where a block would have fewer than `least` rows.

    A split counts as overfit where the logit of the relative rank in the other half is 0 or below, as
    in the source. So an odd number of variants without skill gives a little more than 0.5.

    Raises
    ------
    ValueError
        `blocks` is not an even number of 2 or more.
    """
    rows = int(returns.shape[0])
    finite = bool(np.isfinite(returns).all())
    moved = returns[:, np.ptp(returns, axis=0) != 0] if rows else returns[:, :0]
    distinct = np.unique(moved, axis=1) if moved.size else moved
    variants = int(distinct.shape[1])
    chosen = _blocks(rows, least) if blocks is None else blocks
    if chosen < 2 or chosen % 2:
        raise ValueError(f"{chosen} blocks; an even number is needed")
    if not finite:
        return Overfit(None, variants, rows, 0, 0, "an account lost all it had")
    if variants < 2:
        return Overfit(None, variants, rows, 0, 0, "it takes two variants that traded differently")
    if rows < chosen * least:
        needed = (
            f"{chosen} blocks of {least} sessions each are needed, and there are {rows:,} sessions"
        )
        return Overfit(None, variants, rows, 0, 0, needed)
    logits = _logits(distinct, chosen)
    return Overfit(float(np.mean(logits <= 0)), variants, rows, chosen, int(logits.size))


def _blocks(rows: int, least: int) -> int:
    fitting = (n for n in range(MOST_BLOCKS, FEWEST_BLOCKS, -2) if rows >= n * least)
    return next(fitting, FEWEST_BLOCKS)


def _logits(returns: Floats, blocks: int) -> Floats:
    """Return the logit of the relative rank of the best of each half in the other, [splits].

    Sums are added block by block, never by a matrix product, whose last bits depend on threads.
    """
    parts = np.array_split(returns, blocks)
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    inside = np.zeros((len(chosen), blocks, 1), dtype=bool)
    inside[np.arange(len(chosen))[:, None], chosen] = True
    ratios = []
    for half in (inside, ~inside):
        n = np.zeros((len(chosen), 1))
        total = np.zeros((len(chosen), returns.shape[1]))
        squares = np.zeros_like(total)
        for i, part in enumerate(parts):
            n += np.where(half[:, i], len(part), 0)
            total += np.where(half[:, i], part.sum(axis=0), 0.0)
            squares += np.where(half[:, i], (part**2).sum(axis=0), 0.0)
        mean = total / n
        variance = np.maximum(squares / n - mean**2, 0.0)
        still = variance <= 1e-12 * squares / n
        ratios.append(np.where(still, 0.0, mean / np.sqrt(np.where(still, 1.0, variance))))
    seen, unseen = ratios
    best = np.take_along_axis(unseen, seen.argmax(axis=1)[:, None], axis=1)
    below, equal = (unseen < best).sum(axis=1), (unseen == best).sum(axis=1)
    rank = (below + (equal + 1) / 2) / (returns.shape[1] + 1)  # equal ones share their mean rank
    return np.asarray(np.log(rank / (1 - rank)))
