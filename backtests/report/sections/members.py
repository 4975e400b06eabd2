"""Which tickers of a universe could be bought when, as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtests.studies.study import Study
from backtests.universe.membership import Membership, span
from backtests.universe.volume_steps import WINDOW
from backtests.writing.numbers import count


@dataclass(frozen=True)
class Lane:
    """One ticker: its first forecast, the share of its sessions since then on which it could be bought.

    `bars` are the stretches, each with its left edge and width in percent of the whole time and a title.
    """

    ticker: str
    joins: str
    share: float
    bars: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Timeline:
    """The lanes of all tickers from the `first` to the `last` session of the account."""

    first: str
    last: str
    rows: tuple[Lane, ...]
    notes: tuple[str, ...]


def timeline(study: Study) -> Timeline | None:
    """Return the timeline of a universe; None for the account of one ticker."""
    if study.membership is None:
        return None
    sessions = study.results[0].sessions
    first, last = sessions[0], sessions[-1]
    days = max(1, int((last - first).astype(int)))
    lanes = []
    for ticker, bars in study.bars.items():
        joins = study.forecasts[ticker][0].as_of[0]
        flags = bars.sessions >= joins
        since = int(flags.sum())
        flags &= study.membership.members[ticker]
        spans = [
            (
                round(100 * int((np.datetime64(a) - first).astype(int)) / days, 2),
                round(100 * (int((np.datetime64(b) - np.datetime64(a)).astype(int)) + 1) / days, 2),
                f"{a} to {b}",
            )
            for a, b in span(flags, bars.sessions)
        ]
        lanes.append(Lane(ticker, str(joins), float(flags.sum()) / since, tuple(spans)))
    return Timeline(str(first), str(last), tuple(lanes), tuple(_notes(study, study.membership)))


def _notes(study: Study, membership: Membership) -> list[str]:
    """Return when a ticker may be bought, and why some may not."""
    short = ", ".join(study.left_out)
    left = f" Left out, with too few sessions: {short}." if short else ""
    if membership.largest is None:
        return [f"Every ticker can be bought from its first forecast on.{left}"]
    notes = [
        f"Only the {membership.largest} largest of {count(len(membership.members), 'ticker')} on the day of the "
        f"decision are bought, by the median of close x volume over their newest {WINDOW} sessions up to it; ties by "
        f"ticker. A ticker with fewer sessions is not ranked yet. What is held when its ticker falls out stays until "
        f"the rule sells.{left}"
    ]
    if faulty := dict.fromkeys(step.ticker for step in membership.steps):
        notes.append(
            f"Before the step of its volumes {', '.join(faulty)} is left out, and this choice uses knowledge of the "
            "future: the prices there are divided by a split that was still to come, so the ticker, ranked by its file "
            "as it is, would be too small by that split. Once its volumes are corrected, its traded value is what was "
            "known that day."
        )
    return notes
