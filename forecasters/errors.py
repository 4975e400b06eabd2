"""The one base of everything that is raised on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Error(Exception):
    """Base of all errors raised on purpose: the message says what to do."""


class InputError(Error, ValueError):
    """A value that the user gave cannot be used: a flag, a file, a row of bars."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for a misspelt name, or the list of known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f", did you mean '{close[0]}'?" if close else f"; known: {', '.join(names)}"


class DataWarning(UserWarning):
    """Base of the warnings about bars; the command line prints them, a manifest may keep them."""
