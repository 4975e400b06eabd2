"""The lag test: whether a forecast only repeats the last close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats
from forecasters.forecasts import Forecasts
from forecasters.measures.correlation import correlation

#: With a correlation of at least this, the moves of a forecast are said to follow those of a day.
FOLLOWS = 0.5


@dataclass(frozen=True)
class Lag:
    """The correlation of the moves of the forecast close with those of the actual close.

    In a chart of prices, a forecast that only repeats the last close looks good: its line is the line
    of the price, one day late. Its moves then correlate with those of the day before (lag 1), and not
    with those of the day that it forecasts (lag 0).

    Attributes
    ----------
    n : int
        Pairs of consecutive sessions that have both a forecast and an outcome.
    lag0, lag1 : float or None
        Correlation of the log move of the forecast close with that of the actual close: lag0 in the
        session that was forecast, lag1 in the last session that the forecast knew, which is as many
        sessions earlier as the horizon is long. None with fewer than 3 pairs, if one series never
        changes, or if a forecast is not above 0.
    repeats : bool
        lag1 is at least `FOLLOWS` and lag0 is below it.
    ahead : bool
        lag0 is at least `FOLLOWS`. With daily prices this almost always comes from look-ahead.
    sentence : str
        The result in words, for a page.
    """

    n: int
    lag0: float | None
    lag1: float | None
    repeats: bool
    ahead: bool
    sentence: str


def lag_test(forecasts: Forecasts) -> Lag:
    """Return whether the forecast close moves with the day that it forecasts or with the last known day.

    Source: the cross-correlation function, Box and Jenkins (1976), chapter 11, at two lags.

    Examples
    --------
    The naive forecast is the last close:

    >>> close = np.array([100.0, 102.0, 101.0, 104.0, 103.0, 107.0])
    >>> days = np.arange("2019-01-01", "2019-01-07", dtype="datetime64[D]")
    >>> naive = Forecasts(
    ...     "A.KS", "naive", fold=np.repeat(days[0], 5), as_of=days[:5], target=days[1:],
    ...     last_close=close[:5], by_seed=close[None, :5], actual=close[1:], outside=np.zeros(5, bool),
    ... )
    >>> found = lag_test(naive)
    >>> found.repeats, round(found.lag1, 2)
    (True, 1.0)
    """
    pairs = forecasts.judged[1:] & forecasts.judged[:-1]
    n = int(pairs.sum())
    if (forecasts.close[forecasts.judged] <= 0).any():
        return _unsaid(n, "A forecast close is not above 0, so it has no log return.")
    forecast_moves = _moves(forecasts.close, pairs)
    lag0 = correlation(forecast_moves, _moves(forecasts.actual, pairs))
    lag1 = correlation(forecast_moves, _moves(forecasts.last_close, pairs))
    if lag0 is None or lag1 is None:
        return _unsaid(
            n, "There are too few moves to test whether the forecast repeats the last close."
        )
    ahead = lag0 >= FOLLOWS
    return Lag(n, lag0, lag1, lag1 >= FOLLOWS and not ahead, ahead, _sentence(lag0, lag1))


def _unsaid(n: int, why: str) -> Lag:
    return Lag(n, None, None, repeats=False, ahead=False, sentence=why)


def _moves(prices: Floats, pairs: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """Return the log moves from one row to the next, for the rows in `pairs`."""
    return np.asarray(np.log(prices[1:][pairs] / prices[:-1][pairs]))


def _sentence(lag0: float, lag1: float) -> str:
    """Return the meaning of the two correlations in words."""
    same, before = (f"{round(value, 2) + 0.0:.2f}" for value in (lag0, lag1))
    numbers = f"(correlation {same} with the day it forecasts, {before} with the last day it knew)"
    if lag0 >= FOLLOWS:
        return (
            f"The forecast moves with the day it forecasts {numbers}. With daily prices this is rarely "
            "real: audit the forecaster for look-ahead."
        )
    if lag1 >= FOLLOWS:
        return f"The forecast repeats the last close: its line is the line of the price, late {numbers}."
    return f"The forecast moves neither with the day it forecasts nor with the last day it knew {numbers}."
