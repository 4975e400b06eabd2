"""One fold of a walk-forward: which rows train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasters.bars import Days
from forecasters.errors import InputError


@dataclass(frozen=True)
class Fold:
    """Rows (half-open ranges over the sessions) of one retraining; the invariant is checked here.

    The label of row t is the close of t + horizon. So the last label of the fit rows is the close of
    row fit.stop - 1 + horizon. It must be known when the first validation or test row is forecast,
    at the close of that row. It may be the same close, because an order fills at the next open at the
    earliest.

    Attributes
    ----------
    fit, validation, test : range
        Rows whose windows are trained on, watched during training, and forecast. `validation` may
        be empty.
    horizon : int
        Sessions from a row to the close it forecasts.
    name : datetime64[D]
        The first test session.

    Raises
    ------
    InputError
        A range is empty or a label is known too late.

    Examples
    --------
    >>> day = np.datetime64("2019-01-07")
    >>> fold = Fold(fit=range(0, 3), validation=range(3, 4), test=range(4, 7), horizon=1, name=day)
    >>> Fold(fit=range(0, 4), validation=range(0), test=range(4, 7), horizon=2, name=day)
    Traceback (most recent call last):
    forecasters.errors.InputError: fold 2019-01-07: the label of row 3 is known at row 5, after row 4 was to be forecast
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

    def joined(self) -> Fold:
        """Return the fold that fits on its validation rows too, and watches none.

        The rows between fit and validation are fitted too: before the test all their labels are known.

        Examples
        --------
        >>> day = np.datetime64("2019-01-07")
        >>> fold = Fold(range(0, 3), range(3, 4), range(4, 7), horizon=1, name=day).joined()
        >>> fold.fit, fold.validation, fold.test
        (range(0, 4), range(0, 0), range(4, 7))
        """
        fit = range(self.fit.start, max(self.fit.stop, self.validation.stop))
        return replace(self, fit=fit, validation=range(0))


def cut_by_date(
    fold: Fold, union: Days, ticker: str, sessions: Days, first_test: int
) -> Fold | None:
    """Return one ticker's rows of a fold that was cut on the union of several tickers' sessions.

    The invariant holds in dates: a label is used only if its session, which is later where the
    ticker misses days, is not after the first day on which any ticker is watched or forecast.

    Parameters
    ----------
    sessions : datetime64[D], shape [T]
        Sessions of the ticker, all of them among `union`.
    first_test : int
        Row of `sessions` before which this ticker is not forecast.

    Returns
    -------
    Fold or None
        None where the ticker has nothing to forecast in this fold.

    Raises
    ------
    InputError
        The ticker has rows to forecast and none to fit.
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
    """Return the rows of `sessions` on the days of these rows of the union."""
    if not rows:
        return range(0)
    start = int(np.searchsorted(sessions, union[rows.start]))
    return range(start, int(np.searchsorted(sessions, union[rows.stop - 1], side="right")))


def _known(rows: range, day: np.datetime64, sessions: Days, horizon: int) -> range:
    """Return those of the rows whose label is known at the close of `day`."""
    labelled = int(np.searchsorted(sessions, day, side="right")) - horizon
    return range(rows.start, max(rows.start, min(rows.stop, labelled)))
