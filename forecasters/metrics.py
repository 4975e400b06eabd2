"""Errors of forecast closes, over the rows that can be judged."""

from __future__ import annotations

import math

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

    S3 prints an NRMSE without defining it; its ratio to MAPE is that of RMSE over the mean. NaN
    where the closes have no range: one row, or a price that never moved.
    """
    scale = float(np.mean(actual) if by == "mean" else np.ptp(actual))
    return rmse(actual, forecast) / scale * 100 if scale else math.nan


def forecast_metrics(forecasts: Forecasts) -> dict[str, float | int | list[float] | None]:
    """Return the errors of the mean forecast, those of naive on the same rows, and the seeds' MAPE.

    Keys: rows, mape, mape_naive, mape_by_seed, rmse, nrmse, nrmse_range (percent but rows, rmse);
    largest and smallest forecast return and the share of rows outside the fitted range (as shares).
    None is a figure without meaning: an error where no row can be judged, a range of one row.
    """
    rows = forecasts.judged
    actual, close, last = (
        a[rows] for a in (forecasts.actual, forecasts.close, forecasts.last_close)
    )
    made = np.isfinite(forecasts.close)
    returns = forecasts.forecast_return[made]
    some = bool(rows.any())
    in_range = nrmse(actual, close, by="range") if some else math.nan
    return {
        "rows": int(rows.sum()),
        "mape": mape(actual, close) if some else None,
        "mape_naive": mape(actual, last) if some else None,
        "mape_by_seed": [mape(actual, seed[rows]) for seed in forecasts.by_seed] if some else [],
        "rmse": rmse(actual, close) if some else None,
        "nrmse": nrmse(actual, close) if some else None,
        "nrmse_range": in_range if math.isfinite(in_range) else None,
        "largest_forecast_return": float(returns.max()) if made.any() else None,
        "smallest_forecast_return": float(returns.min()) if made.any() else None,
        "outside_share": float(forecasts.outside[made].mean()) if made.any() else None,
    }
