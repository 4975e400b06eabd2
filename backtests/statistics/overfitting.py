"""The probability of overfitting, by combinatorially symmetric cross-validation (CSCV).

Source: Bailey, Borwein, Lopez de Prado and Zhu (2017), "The Probability of Backtest Overfitting",
Journal of Computational Finance 20(4), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from forecasters.bars import Floats

#: Blocks, as in the source, where there are rows enough; never fewer than the second.
MOST_BLOCKS, FEWEST_BLOCKS = 16, 8
#: Rows that a block must have: of returns, whose ratio is compared, and of errors, whose mean is.
ROWS, ROWS_OF_ERRORS = 30, 10


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
        return _too_few(variants, rows, chosen, least)
    return _overfit(_ratios(distinct, chosen), variants, rows, chosen)


def cscv_of_errors(errors: Floats, least: int = ROWS_OF_ERRORS) -> Overfit:
    """Return the probability that the forecaster with the lowest mean error was picked by luck.

    As `cscv`, but the best of a half is the one with the lowest mean error. A ratio of mean to
    deviation would be no measure here: where all are worse than naive it prefers the unsteady one.

    Parameters
    ----------
    errors : float64, shape [T, K]
        Absolute errors by session, a column a forecaster, oldest first; equal columns count once.

    Examples
    --------
    One of two is better on every session, so in every half:

    >>> errors = np.tile([1.0, 2.0], (80, 1))
    >>> cscv_of_errors(errors).pbo
    0.0
    """
    rows = int(errors.shape[0])
    distinct = np.unique(errors, axis=1) if errors.size else errors
    variants = int(distinct.shape[1])
    chosen = _blocks(rows, least)
    if variants < 2:
        return Overfit(None, variants, rows, 0, 0, "it takes two forecasters that differ")
    if rows < chosen * least:
        return _too_few(variants, rows, chosen, least)
    means = [-total / n for n, total, _ in _halves(distinct, chosen)]
    return _overfit(means, variants, rows, chosen)


def _too_few(variants: int, rows: int, blocks: int, least: int) -> Overfit:
    why = f"{blocks} blocks of {least} sessions each are needed, and there are {rows:,} sessions"
    return Overfit(None, variants, rows, 0, 0, why)


def _overfit(measures: Sequence[Floats], variants: int, rows: int, blocks: int) -> Overfit:
    logits = _logits(measures)
    return Overfit(float(np.mean(logits <= 0)), variants, rows, blocks, int(logits.size))


def _blocks(rows: int, least: int) -> int:
    fitting = (n for n in range(MOST_BLOCKS, FEWEST_BLOCKS, -2) if rows >= n * least)
    return next(fitting, FEWEST_BLOCKS)


def _halves(values: Floats, blocks: int) -> list[tuple[Floats, Floats, Floats]]:
    """Return rows, sums and sums of squares of one half and of the other, each [splits, K].

    Sums are added block by block, never by a matrix product, whose last bits depend on threads.
    """
    parts = np.array_split(values, blocks)
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    inside = np.zeros((len(chosen), blocks, 1), dtype=bool)
    inside[np.arange(len(chosen))[:, None], chosen] = True
    halves = []
    for half in (inside, ~inside):
        n = np.zeros((len(chosen), 1))
        total = np.zeros((len(chosen), values.shape[1]))
        squares = np.zeros_like(total)
        for i, part in enumerate(parts):
            n += np.where(half[:, i], len(part), 0)
            total += np.where(half[:, i], part.sum(axis=0), 0.0)
            squares += np.where(half[:, i], (part**2).sum(axis=0), 0.0)
        halves.append((n, total, squares))
    return halves


def _ratios(returns: Floats, blocks: int) -> list[Floats]:
    """Return mean over standard deviation (n) in one half and in the other; 0 where nothing moves."""
    ratios = []
    for n, total, squares in _halves(returns, blocks):
        mean = total / n
        variance = np.maximum(squares / n - mean**2, 0.0)
        still = variance <= 1e-12 * squares / n
        ratios.append(np.where(still, 0.0, mean / np.sqrt(np.where(still, 1.0, variance))))
    return ratios


def _logits(measures: Sequence[Floats]) -> Floats:
    """Return the logit of the relative rank of the best of each half in the other, [splits].

    `measures` are those of one half and of the other, [splits, K]: more is better.
    """
    seen, unseen = measures
    best = np.take_along_axis(unseen, seen.argmax(axis=1)[:, None], axis=1)
    below, equal = (unseen < best).sum(axis=1), (unseen == best).sum(axis=1)
    rank = (below + (equal + 1) / 2) / (seen.shape[1] + 1)  # equal ones share their mean rank
    return np.asarray(np.log(rank / (1 - rank)))
