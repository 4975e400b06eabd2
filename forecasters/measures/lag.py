"""The lag test: whether a forecast only repeats the last close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats
from forecasters.forecasts import Forecasts
from forecasters.measures.correlation import correlation

#: From this correlation on, a forecast's moves are said to follow those of a day.
FOLLOWS = 0.5


@dataclass(frozen=True)
class Lag:
    """The moves of the forecast close, session by session, beside those of the price.

    In a plot of prices a forecast that repeats the last close looks right; its line is the price a
    day late. Its moves then correlate with those of the day before (lag 1), not with those of the
    day that it forecasts (lag 0).

    Attributes
    ----------
    n : int
        Pairs of neighbouring sessions that could be judged.
    lag0, lag1 : float or None
        Cross-correlation of the forecast's log move with the realised one of the session that was
        forecast, and of the session at whose close the forecast was made. With a horizon h above
        1 the second lies h sessions before the first. None for fewer than 3 pairs, where one of
        them never changes, or for a forecast that is not above 0.
    repeats : bool
        lag1 is `FOLLOWS` or more and lag0 is not.
    ahead : bool
        lag0 is `FOLLOWS` or more, which daily prices hardly ever allow.
    sentence : str
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
    """
    pairs = forecasts.judged[1:] & forecasts.judged[:-1]
    n = int(pairs.sum())
    if (forecasts.close[forecasts.judged] <= 0).any():
        return _unsaid(n, "A forecast close is not above 0, so its moves have no meaning.")
    forecast_moves = _moves(forecasts.close, pairs)
    lag0 = correlation(forecast_moves, _moves(forecasts.actual, pairs))
    lag1 = correlation(forecast_moves, _moves(forecasts.last_close, pairs))
    if lag0 is None or lag1 is None:
        return _unsaid(n, "Too few moves to say whether it repeats the last close.")
    ahead = lag0 >= FOLLOWS
    return Lag(n, lag0, lag1, lag1 >= FOLLOWS and not ahead, ahead, _sentence(lag0, lag1))


def _unsaid(n: int, why: str) -> Lag:
    return Lag(n, None, None, repeats=False, ahead=False, sentence=why)


def _moves(prices: Floats, pairs: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """Return the log moves from one row to the next, where both can be judged."""
    return np.asarray(np.log(prices[1:][pairs] / prices[:-1][pairs]))


def _sentence(lag0: float, lag1: float) -> str:
    """Return what the two correlations say, in words."""
    same, before = (f"{round(value, 2) + 0.0:.2f}" for value in (lag0, lag1))
    numbers = f"(correlation {same} with the day it forecasts, {before} with the last day it knew)"
    if lag0 >= FOLLOWS:
        return (
            f"The forecast moves with the day it forecasts {numbers}: daily prices hardly ever allow "
            "that, so audit it for a look ahead."
        )
    if lag1 >= FOLLOWS:
        return f"The forecast repeats the last close it knew: its line is the price drawn late {numbers}."
    return f"The forecast follows neither the day it forecasts nor the last day it knew {numbers}."
