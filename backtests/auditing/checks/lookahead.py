"""Nothing up to a day may change when the bars after that day are changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backtests.auditing.finding import PASSED, Finding, found
from backtests.auditing.probes.disguises import Mirror
from backtests.auditing.probes.futures import known_at, other_futures
from backtests.auditing.subject import Subject
from forecasters.bars import Bars
from forecasters.errors import InputError
from forecasters.features import Features
from forecasters.forecasts import Forecasts

#: Sessions after the day whose prices are changed: a few are enough, and no later fold is trained.
REACH = 6
#: Share of a forecast that may change with the number of windows in its batch: a library may add up
#: the same numbers in another order. What a later window says is larger by far.
ROUNDING = 1e-9

MakeForecasts = Callable[[Mapping[str, Bars]], Mapping[str, Forecasts]]


def known(forecasts: Forecasts, day: np.datetime64) -> dict[str, bytes]:
    """Return everything that was known of the forecasts at the close of `day`, as bytes."""
    rows = forecasts.as_of <= day
    with_outcome = rows & (forecasts.target <= day)  # NaT, still in the future, compares as False
    at_forecast = ("fold", "as_of", "last_close", "outside", "centre")
    return {
        "by_seed": forecasts.by_seed[:, rows].tobytes(),
        "close": forecasts.close[rows].tobytes(),
        **{name: getattr(forecasts, name)[rows].tobytes() for name in at_forecast},
        **{name: getattr(forecasts, name)[with_outcome].tobytes() for name in ("target", "actual")},
    }


def changed_forecasts(
    make: MakeForecasts,
    bars: Mapping[str, Bars],
    day: np.datetime64,
    expected: Mapping[str, Forecasts] | None = None,
    tolerance: float = 0.0,
    **how: Any,
) -> list[str]:
    """Return the changes up to `day` that come from bars after it; an empty list is right.

    Every forecast made up to that day, with its fold and its flags, must be the same bytes in each of
    the other futures, but for `tolerance`, a share of each forecast. `how` goes to `other_futures`.
    """
    expected = make(bars) if expected is None else expected
    changes = []
    for what, other in other_futures(bars, day, **how):
        for ticker, answer in make(other).items():
            before, after = known(expected[ticker], day), known(answer, day)
            differ = [
                name
                for name, value in before.items()
                if after[name] != value
                and not (tolerance and _rounded(value, after[name], name, tolerance))
            ]
            if differ:
                first = _first_changed(expected[ticker], answer, day)
                changes.append(f"{ticker}, {what}: {', '.join(differ)} from {first} on")
    return changes


def _rounded(a: bytes, b: bytes, name: str, tolerance: float) -> bool:
    """Return whether two arrays of forecasts, as bytes, differ by rounding alone."""
    if name not in ("by_seed", "close", "centre") or len(a) != len(b):
        return False
    first, second = np.frombuffer(a), np.frombuffer(b)
    return bool(np.allclose(first, second, rtol=tolerance, atol=tolerance * 1e-3, equal_nan=True))


def _first_changed(a: Forecasts, b: Forecasts, day: np.datetime64) -> str:
    rows_a, rows_b = a.as_of <= day, b.as_of <= day
    if a.as_of[rows_a].tobytes() != b.as_of[rows_b].tobytes():
        return str(a.as_of[0])
    same = (a.by_seed[:, rows_a] == b.by_seed[:, rows_b]) | np.isnan(a.by_seed[:, rows_a])
    changed = np.flatnonzero(~same.all(axis=0))
    return str(a.as_of[changed[0] if changed.size else 0])


def check_features(subject: Subject) -> tuple[Finding, ...]:
    """Return whether an input or a target known by then changes with later bars.

    The bars are changed after the days of the subject, and cut off after every session with a forecast:
    an input may look ahead in some rows only, for example if gaps are filled from later rows.
    """
    expected = {ticker: subject.features(b) for ticker, b in subject.bars.items()}
    for day in subject.days:
        for what, other in other_futures(subject.bars, day):
            for ticker, b in other.items():
                if wrong := _changed_inputs(expected[ticker], subject.features(b), day, what):
                    return found(wrong)
    for ticker, b in subject.bars.items():
        for n in range(subject.walk_forward.first_test + 1, len(b)):
            cut = subject.features(b.rows(slice(0, n)))
            if wrong := _changed_inputs(expected[ticker], cut, b.sessions[n - 1], "cut off there"):
                return found(wrong)
    return PASSED


def _changed_inputs(before: Features, after: Features, day: np.datetime64, what: str) -> str | None:
    """Return a sentence on the first input or target that was known at `day` and changed."""
    n = int(np.searchsorted(before.sessions, day, side="right"))
    for column, name in enumerate(before.names):
        rows = _changed(before.X[:n, column], after.X[:n, column])
        if rows.size:
            return (
                f"{before.ticker}: the input '{name}' of {before.sessions[rows[0]]} changed when the bars "
                f"after {day} did ({what}): it is made of later rows or of all rows, or gaps are filled from behind"
            )
    for name, until in (("close", n), ("tradable", n), ("y", max(n - before.horizon, 0))):
        if _changed(getattr(before, name)[:until], getattr(after, name)[:until]).size:
            return f"{before.ticker}: '{name}' changed when the bars after {day} did ({what})"
    return None


def _changed(a: Any, b: Any) -> Any:
    """Return the rows in which two columns differ; NaN equals NaN."""
    return np.flatnonzero((a != b) & ~((a != a) & (b != b)))


def check_folds(subject: Subject) -> tuple[Finding, ...]:
    """Return whether a fold that has begun changes when later sessions are added or removed."""
    first = next(iter(subject.bars.values()))
    for day in subject.days:
        n = known_at(first, day)

        def begun(bars: Bars, n: int = n) -> list[tuple[object, ...]]:
            folds = subject.walk_forward.split(bars.sessions)
            return [(f.name, f.fit, f.validation) for f in folds if f.test.start < n]

        expected = begun(first)
        for what, other in other_futures({first.ticker: first}, day):
            try:
                same = begun(other[first.ticker]) == expected
            except InputError:
                same = False
            if not same:
                return found(
                    f"folds that have begun by {day} change with the later sessions ({what}): the plan "
                    "looks at how many there are, or counts from the last one"
                )
    return PASSED


def check_windows(subject: Subject) -> tuple[Finding, ...]:
    """Return whether what a forecaster is given changes with later bars.

    A mirror takes its place and answers with a hash of everything it was given: windows, labels, last
    closes and, through them, both scalers.
    """
    mirror = replace(subject, forecaster=Mirror(subject.forecaster))
    return _forecasts(mirror, "what the forecaster is given", "a scaler or a label sees later rows")


def check_forecasts(subject: Subject) -> tuple[Finding, ...]:
    """Return whether a forecast changes with later bars."""
    return _forecasts(
        subject,
        "the forecast",
        "an answer uses later windows of its batch, or an input, a scaler or the plan "
        "sees later rows",
    )


def _forecasts(subject: Subject, what: str, why: str) -> tuple[Finding, ...]:
    expected = subject.forecasts(subject.bars)
    days = subject.days
    for day in days:
        last = bool(day == days[-1])
        changes = changed_forecasts(
            subject.forecasts, subject.bars, day, expected, ROUNDING, reach=REACH, grow=last
        )
        if changes:
            return found(f"{what} changed when the bars after {day} did ({changes[0]}): {why}")
    return PASSED
