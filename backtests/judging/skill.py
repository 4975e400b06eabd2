"""Skill against naive: every forecaster of an account tested, the p values adjusted for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from backtests.statistics.clark_west import adjusted, positive_mean
from backtests.statistics.confidence_set import ConfidenceSet, model_confidence_set
from backtests.statistics.diebold_mariano import Comparison, diebold_mariano
from backtests.statistics.holm import holm
from backtests.statistics.outcome import SAME, Outcome
from backtests.statistics.pesaran_timmermann import pesaran_timmermann
from backtests.statistics.sign_test import sign_test
from backtests.statistics.superior import Superior, superior_predictive_ability
from forecasters.bars import Days, Floats
from forecasters.forecasts import Forecasts

NAIVE = "naive"
#: Lowest forecast close, as a share of the last close. A lower one is raised to it: a log needs a price above 0.
FLOOR = 1e-6
#: A test rejects where its p value is below this.
LEVEL = 0.05


@dataclass(frozen=True)
class Judged:
    """One forecaster against naive.

    Attributes
    ----------
    absolute, squared : Comparison
        By the absolute and by the squared error of the log return. The verdict rests on the
        absolute error: to first order it is what MAPE shows.
    clark_west, folds, direction : Outcome
        Predictive content; folds won (`statistic`) of the folds without a tie (`n`); direction of
        the move.
    p_better, p_worse, p_clark_west : float or None
        The p values of `absolute` and of `clark_west`, adjusted by Holm over all forecasters of
        the account.
    """

    forecaster: str
    absolute: Comparison
    squared: Comparison
    clark_west: Outcome
    folds: Outcome
    direction: Outcome
    p_better: float | None = None
    p_worse: float | None = None
    p_clark_west: float | None = None


@dataclass(frozen=True)
class Skill:
    """All forecasters of an account against naive, one by one and together.

    Attributes
    ----------
    judged : tuple of Judged
        In the order that the user named them, without naive.
    superior : Superior or None
        The best of them against naive, by the absolute error; None without a forecaster.
    kept : ConfidenceSet or None
        The forecasters, naive included, that cannot be distinguished from the best.
    n : int
        Sessions on which all of them are judged.
    horizon : int
        Sessions from a close to the close that is forecast.
    """

    judged: tuple[Judged, ...]
    superior: Superior | None
    kept: ConfidenceSet | None
    n: int
    horizon: int


@dataclass(frozen=True, eq=False)
class _Rows:
    """Realised and forecast log returns, R rows of one or several tickers over T sessions."""

    session: NDArray[np.int64]  # [R], which of the sessions
    realised: Floats  # [R]
    forecast: Mapping[str, Floats]  # each [R]
    fold: NDArray[np.int64]  # [T], which of the folds
    tickers: int
    days: Days  # [T]

    def mean(self, values: Floats) -> Floats:
        """Return the mean over the tickers of each session, [T].

        The tickers of one session are correlated. Their mean is one number, so that no test takes
        them as independent.
        """
        t = self.fold.size
        return np.asarray(
            np.bincount(self.session, values, t) / np.bincount(self.session, minlength=t)
        )


def judge_forecasts(
    by_forecaster: Mapping[str, Sequence[Forecasts]], horizon: int = 1, seed: int = 0
) -> Skill:
    """Return the tests of each forecaster against naive, on the sessions that all are judged on.

    Parameters
    ----------
    by_forecaster : mapping
        Forecaster to its forecasts, one a ticker. The benchmark is naive, a forecast return of 0,
        whether naive's forecasts are given or not.
    horizon : int
        Sessions from a close to the close that is forecast.
    seed : int
        Seed of the two bootstraps. They draw the same sessions whatever the order of the
        forecasters.
    """
    names = [name for name in by_forecaster if name != NAIVE]
    rows = _match(by_forecaster, names)
    if rows is None:
        return Skill((), None, None, 0, horizon)
    n = rows.fold.size
    naive = rows.mean(np.abs(rows.realised))  # [T]
    losses = {name: rows.mean(np.abs(rows.realised - f)) for name, f in rows.forecast.items()}
    tested = [_judge(name, rows, losses[name], naive, horizon) for name in names]
    judged = tuple(
        replace(forecaster, p_better=better, p_worse=worse, p_clark_west=content)
        for forecaster, better, worse, content in zip(
            tested,
            holm([forecaster.absolute.p_better for forecaster in tested]),
            holm([forecaster.absolute.p_worse for forecaster in tested]),
            holm([forecaster.clark_west.p for forecaster in tested]),
            strict=True,
        )
    )
    table = np.column_stack(list(losses.values()))  # [T, K]
    superior = superior_predictive_ability(naive, table, horizon, seed)
    kept = model_confidence_set(np.column_stack([naive, table]), (NAIVE, *names), horizon, seed)
    return Skill(judged, superior, kept, n, horizon)


def absolute_errors(
    by_forecaster: Mapping[str, Sequence[Forecasts]],
) -> tuple[Days, dict[str, Floats]]:
    """Return the sessions [T] that all are judged on, and the errors [T] of naive and each forecaster.

    The absolute error of the log return, of several tickers their mean, as `judge_forecasts` takes it.
    Both are empty where no session can be judged.
    """
    rows = _match(by_forecaster, [name for name in by_forecaster if name != NAIVE])
    if rows is None:
        return np.empty(0, dtype="datetime64[D]"), {}
    errors = {name: rows.mean(np.abs(rows.realised - f)) for name, f in rows.forecast.items()}
    return rows.days, {NAIVE: rows.mean(np.abs(rows.realised)), **errors}


def daily_gains(
    by_forecaster: Mapping[str, Sequence[Forecasts]],
) -> tuple[Days, dict[str, Floats]]:
    """Return the sessions [T] that all are judged on, and for each forecaster but naive its gains [T].

    A gain is the absolute error of naive less that of the forecaster (`absolute_errors`): the series
    that `Judged.absolute` tests. Both are empty where no session can be judged.
    """
    days, errors = absolute_errors(by_forecaster)
    return days, {name: errors[NAIVE] - error for name, error in errors.items() if name != NAIVE}


def _judge(name: str, rows: _Rows, loss: Floats, naive: Floats, horizon: int) -> Judged:
    realised, forecast = rows.realised, rows.forecast[name]
    squares = rows.mean((realised - forecast) ** 2), rows.mean(realised**2)
    summed = np.bincount(rows.fold, naive - loss)
    gains = np.asarray(summed[np.unique(rows.fold)], dtype=np.float64)  # [folds]
    if rows.tickers > 1:
        direction = Outcome(None, None, 0, "the tickers of a session move together")
    elif horizon > 1:
        direction = Outcome(None, None, 0, "moves over several sessions overlap")
    else:
        direction = pesaran_timmermann(realised, forecast)
    return Judged(
        name,
        absolute=diebold_mariano(loss, naive, horizon),
        squared=diebold_mariano(*squares, horizon),
        clark_west=positive_mean(rows.mean(adjusted(realised, forecast)), horizon),
        folds=sign_test(gains),
        direction=direction,
    )


def _match(by_forecaster: Mapping[str, Sequence[Forecasts]], names: Sequence[str]) -> _Rows | None:
    """Return the rows that every forecaster is judged on; None without any."""
    by_ticker = {
        name: {f.ticker: f for f in forecasts} for name, forecasts in by_forecaster.items()
    }
    if not names:
        return None
    days: list[Days] = []
    realised: list[Floats] = []
    forecast: dict[str, list[Floats]] = {name: [] for name in names}
    longest: tuple[int, Forecasts] | None = None
    for ticker, first in by_ticker[names[0]].items():
        here = {name: tickers[ticker] for name, tickers in by_ticker.items() if ticker in tickers}
        if len(here) < len(by_ticker):
            continue
        shared = reduce(np.intersect1d, [f.as_of[f.judged] for f in here.values()])
        if not shared.size:
            continue
        days.append(shared)
        at = np.searchsorted(first.as_of, shared)
        realised.append(np.log(first.actual[at] / first.last_close[at]))
        for name in names:
            forecast[name].append(_log_return(here[name], shared))
        if longest is None or shared.size > longest[0]:
            longest = shared.size, first
    if longest is None:
        return None
    sessions, session = np.unique(np.concatenate(days), return_inverse=True)
    # The folds of a universe are those of the ticker with the most sessions.
    starts = np.unique(longest[1].fold)
    fold = np.clip(np.searchsorted(starts, sessions, side="right") - 1, 0, None)
    joined = {name: np.concatenate(parts) for name, parts in forecast.items()}
    return _Rows(session, np.concatenate(realised), joined, fold, len(days), sessions)


def _log_return(forecasts: Forecasts, days: Days) -> Floats:
    at = np.searchsorted(forecasts.as_of, days)
    log_return = np.log(np.maximum(forecasts.close[at] / forecasts.last_close[at], FLOOR))
    return np.where(np.abs(log_return) <= SAME, 0.0, log_return)  # a rounding error is no change
