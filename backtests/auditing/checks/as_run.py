"""One fit as a run makes it, in a process that does not look like an audit, and many questions to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backtests.auditing.checks.gains import FEWEST, below, is_lost, right, too_good
from backtests.auditing.checks.outside import TOLERANCE, learns_dates
from backtests.auditing.finding import PASSED, Finding, Status, cannot_say, found
from backtests.auditing.probes.batches import (
    DATED,
    KEEP_MONTH,
    KEEP_WEEKDAY,
    SHAKES,
    Batches,
    make_batches,
)
from backtests.auditing.probes.clock import clock_library
from backtests.auditing.probes.fresh import ChildFailed, ask
from backtests.auditing.subject import Subject
from forecasters.bars import Days, Floats

#: Hours of a day, days of a week, and days of other months and years, in seconds from now.
CLOCKS = (
    *(3600 * hour for hour in range(24)),
    *(86_400 * day for day in (1, 2, 3, 4, 5, 6, 45, 75, 105, 135, 165, 400, 1500)),
)
#: Share of the answers to one window under many dates that weekday, month, day of the month and a trend
#: leave unexplained, from which on a calendar rule is a table.
TABLE = 0.3
#: Share by which the error on validation windows is below that of naive, from which on they were learned.
LEARNED = 0.5


def check_as_run(subject: Subject) -> tuple[Finding, ...]:
    """Return what one fit of a run gives away: in batches, at other hours, after small changes."""
    made = make_batches(subject)
    try:
        opened, answer = ask("ask", made.work(CLOCKS), subject.files, subject.declared, bare=True)
    except ChildFailed as error:
        return found(
            f"it does not run in a folder of its own ({error}): a file that it "
            "needs must be named by a setting"
        )
    if opened:
        return found(f"in a run, {opened[0]}")
    findings = judge(subject, made, answer)
    if not findings and clock_library() is None:
        return cannot_say("the clock could not be moved: that needs Linux and a C compiler")
    return findings or PASSED


def judge(subject: Subject, made: Batches, answer: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what the answers of a child process give away; nothing if they are honest."""
    answers = answer["answers"]
    return (
        *_clock(made, answers, answer["hours"], answer["again"]),
        *_batches(made, answers),
        *_small_changes(made, answers),
        *_calendar(subject, made, answers),
        *_validation(made, answers),
    )


def _gap(made: Batches, name: str, answers: list[Floats], other: Floats, rows: slice) -> Floats:
    """Return how far answers of a batch are from those of the run's batch, as shares of the close."""
    batch = made.cut.test.last_close[rows]
    transform = made.cut.transform
    whole = transform.close(answers[made.names["batch"]], made.cut.test.last_close)[rows]
    return np.asarray(np.abs(transform.close(other, batch) - whole) / batch)


def _clock(
    made: Batches, answers: list[Floats], hours: list[Floats], again: Floats
) -> tuple[Finding, ...]:
    everything = slice(None)
    for seconds, other in zip(CLOCKS, hours, strict=True):
        gap = _gap(made, "batch", answers, other, everything)
        if (gap > TOLERANCE).any() and not seconds:
            return found(
                "asked twice in a row, the same windows got other answers: neither a clock nor chance "
                "may enter an answer"
            )
        if (gap > TOLERANCE).any():
            when = f"{seconds // 3600} hours" if seconds < 86_400 else f"{seconds // 86_400} days"
            return found(
                f"{int((gap > TOLERANCE).sum())} of {gap.size} forecasts (first "
                f"{made.cut.test.as_of[(gap > TOLERANCE).argmax()]}) changed with the clock moved by {when}: "
                "an answer may not depend on when it is asked; take the time out of `predict`"
            )
    if (_gap(made, "batch", answers, again, everything) > TOLERANCE).any():
        return found(
            "asked again after other batches, the same windows got other answers: `predict` keeps "
            "something between calls"
        )
    return ()


