"""Which tickers of a universe are large when, by the value that is traded.

A file whose prices were adjusted for a split and whose volumes were not has a wrong close x volume
before the split, too small by its ratio: `volume_steps` finds such files. What stands before the
step is not ranked on until the user mends it by a line of the universe's file
(``005930.KS x50 before 2018-05-04``).

What this knows of the future. `membership` reads no row after t. The steps are those of the whole
file, and so is the fault: the prices before the step were divided by a split to come, which no
rule that reads only rows up to t can see or undo. Ranked as it stands, the ticker would be too
small by that split; left out, it is missing. Both follow from the split to come, and the report
says so. The mend takes it away again: price / 50 x volume x 50 is what was known on that day. From
the day on which all rows of the window lie behind the step the product is right by itself, and the
ticker is ranked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backtests.universe.volume_steps import WINDOW, Step, stretches, volume_steps
from forecasters.bars import Bars, Days, Flags, Floats

#: A ticker without a bar for more sessions of the universe than this is no longer ranked.
ABSENT = 5


@dataclass(frozen=True, eq=False)
class Membership:
    """Which tickers may be bought when.

    Attributes
    ----------
    members : mapping
        Ticker to flags, shape [T] of its own bars; known at the close of each.
    steps : tuple of Step
        Faults of the volumes, each of which keeps its ticker out of the ranking for a time.
    largest : int or None
        So many are members on a day at most; None: all are, always.
    """

    members: Mapping[str, Flags]
    steps: tuple[Step, ...]
    largest: int | None


def membership(
    bars: Mapping[str, Bars], largest: int | None, steps: Sequence[Step] | None = None
) -> Membership:
    """Return which tickers are among the `largest` by traded value, session by session; None: all.

    Ranked on each session of any ticker is the median traded value of a ticker's own newest
    `WINDOW` sessions up to that one, the largest first, ties by ticker. Not ranked is a ticker
    with fewer sessions so far, one without a bar for more than `ABSENT` sessions, and one whose
    window holds volumes from before a step.

    Parameters
    ----------
    steps : sequence of Step, optional
        Known faults; default: those that `volume_steps` finds.
    """
    if steps is None:
        steps = [step for own in bars.values() for step in volume_steps(own)]
    if largest is None:
        everything = {t: _read_only(np.ones(len(own), dtype=bool)) for t, own in bars.items()}
        return Membership(everything, tuple(steps), None)
    union = np.unique(np.concatenate([own.sessions for own in bars.values()]))
    names = sorted(bars)
    value = np.full((len(names), union.size), np.nan)
    for row, ticker in zip(value, names, strict=True):
        own = bars[ticker]
        ranked = _ranked_on(own, [s for s in steps if s.ticker == ticker])
        newest = np.searchsorted(own.sessions, union, side="right") - 1
        seen = newest >= 0
        age = np.arange(union.size) - np.searchsorted(union, own.sessions)[newest]
        row[:] = np.where(seen & (age <= ABSENT), ranked[newest], np.nan)
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


def _ranked_on(bars: Bars, steps: Sequence[Step]) -> Floats:
    """Return the trailing median traded value, [T]; NaN where the ticker cannot be ranked."""
    median = np.full(len(bars), np.nan)
    if len(bars) >= WINDOW:
        values = np.lib.stride_tricks.sliding_window_view(bars.close * bars.volume, WINDOW)
        median[WINDOW - 1 :] = np.median(values, axis=1)
    for step in steps:
        sound = bars.sessions.size
        if step.sound is not None:
            sound = int(np.searchsorted(bars.sessions, np.datetime64(step.sound, "D")))
        median[:sound] = np.nan
    return median


def _read_only(flags: Flags) -> Flags:
    flags.setflags(write=False)
    return flags


def span(flags: Flags, sessions: Days) -> list[tuple[str, str]]:
    """Return the stretches of sessions, first and last, in which the flags hold."""
    return [(str(sessions[s.start]), str(sessions[s.stop - 1])) for s in stretches(flags)]
