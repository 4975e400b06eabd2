"""Errors of forecast closes, over the rows that can be judged."""

from __future__ import annotations

import numpy as np

from forecasters.bars import Floats
from forecasters.forecasts import Forecasts


def mape(actual: Floats, forecast: Floats) -> float:
    """Return the mean absolute percentage error, in percent. Source: S3, section on measures."""
    return float(np.mean(np.abs((actual - forecast) / actual)) * 100)


def rmse(actual: Floats, forecast: Floats) -> float:
    """Return the root of the mean squared error, in the currency of the prices. Source: S1, S2."""
    return float(np.sqrt(np.mean((actual - forecast) ** 2)))


def nrmse(actual: Floats, forecast: Floats, by: str = "mean") -> float:
    """Return RMSE over the mean (or the range) of the actual closes, in percent.

    S3 prints an NRMSE without defining it; its ratio to MAPE is that of RMSE over the mean.
    """
    scale = np.mean(actual) if by == "mean" else np.ptp(actual)
    return rmse(actual, forecast) / float(scale) * 100


def forecast_metrics(forecasts: Forecasts) -> dict[str, float | int | list[float]]:
    """Return the errors of the mean forecast, those of naive on the same rows, and the seeds' MAPE.

    Keys: rows, mape, mape_naive, mape_by_seed, rmse, nrmse, nrmse_range (percent but rows, rmse);
    largest and smallest forecast return and the share of rows outside the fitted range (as shares).
    """
    rows = forecasts.judged
    actual, close = forecasts.actual[rows], forecasts.close[rows]
    made = np.isfinite(forecasts.close)
    returns = forecasts.forecast_return[made]
    return {
        "rows": int(rows.sum()),
        "mape": mape(actual, close),
        "mape_naive": mape(actual, forecasts.last_close[rows]),
        "mape_by_seed": [mape(actual, seed[rows]) for seed in forecasts.by_seed],
        "rmse": rmse(actual, close),
        "nrmse": nrmse(actual, close),
        "nrmse_range": nrmse(actual, close, by="range"),
        "largest_forecast_return": float(returns.max()),
        "smallest_forecast_return": float(returns.min()),
        "outside_share": float(forecasts.outside[made].mean()),
    }
