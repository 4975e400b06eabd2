"""Rises of a price by a threshold: the days on which one was forecast, and the days on which it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from forecasters.bars import Flags, Floats
from forecasters.forecasts import Forecasts
from strategies.rule import lowest_risen

#: A price closer to the bound than this share of it is compared to 12 digits, as the rule does.
NEAR = 1e-9


def at_least(price: Floats, last_close: Floats, level: float) -> Flags:
    """Return where the price is `level` or more above the last close; a rise of exactly `level` counts.

    The bound is that of the rule: with another rounding a diagnosis would count days that the rule
    did not count.

    Parameters
    ----------
    price, last_close : float64, shape [N]
    level : float
        A share: 0.05.

    Returns
    -------
    bool, shape [N]
    """
    bound = last_close * (1 + level)
    reached = np.asarray(price >= bound)
    for row in np.flatnonzero(np.abs(price - bound) <= NEAR * bound):
        reached[row] = price[row] >= lowest_risen(last_close[row], level)
    return reached


def joined(forecasts: Sequence[Forecasts], name: str) -> Any:
    """Return one column of all tickers, one after the other."""
    return np.concatenate([getattr(f, name) for f in forecasts])


def called_and_came(forecasts: Sequence[Forecasts], level: float) -> tuple[Flags, Flags]:
    """Return the judged rows whose forecast rose by `level` or more, and the rows whose close did.

    Both are [N], the rows of all tickers, one ticker after the other.
    """
    judged, last_close = joined(forecasts, "judged"), joined(forecasts, "last_close")
    called = judged & at_least(joined(forecasts, "close"), last_close, level)
    came = judged & at_least(joined(forecasts, "actual"), last_close, level)
    return called, came
