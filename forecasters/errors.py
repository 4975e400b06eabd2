"""The one base of everything that is raised on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from forecasters.bars import Bars


class Error(Exception):
    """Base of all errors raised on purpose: the message says what to do."""


class InputError(Error, ValueError):
    """A value that the user gave cannot be used: a flag, a file, a row of bars."""


class FaultyRow(InputError):
    """A row of bars that cannot be used, while the rows before it can.

    Attributes
    ----------
    ticker : str
    session : datetime64[D]
        The day of the row.
    what : str
        Where the row is and what is wrong with it, without the ticker.
    before : Bars or None
        The rows before it, all sound; None where it is the first.
    """

    def __init__(
        self, message: str, ticker: str, session: np.datetime64, what: str, before: Bars | None
    ) -> None:
        super().__init__(message)
        self.ticker, self.session, self.what, self.before = ticker, session, what, before


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for a misspelt name, or the list of known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f", did you mean '{close[0]}'?" if close else f"; known: {', '.join(names)}"
