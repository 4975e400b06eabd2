"""Files that anybody may have written or damaged: read with limits, or refused in one line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from backtests.reading.files import Unreadable, read_regular, refuse_other
from backtests.writing.plain import short

#: Bytes of a file of JSON, and how deep its lists and objects may be nested.
LARGEST, DEEPEST = 64 * 2**20, 64
#: What to do about something else in the place of a file of this program.
AWAY = "move it away"
#: What is said of one that is too large.
LEAVE = "it is not read"
#: A string with its escapes, also one that never ends; or a bracket. Possessive: it never goes back.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)


def brief(error: Exception, most: int = 300) -> str:
    """Return the words of an error that may quote a file: printable, and at most `most` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= most else f"{text[: most - 3]}..."


def read_bytes(path: Path, most: int = LARGEST, large: str = LEAVE) -> bytes:
    """Return what a regular file of this program holds; see `read_regular`."""
    return read_regular(path, _name(path), most, large=large, other=AWAY)


def check_regular(path: Path) -> None:
    """Raise `Unreadable` where a path is there and is not a regular file; a link counts as its target."""
    try:
        refuse_other(path, _name(path), AWAY)
    except FileNotFoundError:
        pass
    except NotADirectoryError:
        raise Unreadable(f"{_name(path)}: {_name(path.parent)} is not a folder") from None
    except OSError as error:  # a loop of links, a folder that may not be entered
        raise Unreadable(f"{_name(path)} cannot be read: {error.strerror}") from error


def read_json(path: Path, most: int = LARGEST, deepest: int = DEEPEST) -> Any:
    """Return the value in a file of JSON; see `read_bytes` and `parse_json`."""
    return parse_json(read_bytes(path, most), _name(path), deepest)


def parse_json(raw: bytes, name: str, deepest: int = DEEPEST) -> Any:
    """Return the value of JSON text, stricter than Python: what is ambiguous or no number is refused.

    Parameters
    ----------
    raw : bytes
        UTF-8.
    name : str
        What is read, for messages.
    deepest : int
        How deep lists and objects may be nested.

    Raises
    ------
    Unreadable
        No JSON, nested too deep, the same key twice in an object, or a number that is not finite or
        has more than 64 bits.

    Examples
    --------
    >>> parse_json(b'{"a": [1, 2.5, null]}', "my file")
    {'a': [1, 2.5, None]}
    >>> parse_json(b'{"a": 1, "a": 2}', "my file")
    Traceback (most recent call last):
    ...
    backtests.reading.files.Unreadable: my file is not usable JSON: the key 'a' comes twice
    """

    def refuse(why: str) -> NoReturn:
        raise Unreadable(f"{name} is not usable JSON: {why}")

    def pairs(items: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            seen: set[str] = set()
            twice = next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            refuse(f"the key {short(twice)} comes twice")
        return made

    def number(text: str) -> float:
        value = float(text)
        return value if math.isfinite(value) else refuse(f"{short(text)} is too large")

    def integer(text: str) -> int:
        if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
            refuse(f"{short(text)} is too large")
        return int(text)

    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse(f"byte {error.start + 1:,} is no UTF-8")
    if _deeper(text, deepest):
        refuse(f"it is nested deeper than {deepest} levels")
    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=number,
            parse_int=integer,
            parse_constant=lambda word: refuse(f"{word} is no number"),
        )
        if (
            "\\ud" in text or "\\uD" in text
        ):  # half of a character can be neither printed nor written
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        refuse(f"{error.msg}, line {error.lineno:,}")
    except UnicodeEncodeError:
        refuse("a text holds half a character")
    return value


def _deeper(text: str, most: int) -> bool:
    """Return whether brackets are nested deeper than `most`; those inside strings do not count."""
    if text.count("[") + text.count("{") <= most:
        return False
    depth = 0
    for mark in _MARKS.finditer(text):
        first = text[mark.start()]
        if first in "[{":
            depth += 1
            if depth > most:
                return True
        elif first != '"':
            depth -= 1
    return False


def _name(path: Path) -> str:
    """Return a path for a message: printable, and not cut, because the user has to find it."""
    text = str(path)
    return text if text.isprintable() else repr(text)
