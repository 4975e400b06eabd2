"""The one base of everything that is raised on purpose."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable


class Error(Exception):
    """Base of all errors raised on purpose: the message says what to do."""


class InputError(Error, ValueError):
    """A value that the user gave cannot be used: a flag, a file, a row of bars."""


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
    """Return ``", did you mean 'x'?"`` for a misspelt name, or the list of known names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f", did you mean '{close[0]}'?" if close else f"; known: {', '.join(names)}"


class DataWarning(UserWarning):
    """Base of the warnings about bars; the command line prints them, a manifest may keep them."""