def _batches(made: Batches, answers: list[Floats]) -> tuple[Finding, ...]:
    """Return whether an answer uses later windows, or its place, in a batch as large as a run's."""
    size, days = len(made.cut.test), made.cut.test.as_of
    for k in range(1, size):
        name = f"first {k}"
        gap = _gap(made, name, answers, answers[made.names[name]], slice(0, k))
        if (gap > TOLERANCE).any():
            row = int((gap > TOLERANCE).argmax())
            return found(
                f"in a batch of {size} windows the forecast of {days[row]} is not what it is when the batch "
                f"ends on {days[k - 1]}: an answer uses later windows of its batch; compute each from its own "
                "window (no mean, rank, smoothing or choice over the batch)"
            )
    earlier = False
    for k in sorted({0, 1, size // 2, size - 1}):
        rows = slice(k, k + 1)
        gap = _gap(made, "", answers, answers[made.names[f"alone {k}"]], rows)
        if not k or not (gap > TOLERANCE).any():
            if (gap > TOLERANCE).any():
                return found(f"asked twice about {days[k]}, it gave two answers")
            continue
        other = answers[made.names[f"other before {k}"]][-1:]
        if not (_gap(made, "", answers, other, rows) > TOLERANCE).any():
            return found(
                f"the forecast of {days[k]} changed with the number of windows before it and not with what "
                "they hold: an answer uses its place in the batch, as a look-up by row number does"
            )
        earlier = True
    if earlier:
        return (
            Finding(
                Status.REPORTED,
                "an answer also uses earlier windows of its batch; that is honest where it learns from "
                "outcomes that are known by then",
            ),
        )
    return ()


def _several(made: Batches, answers: list[Floats], names: list[str]) -> Floats:
    return np.stack([made.returns(name, answers) for name in names])


def _small_changes(made: Batches, answers: list[Floats]) -> tuple[Finding, ...]:
    """Return whether a gain vanishes when past prices change a little, or is too good to be true."""
    if np.isfinite(made.realised).sum() < FEWEST:
        return ()
    long, realised = made.returns("long", answers), made.realised
    share = f"{right(long, realised):.0%} of {int(np.isfinite(realised).sum())} directions right"
    first, last = made.features.sessions[made.rows[[0, -1]]]
    where = f"{made.features.ticker}, {first} to {last}: {share}"
    small = _several(made, answers, [f"shaken {n}" for n in range(SHAKES)])
    if is_lost(long, small, realised):
        after = np.mean([right(one, realised) for one in small])
        return found(
            f"{where}, and {after:.0%} after changes of past prices by a tenth of a usual daily move: "
            "outcomes are looked up by prices or returns, in a table; take it out"
        )
    moved = {
        kind: [
            _several(made, answers, [f"{kind} {n}" for n in range(count)]),
            _several(made, answers, [f"shaken {kind} {n}" for n in range(count)]),
        ]
        for kind, count in (("weekday", len(KEEP_WEEKDAY)), ("month", len(KEEP_MONTH)))
    }
    for at, what in enumerate(("other dates", "other dates and small changes of past prices")):
        if all(is_lost(long, batches[at], realised) for batches in moved.values()):
            after = np.mean([right(one, realised) for kind in moved.values() for one in kind[at]])
            return found(
                f"{where}, and {after:.0%} under {what}, on the same weekdays as in the same months: outcomes "
                "are looked up by date, in a table; take it out"
            )
    if too_good(long, realised, made.features.close, int(made.rows[0])):
        return found(
            f"{where}, squared error {1 - below(long, realised):.2f} times that of naive: no daily forecast "
            "of a traded price is so good, and a plain regression on the same returns is not; look for "
            "where later prices enter"
        )
    return ()


def _calendar(subject: Subject, made: Batches, answers: list[Floats]) -> tuple[Finding, ...]:
    """Return whether the answer to one window under many dates is a table and no calendar effect."""
    forecast = made.returns("dated", answers)
    if np.ptp(forecast) <= TOLERANCE:
        return ()
    left = unexplained(forecast, made.batches[made.names["dated"]].as_of)
    if left < TABLE or learns_dates(subject):
        return ()
    return found(
        f"one and the same window under the dates of {DATED} weekdays got {np.unique(forecast).size} answers; "
        f"weekday, month, day of the month and a trend leave {left:.0%} of them unexplained, and it does not "
        "learn from the dates of its training: it holds a table by date; take it out"
    )


def unexplained(values: Floats, days: Days) -> float:
    """Return the share of the variance that weekday, month, day of the month and a trend leave, 0 to 1."""
    number = days.astype("datetime64[D]").astype(np.int64)
    month = days.astype("datetime64[M]").astype(np.int64)
    day = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    time = np.linspace(-1.0, 1.0, number.size)
    effects = [
        (number[:, None] + 3) % 7 == np.arange(7),
        month[:, None] % 12 == np.arange(12),
        day[:, None] == np.arange(31),
    ]
    X = np.concatenate([*effects, time[:, None] ** np.arange(4)], axis=1).astype(np.float64)
    gone = values - X @ np.linalg.lstsq(X, values, rcond=None)[0]
    return float(gone.var() / values.var() * number.size / (number.size - np.linalg.matrix_rank(X)))


def _validation(made: Batches, answers: list[Floats]) -> tuple[Finding, ...]:
    """Return whether the labels of the validation windows were kept and are given back."""
    watched = made.cut.validation
    if len(watched) < FEWEST // 3:
        return ()
    last = watched.last_close
    realised = np.log(made.cut.transform.close(np.asarray(watched.y), last) / last)
    forecast = made.returns("watched", answers)
    small = _several(made, answers, [f"watched shaken {n}" for n in range(SHAKES)])
    days = f"{watched.as_of[0]} to {watched.as_of[-1]}"
    if is_lost(forecast, small, realised):
        return found(
            f"of the validation windows ({days}) {right(forecast, realised):.0%} of the directions are right, "
            f"and {np.mean([right(one, realised) for one in small]):.0%} after small changes: it keeps their "
            "labels and gives them back, so a grid would choose it for nothing; watch them, and keep none"
        )
    if below(forecast, realised) >= LEARNED:
        return (
            Finding(
                Status.REPORTED,
                f"it learned the labels of the validation windows ({days}): what a grid chooses by them, and "
                "the centre that rules see, are of known rows",
            ),
        )
    return ()
