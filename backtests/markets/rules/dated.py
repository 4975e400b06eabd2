"""Dated tables: which line of a market's rules is in force on a day, for a kind of listing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol, TypeVar

from forecasters.errors import InputError

INSTRUMENTS = ("stock", "etf")

#: (from this price on, value), the first from 0.
Steps = tuple[tuple[float, float], ...]


class Listing(NamedTuple):
    """What kind of thing is traded where: a segment of the market, and the instrument."""

    segment: str = ""
    instrument: str = "stock"


class DatedLine(Protocol):
    """One line of a dated table. An empty segment or instrument stands for all of them."""

    @property
    def since(self) -> str:
        """The first session that it holds on, as an ISO date."""

    @property
    def source(self) -> str:
        """Where it was found."""

    @property
    def segment(self) -> str:
        """The segment it is about."""

    @property
    def instrument(self) -> str:
        """The instrument it is about."""


L = TypeVar("L", bound=DatedLine)


def lines_for(table: tuple[L, ...], listing: Listing) -> tuple[L, ...]:
    """Return the lines that are about this kind of listing, oldest first."""
    about = (
        line
        for line in table
        if line.segment in ("", listing.segment) and line.instrument in ("", listing.instrument)
    )
    return tuple(sorted(about, key=lambda line: line.since))


def in_force(table: tuple[L, ...], session: str | date, listing: Listing) -> L | None:
    """Return the line that holds on this session, None before the first.

    Parameters
    ----------
    session : str, date or datetime64[D]
        The day of the trade, not of its settlement.
    """
    lines = lines_for(table, listing)
    row = bisect_right(lines, iso(session), key=lambda line: line.since)
    return lines[row - 1] if row else None


def check(
    table: Sequence[L], market: str, what: str, value: str, sound: Callable[[L], bool]
) -> None:
    """Refuse a table whose dates are not ISO or do not increase, a line without value or source."""
    latest: dict[tuple[str, str], str] = {}
    for line in table:
        about = (line.segment, line.instrument)
        if iso(line.since) != line.since or line.since <= latest.get(about, ""):
            raise InputError(f"{market}: the dates of the {what} table must be ISO and increase")
        latest[about] = line.since
        if not (line.source and sound(line)):
            raise InputError(f"{market}: the {what} from {line.since} needs {value} and a source")


def share_is_sound(line: Any) -> bool:
    """Return whether the share of a line is from 0 to below 1."""
    return bool(0 <= line.share < 1)


def steps_are_sound(line: Any) -> bool:
    """Return whether the steps of a line rise from 0 and hold values above 0."""
    starts = [start for start, _ in line.steps]
    rising = starts == sorted(set(starts)) and starts[:1] == [0]
    return rising and all(value > 0 for _, value in line.steps)


def step(steps: Steps, price: float) -> float:
    """Return the value of the last step that a price of 0 or more has reached."""
    return next(value for start, value in reversed(steps) if price >= start)


def iso(session: str | date) -> str:
    """Return YYYY-MM-DD; str() of a date, a datetime and a numpy day all begin with it."""
    if type(session) is date:
        return session.isoformat()
    try:
        return date.fromisoformat(str(session)[:10]).isoformat()
    except ValueError:
        raise InputError(f"'{session}' is not a date; write it as 2019-05-30") from None
