"""One fold of a walk-forward: which rows train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Days
from forecasters.errors import InputError


@dataclass(frozen=True)
class Fold:
    """Rows (half-open ranges over the sessions) of one retraining; the invariant is checked here.

    The label of row t is the close of t + horizon. So the last label that training may use lies
    at train.stop - 1 + horizon, and it must be known when the first test row is forecast, at the
    close of test.start. Equality is allowed because an order fills at the next open at the
    earliest.

    Attributes
    ----------
    fit, validation, test : range
        Rows whose windows are trained on, watched, and forecast. `validation` may be empty.
    horizon : int
        Sessions from a row to the close it forecasts.
    name : datetime64[D]
        The first test session.
    """

    fit: range
    validation: range
    test: range
    horizon: int
    name: np.datetime64

    def __post_init__(self) -> None:
        if not self.fit or not self.test or self.fit.start < 0:
            raise InputError(
                f"fold {self.name}: fit {self.fit} and test {self.test} must hold rows"
            )
        if self.horizon < 1:
            raise InputError(f"fold {self.name}: the horizon is {self.horizon}; the least is 1")
        before_test = self.validation if self.validation else self.fit
        for earlier, later in ((self.fit, self.validation), (before_test, self.test)):
            if later and earlier.stop - 1 + self.horizon > later.start:
                raise InputError(
                    f"fold {self.name}: the label of row {earlier.stop - 1} is known at row "
                    f"{earlier.stop - 1 + self.horizon}, after row {later.start} was to be forecast"
                )


def cut_by_date(
    fold: Fold, union: Days, ticker: str, sessions: Days, first_test: int
) -> Fold | None:
    """Return one ticker's rows of a fold that was cut on the union of several tickers' sessions.

    The invariant holds in dates: a label counts if its own session, which is later where the
    ticker misses days, is not after the first day that any ticker watches or forecasts.

    Parameters
    ----------
    sessions : datetime64[D], shape [T]
        The ticker's own, all of them among `union`.
    first_test : int
        Own row before which this ticker is not forecast.

    Returns
    -------
    Fold or None
        None where the ticker has nothing to forecast in this fold.

    Raises
    ------
    InputError
        It has rows to forecast and none to fit.
    """
    test = _between(fold.test, union, sessions)
    test = range(max(test.start, first_test), test.stop)
    if not test:
        return None
    tested, watched = union[fold.test.start], fold.validation
    validation = _known(_between(watched, union, sessions), tested, sessions, fold.horizon)
    limit = union[watched.start] if watched else tested
    fit = _known(_between(fold.fit, union, sessions), limit, sessions, fold.horizon)
    if not fit:
        raise InputError(
            f"{ticker} has {test.start} sessions before its first forecast on {sessions[test.start]}, but "
            f"none before {limit}, up to which the pooled fold trains: lower --step or leave it out"
        )
    return Fold(fit, validation, test, fold.horizon, fold.name)


def _between(rows: range, union: Days, sessions: Days) -> range:
    """Return the own rows on the days of these rows of the union."""
    if not rows:
        return range(0)
    start = int(np.searchsorted(sessions, union[rows.start]))
    return range(start, int(np.searchsorted(sessions, union[rows.stop - 1], side="right")))


def _known(rows: range, day: np.datetime64, sessions: Days, horizon: int) -> range:
    """Return those of the rows whose label is known at the close of `day`."""
    labelled = int(np.searchsorted(sessions, day, side="right")) - horizon
    return range(rows.start, max(rows.start, min(rows.stop, labelled)))
