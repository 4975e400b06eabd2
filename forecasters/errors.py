"""The one base of everything that is raised on purpose."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class Error(Exception):
    """Base of all errors raised on purpose: the message says what to do."""


class InputError(Error, ValueError):
    """A value that the user gave cannot be used: a flag, a file, a row of bars."""


#: A message lists so many known names.
SHOWN = 30


def method_of(instance: object, method: str) -> str:
    """Return class, method and file in words, for a message: ``MyGRU.build (my_gru.py)``."""
    cls = type(instance)
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
    return f"{cls.__qualname__}.{method} ({file})"


def told(error: BaseException) -> str:
    """Return type and message of an error that may be anything."""
    try:
        text = str(error)
    except Exception:  # the user's class of errors may fail to say itself
        text = "(its message cannot be shown)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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
