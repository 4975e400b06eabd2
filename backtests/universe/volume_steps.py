"""Volumes that were not adjusted together with the prices, found by their step."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasters.bars import Bars, Flags
from forecasters.errors import DataWarning

#: Sessions on each side of a step, and sessions whose median traded value says how large a ticker is.
WINDOW = 60
#: A step is where the lowest tenth of the volumes on one side is at least so many times the highest tenth
#: on the other. Ordinary trading stays below: in 24 large caps over five years the largest value is 1.3,
#: and unadjusted splits of 5, 10 and 50 to 1 show 2.7, 4.2 and 17.
APART = 2.0
#: Sessions on each side that decide on which of those days the step is.
NEAR = 5
#: What to do about a step, by what is run: the correction is made in another place in each.
REMEDIES = {
    "universe": "Look the split up and, for N to 1, write into the universe file: {line}",
    "ticker": (
        "Look the split up and multiply the volumes before {since} by its ratio in your file of bars (--data-dir); "
        "or, for N to 1, write this line into a file and run it with --universe FILE --slots 1: {line}"
    ),
    "grid": (
        "Look the split up and multiply the volumes before {since} by its ratio in your file of bars (--data-dir)"
    ),
}


@dataclass(frozen=True)
class Step:
    """A lasting jump of the volumes where the price does not jump: `ratio` from the session `since` on.

    `sound` is the first session whose traded value can be used for a ranking; None if there is none.
    """

    ticker: str
    since: str
    ratio: float
    sound: str | None

    def sentence(self, ranked: bool = False, run: str = "universe") -> str:
        """Return the step, what follows where tickers are `ranked`, and how to correct it.

        Parameters
        ----------
        run : str
            What is run, a key of `REMEDIES`.
        """
        unsound = "never" if self.sound is None else f"not before {self.sound}"
        rank = f"It is ranked by traded value {unsound}. " if ranked else ""
        remedy = REMEDIES[run].format(
            line=f"{self.ticker} xN before {self.since}", since=self.since
        )
        return (
            f"{self.ticker}: its volumes change x{self.ratio:.3g} for good on {self.since} and its prices do not: they "
            f"look unadjusted for a split. {rank}A forecaster that sees volume is misled. {remedy}"
        )


def volume_steps(bars: Bars) -> tuple[Step, ...]:
    """Return the lasting jumps of the volumes that the prices do not share, oldest first.

    The rule, over the sessions with trade: of `WINDOW` sessions on each side, the lowest tenth on one
    side is at least `APART` times the highest tenth on the other. Within the stretch of days where that
    holds, the step is the day on which the geometric mean of `NEAR` sessions moves most. It is no fault if
    the close moved as far the other way on that day: then neither is adjusted, and their product is right.
    A step within `WINDOW` sessions of either end looks the same as a busy month and is not found; a split
    of 5 to 1 or less may be hidden by noisy trading.
    """
    traded = np.flatnonzero(bars.tradable & (bars.volume > 0))
    if traded.size < 2 * WINDOW:
        return ()
    volume, close = bars.volume[traded], bars.close[traded]
    windows = np.lib.stride_tricks.sliding_window_view(volume, WINDOW)
    low, middle, high = np.quantile(windows, (0.1, 0.5, 0.9), axis=1)
    rows = np.arange(WINDOW, traded.size - WINDOW + 1)
    before, after = rows - WINDOW, rows  # the windows that end and begin at each row
    apart = np.maximum(low[after] / high[before], low[before] / high[after])
    near = np.lib.stride_tricks.sliding_window_view(np.log(volume), NEAR).mean(axis=1)
    jump = np.abs(near[rows] - near[rows - NEAR])
    steps = []
    for stretch in _joined(stretches(apart >= APART)):
        row = int(rows[stretch][jump[stretch].argmax()])
        ratio = float(middle[row] / middle[row - WINDOW])
        moved = close[row] / close[row - 1]
        if abs(math.log(ratio * moved)) < abs(math.log(ratio)) / 2:
            continue  # price and volume moved in opposite ways: neither is adjusted for the event
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


def warn_of_steps(steps: Sequence[Step], ranked: bool = False, run: str = "universe") -> None:
    """Warn of each step in the words of `Step.sentence`."""
    for step in steps:
        warnings.warn(step.sentence(ranked, run), DataWarning, stacklevel=2)


def _joined(stretches: Sequence[slice]) -> list[slice]:
    """Return the stretches; those less than `WINDOW` apart belong to one step and are joined."""
    joined: list[slice] = []
    for stretch in stretches:
        if joined and stretch.start - joined[-1].stop < WINDOW:
            stretch = slice(joined.pop().start, stretch.stop)
        joined.append(stretch)
    return joined


def stretches(flags: Flags) -> list[slice]:
    """Return the stretches in which the flags are True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
