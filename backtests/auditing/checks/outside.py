"""An answer must come from its window alone, not from a date, a price level or other windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from backtests.auditing.finding import PASSED, Finding, cannot_say, found
from backtests.auditing.probes.disguises import MOVED_DAYS, Redated, RedatedTraining
from backtests.auditing.subject import Subject
from forecasters.bars import PRICES, Bars, Flags, Floats
from forecasters.forecasts import Forecasts

#: Share of the close above which an answer counts as changed; below it bits may round differently.
TOLERANCE = 1e-5


def _differ(
    expected: Forecasts, answer: Forecasts, unit: float = 1.0, tolerance: float = 0.0
) -> Flags:
    """Return the rows in which two forecasts differ by more than a share of the close, [N]."""
    gap: Floats = np.abs(answer.by_seed / unit - expected.by_seed) / expected.last_close
    return np.asarray((gap > tolerance).any(axis=0))


def _first(
    expected: Mapping[str, Forecasts], differ: Mapping[str, Flags]
) -> tuple[str, int, int] | None:
    for ticker, rows in differ.items():
        if rows.any():
            return (
                f"{ticker} {expected[ticker].as_of[rows.argmax()]}",
                int(rows.sum()),
                rows.size,
            )
    return None


def check_dates(subject: Subject) -> tuple[Finding, ...]:
    """Return whether a forecast looks something up by date.

    Every date is moved by 28 years: weekday, month and day of the year stay the same. What is learned
    from dates moves along, but for rounding; what stands in a table does not. So a forecaster that
    learns from the dates of its training is not judged here, and its gain is (see `as_run.py`).
    """
    expected = subject.forecasts(subject.bars)
    moved = replace(subject, forecaster=Redated(subject.forecaster)).forecasts(subject.bars)
    differ = {t: _differ(expected[t], moved[t], tolerance=TOLERANCE) for t in expected}
    where = _first(expected, differ)
    if where is None:
        return PASSED
    if learns_dates(subject):
        return cannot_say(
            "it learns from the dates of its training, so its forecasts may change with them; whether its gain "
            "hangs on a table of dates is judged by 'as in a run'"
        )
    return found(
        f"{where[1]} of {where[2]} forecasts (first {where[0]}) changed when the calendar was moved by "
        f"{MOVED_DAYS} days, to the same weekdays and months: something is looked up by date, "
        "perhaps prices of later days"
    )


def learns_dates(subject: Subject) -> bool:
    """Return whether forecasts change when only the dates of the training are moved."""
    expected = subject.forecasts(subject.bars)
    moved = replace(subject, forecaster=RedatedTraining(subject.forecaster))
    answer = moved.forecasts(subject.bars)
    return any(_differ(expected[t], answer[t], tolerance=TOLERANCE).any() for t in expected)


def check_prices(subject: Subject) -> tuple[Finding, ...]:
    """Return whether a forecast return changes when every price is doubled."""
    doubled: dict[str, Bars] = {
        ticker: replace(b, **{name: 2 * getattr(b, name) for name in PRICES})
        for ticker, b in subject.bars.items()
    }
    expected, answer = subject.forecasts(subject.bars), subject.forecasts(doubled)
    where = _first(expected, {t: _differ(expected[t], answer[t], 2.0, TOLERANCE) for t in expected})
    if where and subject.forecaster.scaler == "none":
        return cannot_say("its inputs are not scaled, so it may depend on the price level")
    if where:
        return found(
            f"{where[1]} of {where[2]} forecasts (first {where[0]}) changed when every price was doubled, "
            "although scaled inputs stay the same: prices are looked up, perhaps in a table of known prices, "
            "or an input is not in units of the price"
        )
    return PASSED
