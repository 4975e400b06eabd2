"""Scaled windows: the input of a forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasters.bars import Days, Floats
from forecasters.errors import InputError


@dataclass(frozen=True, eq=False)
class Windows:
    """N windows of L sessions by C inputs, each known at the close of its `as_of`.

    Attributes
    ----------
    X : float64, shape [N, L, C]
        Scaled inputs; the last of the L sessions is `as_of`.
    y : float64, shape [N]
        Scaled target (the close, or the log return); NaN where it is not known: in test windows.
    last_close : float64, shape [N]
        Close of `as_of`, not scaled.
    as_of : datetime64[D], shape [N]
    names : tuple of str, length C
        The channels.
    horizon : int
        Sessions from `as_of` to the close that is the target.

    Raises
    ------
    InputError
        The shapes do not fit together, or an input is not finite.
    """

    X: Floats
    y: Floats
    last_close: Floats
    as_of: Days
    names: tuple[str, ...] = ()
    horizon: int = 1

    def __post_init__(self) -> None:
        n = self.as_of.size
        if self.X.ndim != 3 or not len(self.X) == len(self.y) == len(self.last_close) == n:
            raise InputError(
                f"windows of shape {self.X.shape} came with {self.y.size} targets, "
                f"{self.last_close.size} closes and {n} dates; X is [N, L, C]"
            )
        if not np.isfinite(self.X).all():
            raise InputError("a window holds a value that is not a finite number")
        for name in ("X", "y", "last_close", "as_of"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return self.as_of.size

    def last(self, number: int) -> Windows:
        """Return the last windows, at most so many."""
        rows = slice(max(0, len(self) - number), None)
        arrays = {name: getattr(self, name)[rows] for name in ("X", "y", "last_close", "as_of")}
        return replace(self, **arrays)


def join(parts: Sequence[Windows]) -> Windows:
    """Return the windows of several tickers as one, in their order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if any((part.names, part.horizon) != (first.names, first.horizon) for part in parts):
        raise InputError("windows of other inputs or horizons cannot be trained on together")
    return Windows(
        X=np.concatenate([part.X for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        last_close=np.concatenate([part.last_close for part in parts]),
        as_of=np.concatenate([part.as_of for part in parts]),
        names=first.names,
        horizon=first.horizon,
    )
