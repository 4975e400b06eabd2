"""When each ticker of a universe is among the largest, by traded value.

If the prices of a file were adjusted for a split and its volumes were not, close x volume before the
split is too small by the ratio of the split; `volume_steps` finds such files. The rows before the step
are not used for the ranking until the user corrects them by a line of the universe's file
(``005930.KS x50 before 2018-05-04``).

What this knows of the future. `membership` reads no row after t. But the steps are found in the whole
file, because the fault is in the whole file: the prices before the step were divided by a later split,
and no rule that reads only rows up to t can see or undo that. If the ticker were ranked without a
correction, it would be too small by the ratio of that split; if it is left out, it is missing. Both
follow from the later split, and the report says so. The correction removes the effect: price / 50 x
volume x 50 is what was known on that day. Once all rows of the window are after the step, the product
is right without a correction, and the ticker is ranked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from backtests.universe.volume_steps import WINDOW, Step, stretches, volume_steps
from forecasters.bars import Bars, Days, Flags, Floats

#: A ticker that has had no bar for more sessions of the universe than this is not ranked.
ABSENT = 5


@dataclass(frozen=True, eq=False)
class Membership:
    """When each ticker may be bought.

    Attributes
    ----------
    members : mapping
        Ticker to flags, shape [T], one for each of its bars; known at the close of that bar.
    steps : tuple of Step
        Faults of the volumes; each keeps its ticker out of the ranking for a time.
    largest : int or None
        The largest number of members on a day; None: all tickers, always.
    closed : mapping
        Ticker to the session from which on it is no member, because its prices are at fault.
    """

    members: Mapping[str, Flags]
    steps: tuple[Step, ...]
    largest: int | None
    closed: Mapping[str, str] = field(default_factory=dict)

    def without(self, bars: Mapping[str, Bars], closed: Mapping[str, str]) -> Membership:
        """Return it with each of these tickers out from its day on.

        Parameters
        ----------
        bars : mapping
            The bars whose rows the flags shall have: they may go on after those that were ranked.
        closed : mapping
            Ticker to session.
        """
        members = dict(self.members)
        for ticker, day in closed.items():
            flags = np.zeros(len(bars[ticker]), dtype=bool)
            flags[: members[ticker].size] = members[ticker]
            flags &= bars[ticker].sessions < np.datetime64(day, "D")
            members[ticker] = _read_only(flags)
        return replace(self, members=members, closed=dict(closed))


def membership(
    bars: Mapping[str, Bars], largest: int | None, steps: Sequence[Step] | None = None
) -> Membership:
    """Return which tickers are among the `largest` by traded value, session by session; None: all.

    The ranking is by the median traded value of a ticker's newest `WINDOW` sessions up to that day, the
    largest first, ties by ticker. It is made on each session of any ticker. A ticker is not ranked if it
    has had fewer sessions, has had no bar for more than `ABSENT` sessions, or if its window holds volumes
    from before a step.

    Parameters
    ----------
    steps : sequence of Step, optional
        Known faults; default: those that `volume_steps` finds.
    """
    if steps is None:
        steps = [step for series in bars.values() for step in volume_steps(series)]
    if largest is None:
        always = {t: _read_only(np.ones(len(series), dtype=bool)) for t, series in bars.items()}
        return Membership(always, tuple(steps), None)
    union = np.unique(np.concatenate([series.sessions for series in bars.values()]))
    names = sorted(bars)
    value = np.full((len(names), union.size), np.nan)
    for row, ticker in zip(value, names, strict=True):
        series = bars[ticker]
        traded_value = _traded_value(series, [step for step in steps if step.ticker == ticker])
        newest = np.searchsorted(series.sessions, union, side="right") - 1
        begun = newest >= 0
        age = np.arange(union.size) - np.searchsorted(union, series.sessions)[newest]
        row[:] = np.where(begun & (age <= ABSENT), traded_value[newest], np.nan)
    order = np.argsort(np.where(np.isnan(value), np.inf, -value), axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(names))[:, None], axis=0)
    inside = (place < largest) & ~np.isnan(value)
    return Membership(
        {
            ticker: _read_only(inside[i][np.searchsorted(union, bars[ticker].sessions)])
            for i, ticker in enumerate(names)
        },
        tuple(steps),
        largest,
    )


def _traded_value(bars: Bars, steps: Sequence[Step]) -> Floats:
    """Return the trailing median traded value, [T]; NaN where the ticker cannot be ranked."""
    median = np.full(len(bars), np.nan)
    if len(bars) >= WINDOW:
        values = np.lib.stride_tricks.sliding_window_view(bars.close * bars.volume, WINDOW)
        median[WINDOW - 1 :] = np.median(values, axis=1)
    for step in steps:
        first_sound = bars.sessions.size
        if step.sound is not None:
            first_sound = int(np.searchsorted(bars.sessions, np.datetime64(step.sound, "D")))
        median[:first_sound] = np.nan
    return median


def _read_only(flags: Flags) -> Flags:
    flags.setflags(write=False)
    return flags


def span(flags: Flags, sessions: Days) -> list[tuple[str, str]]:
    """Return the first and last session of each stretch in which the flags are True."""
    return [(str(sessions[s.start]), str(sessions[s.stop - 1])) for s in stretches(flags)]
