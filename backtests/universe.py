"""A universe: the tickers of one account, and which of them were large when.

Large is judged by the traded value, close x volume. A file whose prices were adjusted for a split
and whose volumes were not has a wrong product before the split, too small by the ratio of that
split: `volume_steps` finds such files. What stands before the step is not ranked on until the user
mends it by a line of the universe file (``005930.KS x50 before 2018-05-04``).

What this knows of the future. `membership` reads no row after t. The steps are those of the whole
file, and so is the fault: the prices before the step were divided by a split to come, which no
rule that reads only rows up to t can see or undo. Ranked as it stands, the ticker would be too
small by that split; left out, it is missing. Both follow from the split to come, and the report
says so. The mend takes it away again: price / 50 x volume x 50 is what was known on that day. From
the day on which all rows of the window lie behind the step the product is right by itself, and the
ticker is ranked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from forecasters.bars import Bars, Days, Flags, Floats
from forecasters.errors import InputError

#: Sessions whose median traded value says how large a ticker is, and sessions on each side of a step.
WINDOW = 60
#: A step stands where the lowest tenth of the volumes on one side is so many times the highest tenth on
#: the other. Ordinary trading does not part so: the most in 24 large caps over five years is 1.3, and
#: unadjusted splits of 5, 10 and 50 to one show 2.7, 4.2 and 17.
APART = 2.0
#: Sessions on each side that say on which day of those it steps.
NEAR = 5
#: A ticker without a bar for more sessions of the universe than this is no longer ranked.
ABSENT = 5

_LINE = re.compile(r"(?P<ticker>\S+)(?P<mends>(\s+x\S+\s+before\s+\S+)*)")
_MEND = re.compile(r"x(\S+)\s+before\s+(\S+)")


@dataclass(frozen=True)
class Mend:
    """The volumes before this session are to be multiplied by `factor`, the ratio of a split."""

    before: str
    factor: float


@dataclass(frozen=True)
class Universe:
    """The tickers of a file, in its order, and what it says of their volumes.

    The name is the stem of the file; it says nothing about the content and enters no key.
    """

    name: str
    tickers: tuple[str, ...]
    mends: Mapping[str, tuple[Mend, ...]]


@dataclass(frozen=True)
class Step:
    """Volumes that jump for good where the price does not: `ratio` from the session `since` on.

    `sound` is the first session whose traded value can be ranked on, None where there is none.
    """

    ticker: str
    since: str
    ratio: float
    sound: str | None

    def sentence(self, ranked: bool) -> str:
        """Return what was found, what follows where tickers are `ranked`, and how to mend it."""
        unsound = "never" if self.sound is None else f"not before {self.sound}"
        rank = f"It is ranked by traded value {unsound}. " if ranked else ""
        return (
            f"{self.ticker}: its volumes change x{self.ratio:.3g} for good on {self.since} and its prices do not: they "
            f"look unadjusted for a split. {rank}A forecaster that sees volume is misled. Look the split up and, "
            f"for N to 1, write into the universe file: {self.ticker} xN before {self.since}"
        )


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


def read_universe(path: str | Path) -> Universe:
    """Return the universe of a file: one ticker a line, ``#`` begins a comment.

    Behind a ticker may stand the split that its volumes were not adjusted for:
    ``005930.KS x50 before 2018-05-04``, ``011200.KS x1/7 before 2016-05-09``.

    Raises
    ------
    InputError
        No such file, a ticker twice, a line that says something else, no ticker at all; with the
        number of the line and what to do.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(
            f"--universe {path}: there is no such file; write one with a ticker a line"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"--universe {path} is no text in UTF-8; save it as UTF-8") from None
    lines: dict[str, int] = {}
    mends: dict[str, tuple[Mend, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        found = _LINE.fullmatch(content)
        if not found:
            raise InputError(
                f"--universe {path}, line {number}: '{content}' is no ticker; write one a line, and "
                "behind it at most the split its volumes lack: 005930.KS x50 before 2018-05-04"
            )
        ticker = found["ticker"]
        if ticker in lines:
            raise InputError(
                f"--universe {path}: {ticker} stands on line {lines[ticker]} and again on line "
                f"{number}; remove one"
            )
        lines[ticker] = number
        where = f"--universe {path}, line {number}"
        own = tuple(_mend(factor, day, where) for factor, day in _MEND.findall(found["mends"]))
        if own:
            mends[ticker] = own
    if not lines:
        raise InputError(f"--universe {path} names no ticker; write one a line")
    return Universe(path.stem, tuple(lines), mends)


def _mend(factor: str, day: str, where: str) -> Mend:
    try:
        value = float(Fraction(factor))
        before = str(np.datetime64(day, "D"))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise InputError(
            f"{where}: write the ratio and the first session after the split: x50 before 2018-05-04"
        ) from None
    if not 0 < value < math.inf:
        raise InputError(f"{where}: x{factor} is no ratio of a split; it must be above 0")
    return Mend(before, value)


def mended(bars: Bars, mends: Sequence[Mend]) -> Bars:
    """Return the bars with the volumes before each split multiplied by its ratio."""
    volume = bars.volume.copy()
    for mend in mends:
        volume[bars.sessions < np.datetime64(mend.before, "D")] *= mend.factor
    return replace(bars, volume=volume) if mends else bars


def volume_steps(bars: Bars) -> tuple[Step, ...]:
    """Return where the volumes step for good and the prices do not, oldest first.

    The rule, over the sessions with trade: of `WINDOW` sessions on each side, the lowest tenth on
    one is `APART` times the highest tenth on the other; within the stretch of days where that is
    so, the step is the day on which the geometric mean of `NEAR` sessions moves most. It is no
    fault where the close moved as far the other way on that day: neither is adjusted then, and
    their product is right. A step within `WINDOW` sessions of either end cannot be told from a
    busy month, and a split of 5 to 1 or less may hide in noisy trading.
    """
    traded = np.flatnonzero(bars.tradable & (bars.volume > 0))
    if traded.size < 2 * WINDOW:
        return ()
    volume, close = bars.volume[traded], bars.close[traded]
    windows = np.lib.stride_tricks.sliding_window_view(volume, WINDOW)
    low, middle, high = np.quantile(windows, (0.1, 0.5, 0.9), axis=1)
    rows = np.arange(WINDOW, traded.size - WINDOW + 1)
    before, after = rows - WINDOW, rows
    apart = np.maximum(low[after] / high[before], low[before] / high[after])
    near = np.lib.stride_tricks.sliding_window_view(np.log(volume), NEAR).mean(axis=1)
    jump = np.abs(near[rows] - near[rows - NEAR])
    steps = []
    for stretch in _joined(_stretches(apart >= APART)):
        row = int(rows[stretch][jump[stretch].argmax()])
        ratio = float(middle[row] / middle[row - WINDOW])
        moved = close[row] / close[row - 1]
        if abs(math.log(ratio * moved)) < abs(math.log(ratio)) / 2:
            continue  # the price fell as the volume rose: an event that neither is adjusted for
        first = int(traded[row])
        sound = first + WINDOW - 1
        steps.append(
            Step(
                bars.ticker,
                str(bars.sessions[first]),
                ratio,
                str(bars.sessions[sound]) if sound < len(bars) else None,
            )
        )
    return tuple(steps)


def _stretches(flags: Flags) -> list[slice]:
    """Return the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(stretches: Sequence[slice]) -> list[slice]:
    """Return the runs, those of one step together: less than `WINDOW` apart."""
    joined: list[slice] = []
    for run in stretches:
        if joined and run.start - joined[-1].stop < WINDOW:
            run = slice(joined.pop().start, run.stop)
        joined.append(run)
    return joined


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
    return [(str(sessions[s.start]), str(sessions[s.stop - 1])) for s in _stretches(flags)]
