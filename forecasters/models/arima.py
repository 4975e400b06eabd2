"""ARIMA: the classic of time series, refitted in every fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.preparation.windows import Windows
from forecasters.threads.limit import one_thread


@dataclass(kw_only=True)
class ARIMA(Forecaster):
    """ARIMA(1, 1, 1) with drift of the log close: an ARMA(1, 1) of the daily log returns.

    An opponent, not from the sources. It is fitted by maximum likelihood on the fit rows of each
    fold. A forecast runs the recursion over the sessions of its window. The window is long, so that
    the shocks before it no longer matter.

    References
    ----------
    Box and Jenkins 1970, Time series analysis: forecasting and control.
    Brockwell and Davis 1991, Time series: theory and methods (innovations algorithm).
    """

    lookback: int = 61
    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
    poolable: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.target, self.scaler) != ("return", "none"):
            raise InputError("arima has one form only: leave its target and scaler as they are")
        if self.clip is not None or self.components is not None:
            raise InputError(
                "arima reads the closes themselves: leave clip and components as they are"
            )
        if self.lookback < 3:
            raise InputError(f"arima has lookback {self.lookback}; two returns need 3 sessions")

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Estimate mean, AR and MA coefficient from the daily returns of the fit rows."""
        from statsmodels.tsa.arima import model as statsmodels

        returns = _daily_returns(windows)
        series = np.concatenate([returns[0], returns[1:, -1]])  # the first window, then a day each
        if series.std() == 0:
            self.mean_, self.ar_, self.ma_ = float(series.mean()), 0.0, 0.0
            return self
        with one_thread():
            # Returns in percent: the optimiser's steps are made for numbers near 1.
            model = statsmodels.ARIMA(series * 100, order=(1, 0, 1), trend="c")
            estimate = dict(
                zip(model.param_names, model.fit(method="innovations_mle").params, strict=True)
            )
        self.mean_ = float(estimate["const"]) / 100
        self.ar_, self.ma_ = float(estimate["ar.L1"]), float(estimate["ma.L1"])
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the log return [M] over the horizon; the shock before the window counts as zero."""
        returns = _daily_returns(windows) - self.mean_  # [M, L - 1]
        shock = np.zeros(len(windows))
        for day in range(1, returns.shape[1]):
            expected = self.ar_ * returns[:, day - 1] + self.ma_ * shock
            shock = returns[:, day] - expected
        next_day = self.ar_ * returns[:, -1] + self.ma_ * shock
        fading = sum(self.ar_**day for day in range(windows.horizon))
        return np.asarray(windows.horizon * self.mean_ + fading * next_day)


def _daily_returns(windows: Windows) -> Floats:
    """Return the log returns [N, L - 1] inside each window, from its unscaled closes."""
    if "close" not in windows.names:
        raise InputError(f"arima needs the close among the inputs: {', '.join(windows.names)}")
    return np.diff(np.log(windows.X[:, :, windows.names.index("close")]), axis=1)
