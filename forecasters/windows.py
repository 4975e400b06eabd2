"""Scaled windows of one fold: what a forecaster is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Days, Flags, Floats
from forecasters.errors import InputError, nearest
from forecasters.features import Features
from forecasters.folds import Fold
from forecasters.scaling import Scaler, fit_scaler

#: What can be learned, and the scaler of that target: a price lies in a range, a return has a
#: spread. With the scaler `none` the target is not scaled either.
TARGETS = {"close": "minmax", "return": "standard"}


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
        What the channels are.
    horizon : int
        Sessions from `as_of` to the close that is the target.
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


@dataclass(frozen=True, eq=False)
class FoldWindows:
    """The windows of one fold, and the way back from a scaled answer to a close.

    Attributes
    ----------
    fit, validation, test : Windows
        Halts are left out of `fit` and `validation`, as row and as target; `test` has every row.
    target : str
        ``close`` or ``return``.
    target_scaler : Scaler
        Fitted on the targets of `fit`.
    outside : bool, shape [M]
        Test rows with an input outside the range of the fit rows.
    """

    fit: Windows
    validation: Windows
    test: Windows
    target: str
    target_scaler: Scaler
    outside: Flags

    def close(self, predicted: Floats) -> Floats:
        """Return the forecast closes [M] of a forecaster's scaled answer [M] to `test`."""
        if predicted.shape != (len(self.test),) or not np.isfinite(predicted).all():
            raise InputError(
                f"a forecaster must answer {len(self.test)} finite numbers, it gave "
                f"{int(np.isfinite(predicted).sum())} in shape {predicted.shape}"
            )
        value = self.target_scaler.inverse(predicted[:, None])[:, 0]
        return value if self.target == "close" else self.test.last_close * np.exp(value)


def cut_windows(
    features: Features, fold: Fold, lookback: int, target: str, scaler: str
) -> FoldWindows:
    """Return the windows of one fold; both scalers see the fit rows alone.

    Raises
    ------
    InputError
        The fold has no complete window to fit on: the lookback is too long or all are halts.
    """
    if target not in TARGETS:
        raise InputError(f"unknown target '{target}'{nearest(target, TARGETS)}")
    if features.horizon != fold.horizon:
        raise InputError(
            f"{features.ticker}, fold {fold.name}: features look {features.horizon} ahead, the fold "
            f"was cut for a horizon of {fold.horizon}: its labels would be known too late"
        )
    first = features.warmup + lookback - 1
    fit = _labelled(features, fold.fit, first)
    if fit.size == 0:
        raise InputError(
            f"{features.ticker}, fold {fold.name}: no complete window of {lookback} sessions among "
            f"{len(fold.fit)} fit rows; lower --lookback or raise --train-size"
        )
    validation = _labelled(features, fold.validation, first)
    fitted = np.arange(max(fold.fit.start, features.warmup), fold.fit.stop)
    seen = features.X[fitted[features.tradable[fitted]]]  # [rows, C]
    input_scaler = fit_scaler(scaler, seen, features.names)
    test = np.arange(fold.test.start, fold.test.stop)
    if test[0] < first:
        raise InputError(
            f"{features.ticker}: the first forecast needs {first + 1} sessions, --train-size gives "
            f"{test[0]}; raise it or lower --lookback"
        )
    y = features.y if target == "close" else np.log(features.y / features.close)
    target_scaler = fit_scaler("none" if scaler == "none" else TARGETS[target], y[fit, None])
    scaled = input_scaler.transform(features.X)  # [T, C]
    target_scaled = target_scaler.transform(y[:, None])[:, 0]
    target_scaled[test] = np.nan

    def windows(rows: NDArray[np.intp]) -> Windows:
        return Windows(
            X=scaled[rows[:, None] + np.arange(1 - lookback, 1)],  # [N, L, C]
            y=target_scaled[rows],
            last_close=features.close[rows],
            as_of=features.sessions[rows],
            names=features.names,
            horizon=features.horizon,
        )

    row = features.X[test]
    outside = ((row < seen.min(axis=0)) | (row > seen.max(axis=0))).any(axis=1)
    return FoldWindows(
        windows(fit), windows(validation), windows(test), target, target_scaler, outside
    )


def _labelled(features: Features, rows: range, first: int) -> NDArray[np.intp]:
    """Return the rows with a complete window and a target, neither of them a halt."""
    kept = np.arange(max(rows.start, first), rows.stop)
    label = kept + features.horizon
    return kept[features.tradable[kept] & features.tradable[label]]
