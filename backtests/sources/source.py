"""What every source of bars provides, and the errors it may raise."""

from __future__ import annotations

import datetime
from typing import ClassVar, Protocol

import numpy as np

from backtests.sources.ticker import check_ticker as check_ticker
from forecasters.bars import Bars
from forecasters.errors import DataWarning, Error, InputError, nearest

#: What prices can be adjusted for (`--adjust`).
ADJUSTMENTS = ("splits", "all", "none")


class DataSource(Protocol):
    """Where daily bars come from."""

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars of `ticker` from `start` to before `end` (ISO dates, end exclusive)."""
        ...


class SourceUnreachable(Error):
    """No complete answer came: the connection was refused, broke off, or took too long."""

    exit_code: ClassVar[int] = 69


class NoNetwork(SourceUnreachable):
    """There is no network at all: nothing has answered, and no connection could be made."""


class SourceBusy(Error):
    """The source answers, but not now: a rate limit, or a fault on its side."""

    exit_code: ClassVar[int] = 75


class UnknownTicker(InputError):
    """The source was reached and has no such ticker."""


class NotCovered(InputError):
    """The source has the ticker, but not these dates."""


class SimulatedDataWarning(DataWarning):
    """The bars come from a random generator."""


class PartialDataWarning(DataWarning):
    """The bars are real, but do not cover all the requested dates."""


class SnapshotWarning(DataWarning):
    """A snapshot on disk is damaged, disagrees with a new download, or cannot be written."""


def parse_dates(start: str, end: str) -> tuple[np.datetime64, np.datetime64]:
    """Return two ISO dates (YYYY-MM-DD) as days.

    Raises
    ------
    InputError
        A date cannot be read, or the first is not before the second.
    """
    days = []
    for name, text in (("start", start), ("end", end)):
        try:
            days.append(np.datetime64(datetime.date.fromisoformat(text), "D"))
        except ValueError:
            raise InputError(f"{name} {text!r} is not a date; write it as 2015-01-31") from None
    if days[0] >= days[1]:
        raise InputError(f"start {start} is not before end {end}; the end is exclusive")
    return days[0], days[1]


def check_adjust(adjust: str) -> str:
    """Return `adjust` if it is one of `ADJUSTMENTS`."""
    if adjust not in ADJUSTMENTS:
        raise InputError(f"unknown adjust {adjust!r}{nearest(adjust, ADJUSTMENTS)}")
    return adjust
