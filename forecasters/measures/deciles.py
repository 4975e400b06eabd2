"""The mean realised return by decile of the forecast return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats

PARTS = 10


@dataclass(frozen=True)
class Deciles:
    """The days in ten groups (deciles) by forecast return, lowest first. Returns are shares.

    Attributes
    ----------
    n : tuple of int
        Days in each decile: equal, except for ties and rounding.
    forecast, realised : tuple of float or None
        Mean forecast return and mean realised return of each decile; None where ties leave it empty.
    error : tuple of float or None
        Standard error of the mean realised return, if the days are independent; None with fewer
        than 2 days.
    """

    n: tuple[int, ...]
    forecast: tuple[float | None, ...]
    realised: tuple[float | None, ...]
    error: tuple[float | None, ...]


def deciles(forecast_return: Floats, realised_return: Floats) -> Deciles | None:
    """Return the mean realised return by decile of the forecast return.

    The bounds of the deciles come from all forecasts of the period. They are known only at its end,
    so the deciles describe the forecasts; no rule could trade on them. Equal forecasts are in the same
    decile. Source: portfolio sorts, as in Gu, Kelly and Xiu (2020), table 7, for a cross-section.

    Parameters
    ----------
    forecast_return, realised_return : float64, shape [N]
        Of the days that have both, as shares.

    Returns
    -------
    Deciles or None
        None with fewer than 10 different forecasts.

    Examples
    --------
    >>> forecast = np.linspace(-0.05, 0.05, 100)
    >>> found = deciles(forecast, realised_return=0.1 * forecast)
    >>> found.n
    (10, 10, 10, 10, 10, 10, 10, 10, 10, 10)
    >>> round(found.realised[0], 5), round(found.realised[-1], 5)
    (-0.00455, 0.00455)
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
