"""The shape that a value from a file must have, written as a value: ``{"trials": [{"key": TEXT}]}``."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backtests.reading.files import Unreadable
from backtests.writing.plain import short


@dataclass(frozen=True)
class Leaf:
    """A single value: in words what it must be, and whether a value is that."""

    words: str
    holds: Callable[[Any], bool]


def _day(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


ANY = Leaf("anything", lambda value: True)
FLAG = Leaf("true or false", lambda value: isinstance(value, bool))
TEXT = Leaf(
    "a text of at most 10,000 characters", lambda v: isinstance(v, str) and len(v) <= 10_000
)
COUNT = Leaf("a count", lambda value: _is_int(value) and 0 <= value < 2**53)
NUMBER = Leaf("a number", _is_number)
DAY = Leaf("a date as 2019-01-31", _day)
SHA256 = Leaf(
    "a sha256", lambda v: isinstance(v, str) and bool(re.fullmatch("[0-9a-f]{64}", v, re.ASCII))
)


def optional(leaf: Leaf) -> Leaf:
    """Return the leaf that may also be null."""
    return Leaf(f"{leaf.words}, or null", lambda value: value is None or leaf.holds(value))


def check(value: Any, shape: Any, name: str) -> None:
    """Raise an error where a value has another shape; it names the first place.

    Parameters
    ----------
    shape : Leaf, list, or dict
        ``[shape]`` is a list of such values. ``{"name": shape}`` is an object with these keys, and
        others; a key that ends in ``?`` may be missing. ``{str: shape}`` is an object of any keys.
    name : str
        What is checked, for the message.

    Raises
    ------
    Unreadable
        The value has another shape.

    Examples
    --------
    >>> check({"rows": [1, 2]}, {"rows": [COUNT], "note?": TEXT}, "my file")
    >>> check({"rows": [1, "x"]}, {"rows": [COUNT]}, "my file")
    Traceback (most recent call last):
    ...
    backtests.reading.files.Unreadable: my file: rows[1] is 'x', not a count
    """
    _check(value, shape, name, "")


def _check(value: Any, shape: Any, name: str, place: str) -> None:
    def wrong(words: str) -> Unreadable:
        return Unreadable(f"{name}: {place or 'the whole'} is {short(value)}, not {words}")

    if isinstance(shape, Leaf):
        if not shape.holds(value):
            raise wrong(shape.words)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise wrong("a list")
        for i, one in enumerate(value):
            _check(one, shape[0], name, f"{place}[{i}]")
    else:
        if not isinstance(value, dict):
            raise wrong("an object")
        if str in shape:
            for key, one in value.items():
                _check(one, shape[str], name, _below(place, key))
            return
        for key, inner in shape.items():
            stem = key.removesuffix("?")
            if stem in value:
                _check(value[stem], inner, name, _below(place, stem))
            elif stem == key:
                raise Unreadable(f"{name}: {_below(place, key)} is missing")


def _below(place: str, key: str) -> str:
    shown = key if re.fullmatch(r"[\w-]{1,40}", key, re.ASCII) else short(key, 40)
    return f"{place}.{shown}" if place else shown
