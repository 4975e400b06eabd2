"""ARIMA, fitted anew in each fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows
from forecasters.threads.limit import one_thread


@dataclass(kw_only=True)
class ARIMA(Forecaster):
    """ARIMA(1, 1, 1) with drift of the log close: an ARMA(1, 1) of the daily log returns.

    A baseline, not from the sources. It is fitted by maximum likelihood on the fit rows of each fold.
    A forecast computes the residuals of the ARMA model over the sessions of its window, from a
    residual of zero at the start. The window is long, so that this start has almost no effect.

    References
    ----------
    Box and Jenkins 1970, Time series analysis: forecasting and control.
    Brockwell and Davis 1991, Time series: theory and methods (innovations algorithm).

    Examples
    --------
    Daily returns around 0.1%, each 0.4 times the one before, plus noise:

    >>> from numpy.lib.stride_tricks import sliding_window_view
    >>> from forecasters.preparation.windows import Windows
    >>> rng = np.random.default_rng(0)
    >>> returns = rng.normal(0, 0.01, 2000)
    >>> for day in range(1, 2000):
    ...     returns[day] += 0.4 * returns[day - 1]
    >>> close = 100 * np.exp(np.cumsum(0.001 + returns))
    >>> X = sliding_window_view(close, 61)[:-1, :, None]  # [N, L, C]
    >>> days = np.datetime64("2012-01-01") + np.arange(len(X))
    >>> y = np.diff(np.log(close))[60:]
    >>> windows = Windows(X.copy(), y, X[:, -1, 0].copy(), days, names=("close",))
    >>> model = ARIMA().fit(windows, windows, rng)
    >>> round(model.mean_, 3), round(model.ar_ + model.ma_, 1)
    (0.001, 0.4)
    """

    lookback: int = 61
    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
    poolable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target, self.scaler) != ("return", "none"):
            raise InputError(
                f"arima has target {self.target} and scaler {self.scaler}; it allows only return and none"
            )
        if self.clip is not None or self.components is not None:
            raise InputError(
                "arima needs the unchanged closes as input: leave clip and components out"
            )
        if self.lookback < 3:
            raise InputError(
                f"arima has lookback {self.lookback}; it needs at least 3: two returns"
            )

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Estimate the mean, the AR and the MA coefficient from the daily returns of the fit rows."""
        from statsmodels.tsa.arima import model as statsmodels

        returns = _daily_returns(windows)
        series = np.concatenate(
            [returns[0], returns[1:, -1]]
        )  # all of the first window, then the last day of each
        if series.std() == 0:
            self.mean_, self.ar_, self.ma_ = float(series.mean()), 0.0, 0.0
            return self
        with one_thread():
            # Returns in percent: the optimiser works best with numbers near 1.
            model = statsmodels.ARIMA(series * 100, order=(1, 0, 1), trend="c")
            estimate = dict(
                zip(model.param_names, model.fit(method="innovations_mle").params, strict=True)
            )
        self.mean_ = float(estimate["const"]) / 100
        self.ar_, self.ma_ = float(estimate["ar.L1"]), float(estimate["ma.L1"])
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the log return [M] over the horizon."""
        returns = _daily_returns(windows) - self.mean_  # [M, L - 1]
        residual = np.zeros(len(windows))
        for day in range(1, returns.shape[1]):
            expected = self.ar_ * returns[:, day - 1] + self.ma_ * residual
            residual = returns[:, day] - expected
        next_day = self.ar_ * returns[:, -1] + self.ma_ * residual
        weight = sum(self.ar_**day for day in range(windows.horizon))
        return np.asarray(windows.horizon * self.mean_ + weight * next_day)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the mean and the two coefficients."""
        return {name: np.array(getattr(self, f"{name}_")) for name in ("mean", "ar", "ma")}

    def restore(self, state: Mapping[str, NDArray[Any]], channels: int) -> Self:
        """Take them over."""
        self.mean_, self.ar_, self.ma_ = (state[name].item() for name in ("mean", "ar", "ma"))
        return self


def _daily_returns(windows: Windows) -> Floats:
    """Return the log returns [N, L - 1] inside each window, from its unscaled closes."""
    if "close" not in windows.names:
        raise InputError(f"arima needs close among the inputs; they are {', '.join(windows.names)}")
    return np.diff(np.log(windows.X[:, :, windows.names.index("close")]), axis=1)
