"""Inputs and target of a forecast, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from forecasters.bars import COLUMNS, Bars, Days, Flags, Floats
from forecasters.errors import InputError, nearest
from forecasters.inputs.extras import Extra
from forecasters.inputs.indicators import NAMES, SMOOTH, USUAL_SMOOTH, indicators

#: What `make_features` can make: the name on the command line and the columns it stands for.
KINDS = {
    "ohlcv": COLUMNS,
    "ohlcv+indicators": (*COLUMNS, *NAMES),
    "ohlcv+indicators-d3": (*COLUMNS, *NAMES),
}
#: Sessions in the indicator %D, for the kinds that have it.
_SMOOTH = {"ohlcv+indicators": SMOOTH, "ohlcv+indicators-d3": USUAL_SMOOTH}


@dataclass(frozen=True, eq=False)
class Features:
    """T sessions of C inputs. Row t uses bars up to t; its target is the close `horizon` sessions later.

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
        False on a halt.
    horizon : int
        Sessions from a row to the close that is its target.

    Raises
    ------
    InputError
        An array has another shape, or an input after the warm-up is not finite.
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
            copy = getattr(self, name).copy()  # the caller's array stays the caller's
            copy.setflags(write=False)
            object.__setattr__(self, name, copy)

    @cached_property
    def warmup(self) -> int:
        """Number of rows at the start in which some input is not known yet."""
        finite = np.isfinite(self.X).all(axis=1)
        return int(finite.argmax()) if finite.any() else finite.size

    def require(self, lookback: int, fit: range) -> None:
        """Raise `InputError` unless a window of `lookback` known sessions ends in `fit`."""
        row = fit.stop - lookback  # the last that such a window can begin in
        if self.warmup <= row or row < 0:  # below 0 the lookback itself is too long
            return
        blamed = np.isnan(self.X[row])  # [C]
        known = np.isfinite(self.X[:, blamed]).all(axis=1)
        first = int(known.argmax())
        when = (
            f"known from session {first + 1} on ({self.sessions[first]})"
            if known.any()
            else f"not known in any of the {known.size} sessions"
        )
        names = ", ".join(name for name, blame in zip(self.names, blamed, strict=True) if blame)
        raise InputError(
            f"{self.ticker}: {names}: {when}; the first training fits on the sessions up to {fit.stop}, in "
            f"windows of {lookback}: raise --train-size, or bring earlier rows (bars: from an earlier "
            "--start)"
        )


def make_features(
    bars: Bars, kind: str = "ohlcv", horizon: int = 1, extras: Sequence[Extra] = ()
) -> Features:
    """Return the features of these bars: row t is known at the close of t.

    Parameters
    ----------
    bars : Bars
        T sessions.
    horizon : int
        Sessions from a row to the close that is its target, 1 or more.
    kind : str
        A name of `KINDS`: ``ohlcv`` (open, high, low, close, volume); ``ohlcv+indicators`` with
        the ten of S3; ``ohlcv+indicators-d3``, where %D is the mean of 3 sessions, not of 10.
    extras : sequence of Extra
        Columns that a user brings, which follow in this order.

    Returns
    -------
    Features
        X of shape [T, C], y and close of shape [T].

    Raises
    ------
    InputError
        There is no such kind, two columns have one name, or a value after the warm-up is missing.

    Examples
    --------
    >>> days = np.array(["2019-01-02", "2019-01-03", "2019-01-04"], dtype="datetime64[D]")
    >>> close = np.array([100.0, 102.0, 101.0])
    >>> bars = Bars("A.KS", days, close, close + 1, close - 1, close, np.array([900.0, 800.0, 700.0]))
    >>> features = make_features(bars)
    >>> features.names, features.X.shape
    (('open', 'high', 'low', 'close', 'volume'), (3, 5))
    >>> features.y.tolist()  # the next close; that of the last session is still to come
    [102.0, 101.0, nan]
    """
    if kind not in KINDS:
        raise InputError(f"unknown features '{kind}'{nearest(kind, KINDS)}")
    _check_names(kind, extras)
    by_name = {name: getattr(bars, name) for name in COLUMNS}
    if kind in _SMOOTH:
        by_name |= indicators(bars, _SMOOTH[kind])
    columns = [by_name[name][:, None] for name in KINDS[kind]]
    columns += [e.of(bars.ticker, bars.sessions[-1]).align(bars.sessions) for e in extras]
    names = (*KINDS[kind], *(name for extra in extras for name in extra.names))
    X = np.concatenate(columns, axis=1)  # [T, C]
    y = np.full(len(bars), np.nan)
    y[: max(len(bars) - horizon, 0)] = bars.close[horizon:]
    return Features(bars.ticker, bars.sessions, names, X, y, bars.close, bars.tradable, horizon)


def _check_names(kind: str, extras: Sequence[Extra]) -> None:
    """Refuse two columns of one name: each channel must have a clear name."""
    taken = dict.fromkeys(KINDS[kind], f"an input of --features {kind}")
    for extra in extras:
        for name in extra.names:
            if (plain := name.casefold()) in taken:
                raise InputError(
                    f"{extra.file}: the column '{name}' is also {taken[plain]}: rename it"
                )
            taken[plain] = f"a column of {extra.file}"
