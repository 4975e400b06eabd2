"""The windows of one fold of one ticker."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Flags, Floats
from forecasters.errors import InputError
from forecasters.features import Features
from forecasters.preparation.outliers import fit_bounds
from forecasters.preparation.preprocessing import Preprocessing, Transform
from forecasters.preparation.windows import Windows
from forecasters.walk_forward.folds import Fold


@dataclass(frozen=True, eq=False)
class FoldWindows:
    """Windows to fit, to watch and to forecast, and the transform from a scaled answer to a close.

    Attributes
    ----------
    fit, validation, test : Windows
        Halts are left out of `fit` and `validation`, as row and as target; `test` has every row.
    transform : Transform
        Fitted on the rows of `fit`.
    outside : bool, shape [M]
        Test rows with an input outside the range of the fit rows.
    outliers : float
        Share of the fit rows that hold an outlier, by its robust score. S1 removes outliers; here they
        are clipped only if the user asks for it.
    """

    fit: Windows
    validation: Windows
    test: Windows
    transform: Transform
    outside: Flags
    outliers: float

    def close(self, predicted: Floats) -> Floats:
        """Return the forecast closes [M] of a forecaster's scaled answer [M] to `test`."""
        return self.transform.close(predicted, self.test.last_close)

    def centre(self, answer: Callable[[Windows], Floats]) -> float:
        """Return the mean forecast return of the validation windows; NaN where there are none.

        Everything in it is known before the first test row is forecast.
        """
        if not len(self.validation):
            return math.nan
        return float(
            np.mean(self.known(answer, self.validation) / self.validation.last_close - 1.0)
        )

    def known(self, answer: Callable[[Windows], Floats], windows: Windows) -> Floats:
        """Return forecast closes [N] of windows whose outcome is known: `fit` or `validation`.

        `answer` takes windows and returns a scaled answer [N]; like test windows, these come without
        their labels.
        """
        shown = replace(windows, y=np.full(len(windows), np.nan))
        return self.transform.close(answer(shown), shown.last_close)


def cut_windows(features: Features, fold: Fold, preprocessing: Preprocessing) -> FoldWindows:
    """Return the windows of one fold; everything that is fitted sees the fit rows alone.

    Raises
    ------
    InputError
        The fold has no complete window to fit on: the lookback is too long or all are halts.
    """
    where = f"{features.ticker}, fold {fold.name}"
    if features.horizon != fold.horizon:
        raise InputError(
            f"{where}: features look {features.horizon} ahead, the fold "
            f"was cut for a horizon of {fold.horizon}: its labels would be known too late"
        )
    lookback = preprocessing.lookback
    first = features.warmup + lookback - 1
    fit = _labelled(features, fold.fit, first)
    if fit.size == 0:
        raise InputError(
            f"{where}: no complete window of {lookback} sessions among "
            f"{len(fold.fit)} fit rows; lower --lookback or raise --train-size"
        )
    test = np.arange(fold.test.start, fold.test.stop)
    if test[0] < first:
        raise InputError(
            f"{features.ticker}: the first forecast needs {first + 1} sessions, --train-size gives "
            f"{test[0]}; raise it or lower --lookback"
        )
    fitted = np.arange(max(fold.fit.start, features.warmup), fold.fit.stop)
    fitted = fitted[features.tradable[fitted]]
    transform = preprocessing.fit(features, fitted, fit)
    seen, row = features.X[fitted], features.X[test]
    return FoldWindows(
        fit=transform.windows(features, fit),
        validation=transform.windows(features, _labelled(features, fold.validation, first)),
        test=transform.windows(features, test, labelled=False),
        transform=transform,
        outside=((row < seen.min(axis=0)) | (row > seen.max(axis=0))).any(axis=1),
        outliers=float(fit_bounds(seen).outside(seen).mean()),
    )


def _labelled(features: Features, rows: range, first: int) -> NDArray[np.intp]:
    """Return the rows with a complete window and a target, neither of them a halt."""
    kept = np.arange(max(rows.start, first), rows.stop)
    label = kept + features.horizon
    return kept[features.tradable[kept] & features.tradable[label]]
