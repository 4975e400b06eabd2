"""How inputs and target are prepared for a forecaster, and how its answer becomes a close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.errors import InputError, nearest
from forecasters.features import Features
from forecasters.preparation.outliers import Bounds, fit_bounds
from forecasters.preparation.reduction import REDUCTIONS, Reduction, fit_reduction
from forecasters.preparation.scaling import SCALERS, Scaler, fit_scaler
from forecasters.preparation.windows import Windows

#: The possible targets and their scalers: a price lies in a range, a return has a standard deviation.
#: With the scaler `none` the target is not scaled either.
TARGETS = {"close": "minmax", "return": "standard"}

#: A forecast close of more than so many times the last close is no price: its square would overflow soon.
BEYOND = 1e9


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """The settings. The order is: clip outliers, scale, reduce, cut windows.

    Attributes
    ----------
    lookback : int
        Sessions in a window, the newest one included.
    target : str
        ``close``, the price itself as in the sources, or ``return``, the log return.
    scaler : str
        ``minmax``, ``together`` (prices share a range), ``standard`` or ``none``.
    clip : float or None
        Robust score beyond which an input is set back to the bound (S1 removes outliers); None:
        outliers are counted and left.
    reduction : str
        ``pca`` or ``svd``.
    components : int or None
        How many inputs the reduction leaves; None: no reduction.

    Raises
    ------
    InputError
        A name is not known, or a number lies outside its range.
    """

    lookback: int = 1
    target: str = "close"
    scaler: str = "minmax"
    clip: float | None = None
    reduction: str = "pca"
    components: int | None = None

    def __post_init__(self) -> None:
        if self.lookback < 1:
            raise InputError(f"lookback is {self.lookback}; a window holds at least 1 session")
        for name, known in (("target", TARGETS), ("scaler", SCALERS), ("reduction", REDUCTIONS)):
            if (value := getattr(self, name)) not in known:
                raise InputError(f"{name} is '{value}'{nearest(value, known)}")
        for name in ("clip", "components"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(f"{name} is {value}; give a number above 0, or none")

    def fit(
        self, features: Features, rows: NDArray[np.intp], labelled: NDArray[np.intp]
    ) -> Transform:
        """Return the transform of one fold.

        Parameters
        ----------
        features : Features
        rows : int, shape [N]
            The fit rows: bounds, scaler and reduction are fitted on their inputs.
        labelled : int, shape [M]
            The fit rows with a label: the scaler of the target is fitted on them.
        """
        seen = features.X[rows]  # [N, C]
        bounds = None if self.clip is None else fit_bounds(seen, self.clip)
        clipped = seen if bounds is None else bounds.clip(seen)
        scaler = fit_scaler(self.scaler, clipped, features.names)
        reduction = None
        if self.components is not None:
            reduction = fit_reduction(self.reduction, scaler.transform(clipped), self.components)
        target = features.y if self.target == "close" else np.log(features.y / features.close)
        return Transform(
            settings=self,
            names=features.names,
            bounds=bounds,
            scaler=scaler,
            reduction=reduction,
            target_scaler=fit_scaler(
                "none" if self.scaler == "none" else TARGETS[self.target], target[labelled, None]
            ),
        )


@dataclass(frozen=True, eq=False)
class Transform:
    """What one fold fitted on one ticker: it turns rows into windows, and an answer into a close."""

    settings: Preprocessing
    names: tuple[str, ...]
    bounds: Bounds | None
    scaler: Scaler
    reduction: Reduction | None
    target_scaler: Scaler

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels of a window."""
        if self.reduction is None:
            return self.names
        return tuple(
            f"{self.settings.reduction}{n + 1}" for n in range(len(self.reduction.directions))
        )

    def windows(
        self, features: Features, rows: NDArray[np.intp], *, labelled: bool = True
    ) -> Windows:
        """Return the windows that end in `rows` [N]; with `labelled=False` their targets are NaN."""
        X = features.X if self.bounds is None else self.bounds.clip(features.X)
        X = self.scaler.transform(X)  # [T, C]
        if self.reduction is not None:
            X = self.reduction.transform(X)  # [T, k]
        y = np.full(rows.size, np.nan)
        if labelled:
            y = features.y[rows]
            if self.settings.target == "return":
                y = np.log(y / features.close[rows])
            y = self.target_scaler.transform(y[:, None])[:, 0]
        return Windows(
            X=X[rows[:, None] + np.arange(1 - self.settings.lookback, 1)],  # [N, L, C]
            y=y,
            last_close=features.close[rows],
            as_of=features.sessions[rows],
            names=self.channels,
            horizon=features.horizon,
        )

    def close(self, predicted: Floats, last_close: Floats) -> Floats:
        """Return the forecast closes [M] of a forecaster's scaled answer [M].

        Raises
        ------
        InputError
            The shape is wrong, an answer is not finite, or its close is beyond every price.
        """
        if predicted.shape != last_close.shape or not np.isfinite(predicted).all():
            raise InputError(
                f"a forecaster must answer {last_close.size} finite numbers, it gave "
                f"{int(np.isfinite(predicted).sum())} in shape {predicted.shape}"
            )
        value = self.target_scaler.inverse(predicted[:, None])[:, 0]
        if self.settings.target == "return":
            with np.errstate(over="ignore"):
                value = last_close * np.exp(value)
        beyond = ~(np.abs(value) <= BEYOND * last_close)  # also NaN
        if beyond.any():
            row = int(np.flatnonzero(beyond)[0])
            raise InputError(
                f"the forecast close {value[row]:.4g} after a close of {last_close[row]:.4g} is beyond every "
                f"price (its scaled answer is {predicted[row]:.4g}): lower the learning rate, or look at "
                "the scale of the answer"
            )
        return np.asarray(value)
