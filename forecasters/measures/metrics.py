"""Errors of forecast closes, over the rows that can be judged."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from forecasters.bars import Floats
from forecasters.forecasts import Forecasts
from forecasters.measures.correlation import correlation, pearson
from forecasters.measures.deciles import deciles
from forecasters.measures.direction import direction
from forecasters.measures.lag import lag_test
from forecasters.measures.relative_error import relative_error


def mape(actual: Floats, forecast: Floats) -> float:
    """Return the mean absolute percentage error, in percent. Source: S3, section on measures."""
    return float(np.mean(np.abs((actual - forecast) / actual)) * 100)


def mae(actual: Floats, forecast: Floats) -> float:
    """Return the mean absolute error, in the currency of the prices."""
    return float(np.mean(np.abs(actual - forecast)))


def rmse(actual: Floats, forecast: Floats) -> float:
    """Return the root of the mean squared error, in the currency of the prices. Source: S1, S2."""
    return float(np.sqrt(np.mean((actual - forecast) ** 2)))


def nrmse(actual: Floats, forecast: Floats, by: str = "mean") -> float:
    """Return RMSE over the mean (or the range) of the actual closes, in percent.

    S3 prints an NRMSE without defining it; its ratio to MAPE is that of RMSE over the mean. NaN
    where the closes have no range: one row, or a price that never moved.
    """
    scale = float(np.mean(actual) if by == "mean" else np.ptp(actual))
    return rmse(actual, forecast) / scale * 100 if scale else math.nan


def mase(actual: Floats, forecast: Floats, scale: float | None) -> float | None:
    """Return the mean absolute scaled error; None without a scale.

    The scale is naive's mean absolute error in sample: over the fit rows of the first fold, as far
    ahead as the forecast looks (`Forecasts.mase_scale`). So below 1 is less than naive erred *there*:
    after a rise of the price naive itself is above 1. Against naive on the same days stand
    `theil_u` and the ratio of the MAE. Source: Hyndman and Koehler (2006), section 3.
    """
    return mae(actual, forecast) / scale if scale else None


def theil_u(actual: Floats, forecast: Floats, last_close: Floats) -> float | None:
    """Return RMSE over that of naive on the same rows; None where naive made no error.

    1 is naive, below 1 a smaller error. Source: Theil (1966), the second U, in levels: the relative
    RMSE of Hyndman and Koehler (2006).
    """
    naive = rmse(actual, last_close)
    return rmse(actual, forecast) / naive if naive else None


def r2_return(actual: Floats, forecast: Floats, last_close: Floats) -> float | None:
    """Return R2 of log returns against the forecast of no change; None where nothing moved.

    1 - sum (r - f)^2 / sum r^2 with r the realised and f the forecast log return from the last
    close. 0 is naive; daily prices rarely allow more than 0.01. The R2 of price levels, near 1 for
    naive on any random walk, is not this. None too for a forecast that is not above 0. Source:
    Campbell and Thompson (2008), with zero for the mean return, as Gu, Kelly and Xiu (2020) take it.
    """
    if (forecast <= 0).any():
        return None
    realised, predicted = np.log(actual / last_close), np.log(forecast / last_close)
    spread = float(np.sum(realised**2))
    return 1 - float(np.sum((realised - predicted) ** 2)) / spread if spread else None


def pearson_level(forecasts: Forecasts) -> tuple[float | None, float | None]:
    """Return Pearson's r and two-sided p of actual and forecast *closes*, as S3 prints them.

    Only for a comparison with S3's tables: closes trend, so r is near 1 for naive as well, and p,
    which takes the days as independent, means nothing.
    """
    rows = forecasts.judged
    return pearson(forecasts.actual[rows], forecasts.close[rows])


def forecast_metrics(forecasts: Forecasts) -> dict[str, Any]:
    """Return the errors of the mean forecast, those of naive on the same rows, and more; JSON-able.

    Keys: rows; mape, mape_naive, mape_by_seed, nrmse, nrmse_range (percent); mae, mae_naive, rmse,
    rmse_naive (currency); mase, theil_u, r2_return; correlation of forecast and realised return;
    relative_error, direction, lag, deciles: the fields of `RelativeError` (S1's returns),
    `DirectionalAccuracy`, `Lag`, `Deciles`; largest and smallest
    forecast return and the share of rows outside the fitted range (as shares). None is a figure
    without meaning: an error where no row can be judged, a range of one row.
    """
    made = np.isfinite(forecasts.close)
    returns = forecasts.forecast_return[made]
    return {
        "rows": int(forecasts.judged.sum()),
        **(_errors(forecasts) if forecasts.judged.any() else _nothing()),
        "largest_forecast_return": float(returns.max()) if made.any() else None,
        "smallest_forecast_return": float(returns.min()) if made.any() else None,
        "outside_share": float(forecasts.outside[made].mean()) if made.any() else None,
    }


def _errors(forecasts: Forecasts) -> dict[str, Any]:
    """Return all that needs a judged row."""
    rows = forecasts.judged
    actual, close, last, predicted, realised = (
        getattr(forecasts, name)[rows]
        for name in ("actual", "close", "last_close", "forecast_return", "realised_return")
    )
    in_range, parts = nrmse(actual, close, by="range"), deciles(predicted, realised)
    return {
        "mape": mape(actual, close),
        "mape_naive": mape(actual, last),
        "mape_by_seed": [mape(actual, seed[rows]) for seed in forecasts.by_seed],
        "mae": mae(actual, close),
        "mae_naive": mae(actual, last),
        "rmse": rmse(actual, close),
        "rmse_naive": rmse(actual, last),
        "nrmse": nrmse(actual, close),
        "nrmse_range": in_range if math.isfinite(in_range) else None,
        "mase": mase(actual, close, forecasts.mase_scale),
        "theil_u": theil_u(actual, close, last),
        "r2_return": r2_return(actual, close, last),
        "relative_error": _lists(relative_error(actual, close, last)),
        "correlation": correlation(predicted, realised),
        "direction": asdict(direction(close - last, actual - last)),
        "lag": asdict(lag_test(forecasts)),
        "deciles": _lists(parts) if parts else None,
    }


def _lists(measured: Any) -> dict[str, Any]:
    """Return the fields of a dataclass, its tuples as lists, as JSON has them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(measured).items()
    }


def _nothing() -> dict[str, Any]:
    """Return the same keys where no row can be judged."""
    names = (
        "mape",
        "mape_naive",
        "mae",
        "mae_naive",
        "rmse",
        "rmse_naive",
        "nrmse",
        "nrmse_range",
        "mase",
        "theil_u",
        "r2_return",
        "relative_error",
        "correlation",
        "direction",
        "lag",
        "deciles",
    )
    return {**dict.fromkeys(names), "mape_by_seed": []}
