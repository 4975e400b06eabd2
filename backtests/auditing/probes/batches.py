"""The batches of windows that a forecaster is asked about after one fit with the settings of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.auditing.probes.futures import shaken
from backtests.auditing.subject import Subject
from forecasters.bars import Bars, Days, Floats
from forecasters.features import Features
from forecasters.preparation.windows import Windows, join
from forecasters.walk_forward.fit import Fit
from forecasters.walk_forward.fold_windows import FoldWindows, cut_windows

#: Rows after the training that are looked at.
LONG = 400
#: How often past prices are changed a little.
SHAKES = 6
#: Sessions over which the answer to one and the same window is asked, under other dates.
DATED = 480
#: Days by which dates are moved: the first keep the weekday and no month or day, the second keep month
#: and day (but for leap years) and no weekday. No table keyed by weekday, month and day fits either.
KEEP_WEEKDAY = (63, 140, -77, -161)
KEEP_MONTH = (365, 730, -365, -1096)


@dataclass
class Batches:
    """One fit, the batches to ask it about, and where the answer to each of them stands.

    Attributes
    ----------
    cut : FoldWindows
        Windows and transform of the ticker that is asked about.
    rows : int64, shape [M]
        Rows of the long batch.
    realised : float64, shape [M]
        Log returns that came, NaN where one is unknown.
    """

    fit: Fit
    cuts: list[FoldWindows]
    features: Features
    rows: NDArray[np.intp]
    realised: Floats
    batches: list[Windows] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    @property
    def cut(self) -> FoldWindows:
        """The windows of the first ticker of the fit."""
        return self.cuts[0]

    def add(self, name: str, windows: Windows) -> None:
        """Ask about these windows too."""
        self.names[name] = len(self.batches)
        self.batches.append(windows)

    def work(self, clocks: tuple[int, ...]) -> dict[str, Any]:
        """Return what a child process is asked for."""
        return {
            "forecaster": self.fit.forecaster,
            "fit": join([cut.fit for cut in self.cuts]),
            "validation": join([cut.validation for cut in self.cuts]),
            "generator": self.fit.generator(),
            "batches": self.batches,
            "clocks": clocks,
        }

    def returns(self, name: str, answers: list[Floats]) -> Floats:
        """Return the forecast log returns of a batch, [M]; it may have other closes than the bars."""
        at = self.names[name]
        last = self.batches[at].last_close
        close = self.cut.transform.close(answers[at], last)
        return np.asarray(np.log(np.maximum(close, 1e-6 * last) / last))


def make_batches(subject: Subject) -> Batches:
    """Return the batches for the first fit of a run: its own step, training and epochs."""
    bars = {ticker: _newest(subject, b) for ticker, b in (subject.run_bars or subject.bars).items()}
    plan = subject.run_plan or subject.walk_forward
    fewest = min(map(len, bars.values()))
    if plan.first_test + min(plan.step, LONG) + 1 > fewest and not hasattr(plan, "shares"):
        train = max(fewest - min(plan.step, fewest // 3) - plan.first_test + plan.train_size - 1, 2)
        plan = replace(plan, train_size=train)
    run = replace(subject, forecaster=subject.own or subject.forecaster, walk_forward=plan)
    fit = run.fits(bars)[0]
    cuts = [cut_windows(p.features, p.fold, fit.forecaster.preprocessing) for p in fit.parts]
    features, fold = fit.parts[0].features, fit.parts[0].fold
    rows = np.arange(fold.test.start, min(fold.test.start + LONG, features.sessions.size))
    made = Batches(fit, cuts, features, rows, _realised(features, rows))
    _ask_parts(made)
    _ask_changed(made, run, bars[features.ticker])
    _ask_dated(made)
    return made


def _newest(subject: Subject, bars: Bars) -> Bars:
    """Return the newest bars, those of a run and `LONG` more, without rows before every input is known."""
    plan = subject.run_plan or subject.walk_forward
    newest = bars.rows(slice(max(len(bars) - plan.first_test - LONG, 0), None))
    if not subject.extras:
        return newest
    return newest.rows(slice(subject.features(newest).warmup, None))


def _realised(features: Features, rows: NDArray[np.intp]) -> Floats:
    realised = np.full(rows.size, np.nan)
    target = rows + features.horizon
    known = target < features.sessions.size
    known[known] &= features.tradable[rows[known]] & features.tradable[target[known]]
    realised[known] = np.log(features.close[target[known]] / features.close[rows[known]])
    return realised


def _ask_parts(made: Batches) -> None:
    """Ask about the batch of a run, its beginnings, single windows, and other windows before them."""
    batch = made.cut.test
    size = len(batch)
    made.add("batch", batch)
    for k in range(1, size):
        made.add(f"first {k}", rows_of(batch, slice(0, k)))
    for k in sorted({0, 1, size // 2, size - 1}):
        made.add(f"alone {k}", rows_of(batch, slice(k, k + 1)))
        other = rows_of(batch, slice(0, k + 1))
        if k:
            made.add(f"other before {k}", _other_before(other))


def _other_before(windows: Windows) -> Windows:
    """Return windows in which all but the last are other ones: their prices grow by up to 10%."""
    factor = np.random.default_rng(len(windows)).uniform(1.0, 1.1, len(windows))
    factor[-1] = 1.0
    return replace(
        windows,
        X=windows.X * factor[:, None, None],
        last_close=windows.last_close * factor,
    )


def _ask_changed(made: Batches, run: Subject, bars: Bars) -> None:
    """Ask about the long batch, with small changes of past prices, with other dates, with both."""
    transform = made.cut.transform
    long = transform.windows(made.features, made.rows, labelled=False)
    made.add("long", long)
    watched = made.cut.validation
    made.add("watched", replace(watched, y=np.full(len(watched), np.nan)))
    at = np.searchsorted(made.features.sessions, watched.as_of)
    for n in range(SHAKES):
        features = run.features(shaken(bars, n))
        small = transform.windows(features, made.rows, labelled=False)
        made.add(f"shaken {n}", small)
        moved = transform.windows(features, at, labelled=False)
        made.add(f"watched shaken {n}", _redated(moved, KEEP_WEEKDAY[n % len(KEEP_WEEKDAY)]))
    for kind, moves in (("weekday", KEEP_WEEKDAY), ("month", KEEP_MONTH)):
        for n, move in enumerate(moves):
            made.add(f"{kind} {n}", _redated(long, move))
            both = made.batches[made.names[f"shaken {n}"]]
            made.add(f"shaken {kind} {n}", _redated(both, move))


def _redated(windows: Windows, days: int) -> Windows:
    return replace(windows, as_of=windows.as_of + np.timedelta64(days, "D"))


def _ask_dated(made: Batches) -> None:
    """Ask about one window under the date of every weekday of the next two years."""
    batch = made.cut.test
    dates = weekdays(batch.as_of[0], DATED)
    made.add("dated", replace(rows_of(batch, np.zeros(DATED, dtype=np.intp)), as_of=dates))


def weekdays(first: np.datetime64, number: int) -> Days:
    """Return so many days from Monday to Friday from `first` on."""
    return np.asarray(np.busday_offset(first, np.arange(number), roll="forward"))


def rows_of(windows: Windows, rows: Any) -> Windows:
    """Return these rows of windows."""
    arrays: Mapping[str, Any] = {
        name: getattr(windows, name)[rows].copy() for name in ("X", "y", "last_close", "as_of")
    }
    return replace(windows, **arrays)
