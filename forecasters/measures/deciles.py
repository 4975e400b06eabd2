"""What came after low and after high forecasts: the mean realised return by decile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats

PARTS = 10


@dataclass(frozen=True)
class Deciles:
    """Days in ten parts by their forecast return, lowest first. Returns are shares.

    Attributes
    ----------
    n : tuple of int
        Days of each part: equal but for ties and rounding.
    forecast, realised : tuple of float or None
        Mean forecast return and mean realised return; None in a part that ties left empty.
    error : tuple of float or None
        Standard error of the mean realised return, the days taken as independent; None of fewer
        than 2 days.
    """

    n: tuple[int, ...]
    forecast: tuple[float | None, ...]
    realised: tuple[float | None, ...]
    error: tuple[float | None, ...]


def deciles(forecast_return: Floats, realised_return: Floats) -> Deciles | None:
    """Return the mean realised return by decile of the forecast return.

    The bounds are the deciles of all these forecasts, known only afterwards: a description, not a
    rule. Equal forecasts fall into the same part. Source: sorting into portfolios, as Gu, Kelly and
    Xiu (2020), table 7, do with forecasts of a cross-section.

    Parameters
    ----------
    forecast_return, realised_return : float64, shape [N]
        Of the judged days.

    Returns
    -------
    Deciles or None
        None under 10 distinct forecasts.
    """
    if np.unique(forecast_return).size < PARTS:
        return None
    bounds = np.quantile(forecast_return, np.arange(1, PARTS) / PARTS)
    part = np.searchsorted(bounds, forecast_return, side="left")  # [N], from 0
    days_of_part = [part == number for number in range(PARTS)]
    return Deciles(
        n=tuple(int(days.sum()) for days in days_of_part),
        forecast=tuple(_mean(forecast_return[days]) for days in days_of_part),
        realised=tuple(_mean(realised_return[days]) for days in days_of_part),
        error=tuple(_error(realised_return[days]) for days in days_of_part),
    )


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None


def _error(values: Floats) -> float | None:
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else None
