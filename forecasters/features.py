"""Inputs and target of a forecast, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from forecasters.bars import COLUMNS, Bars, Days, Flags, Floats
from forecasters.errors import InputError, nearest

#: What `make_features` can make: the name on the command line and the columns it stands for.
KINDS = {"ohlcv": COLUMNS}


@dataclass(frozen=True, eq=False)
class Features:
    """T sessions of C inputs. Row t uses bars up to t; its target is the close `horizon` later.

    Attributes
    ----------
    sessions : datetime64[D], shape [T]
    names : tuple of str, length C
    X : float64, shape [T, C]
        NaN only in the first `warmup` rows.
    y : float64, shape [T]
        close[t + horizon], known at the close of t + horizon; the last `horizon` rows are NaN.
    close : float64, shape [T]
        close[t], in the currency of the listing: the naive forecast.
    tradable : bool, shape [T]
    """

    ticker: str
    sessions: Days
    names: tuple[str, ...]
    X: Floats
    y: Floats
    close: Floats
    tradable: Flags
    horizon: int = 1

    def __post_init__(self) -> None:
        t = self.sessions.size
        if self.X.shape != (t, len(self.names)):
            raise InputError(
                f"Features.X has shape {self.X.shape} for {t} sessions x {len(self.names)} names"
            )
        for name in ("y", "close", "tradable"):
            if getattr(self, name).shape != (t,):
                raise InputError(
                    f"Features.{name} has shape {getattr(self, name).shape}, not ({t},)"
                )
        if self.horizon < 1:
            raise InputError(
                f"the horizon is {self.horizon}; a forecast looks at least 1 session ahead"
            )
        if not np.isfinite(self.X[self.warmup :]).all():
            raise InputError(f"{self.ticker}: an input after the warm-up is not a finite number")
        for name in ("sessions", "X", "y", "close", "tradable"):
            own = getattr(self, name).copy()  # the caller's array stays the caller's
            own.setflags(write=False)
            object.__setattr__(self, name, own)

    @cached_property
    def warmup(self) -> int:
        """Rows at the start in which some input is not known yet."""
        finite = np.isfinite(self.X).all(axis=1)
        return int(finite.argmax()) if finite.any() else finite.size


def make_features(bars: Bars, kind: str = "ohlcv", horizon: int = 1) -> Features:
    """Return the features of these bars; `kind` names the inputs (open, high, low, close, volume)."""
    if kind not in KINDS:
        raise InputError(f"unknown features '{kind}'{nearest(kind, KINDS)}")
    names = KINDS[kind]
    y = np.full(len(bars), np.nan)
    y[: max(len(bars) - horizon, 0)] = bars.close[horizon:]
    X = np.stack([getattr(bars, name) for name in names], axis=1)  # [T, C]
    return Features(bars.ticker, bars.sessions, names, X, y, bars.close, bars.tradable, horizon)
