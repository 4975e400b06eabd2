"""Rises of a price by a threshold: the days that were called, and those that came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from forecasters.bars import Flags, Floats
from forecasters.forecasts import Forecasts
from strategies.rule import lowest_risen

#: Within this share of the bound a price is compared digit by digit, as the rule does.
NEAR = 1e-9


def at_least(price: Floats, last_close: Floats, level: float) -> Flags:
    """Return where the price is `level` or more above the last close; exactly 5% counts.

    The bound is that of the rule: a diagnosis that rounded otherwise would count a day that the
    rule did not see.
    """
    bound = last_close * (1 + level)
    reached = np.asarray(price >= bound)
    for row in np.flatnonzero(np.abs(price - bound) <= NEAR * bound):
        reached[row] = price[row] >= lowest_risen(last_close[row], level)
    return reached


def _joined(forecasts: Sequence[Forecasts], name: str) -> Any:
    """Return one column of all tickers, one after the other."""
    return np.concatenate([getattr(f, name) for f in forecasts])


def called_and_came(forecasts: Sequence[Forecasts], level: float) -> tuple[Flags, Flags]:
    """Return the judged rows whose forecast rose `level` or more, and those whose close did.

    One ticker after the other, each [N] of all rows together.
    """
    judged, last_close = _joined(forecasts, "judged"), _joined(forecasts, "last_close")
    called = judged & at_least(_joined(forecasts, "close"), last_close, level)
    came = judged & at_least(_joined(forecasts, "actual"), last_close, level)
    return called, came
