"""The one base of everything that is raised on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Error(Exception):
    """Base of all errors raised on purpose: the message says what to do."""


class InputError(Error, ValueError):
    """A value that the user gave cannot be used: a flag, a file, a row of bars."""


#: A message lists so many known names.
SHOWN = 30


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for a misspelt name, or the list of known names.

    Of more than `SHOWN` names the first are listed.
    """
    names = sorted(known)
    # To compare a name of a megabyte with others takes minutes, and it is near to none.
    close = difflib.get_close_matches(name, names, n=1) if len(name) <= 100 else []
    if close:
        return f", did you mean '{close[0]}'?"
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"; known: {', '.join(names[:SHOWN])}{more}"


class DataWarning(UserWarning):
    """Base of the warnings about bars; the command line prints them, a manifest may keep them."""
