"""Numbers among the settings of a forecaster: of the right type, and within their bounds."""

from __future__ import annotations

import math
import operator
from typing import Any

from forecasters.errors import InputError

#: The largest whole number of the kernels' sizes (int32).
INT32 = 2**31 - 1


def check_whole(owner: str, name: str, value: Any, least: int, most: int) -> int:
    """Return a whole number within its bounds.

    Parameters
    ----------
    owner, name : str
        Forecaster and setting, for the message.

    Raises
    ------
    InputError
        It is no whole number (a truth value is none), or outside its bounds.

    Examples
    --------
    >>> check_whole("cnn", "filters", 64, 1, INT32)
    64
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise InputError(f"{owner} has {name} {value!r}; give a whole number")
    if number < least:
        bound = "above 0" if least == 1 else f"at least {least:,}"
        raise InputError(f"{owner} has {name} {value}; it must be {bound}")
    if number > most:
        raise InputError(f"{owner} has {name} {value}; it must be at most {most:,}")
    return number


def check_number(owner: str, name: str, value: Any) -> float:
    """Return a finite real number.

    Raises
    ------
    InputError
        It is no number, or not finite.
    """
    if isinstance(value, bool | str | bytes | complex):
        raise InputError(f"{owner} has {name} {value!r}; give a number")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{owner} has {name} {value!r}; give a number") from None
    if not math.isfinite(number):
        raise InputError(f"{owner} has {name} {value}; give a finite number")
    return number
