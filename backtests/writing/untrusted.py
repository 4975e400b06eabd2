"""Files that anybody may have written or damaged: read with limits, or refused in one line."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from forecasters.errors import InputError

#: Bytes of a file of JSON, and how deep its lists and objects may be nested.
LARGEST, DEEPEST = 64 * 2**20, 64
#: A string with its escapes, also one that never ends; or a bracket. Possessive: it never goes back.
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)


class Unreadable(InputError):
    """A file cannot be used: it is no regular file, too large, or not what it should be."""


def short(value: object, most: int = 60) -> str:
    r"""Return a value as printable text of at most about `most` characters, for a message.

    Examples
    --------
    >>> short("a" * 100, 20)
    "'aaaaaaaa...aaaaaaa'"
    >>> print(short("red \x1b[31m"))
    'red \x1b[31m'
    """
    if isinstance(value, str) and len(value) > most:
        value = f"{value[: most // 2 - 2]}...{value[3 - most // 2 :]}"
    text = repr(value)
    return text if len(text) <= 4 * most else f"{text[: 2 * most]}... ({type(value).__name__})"


def brief(error: Exception, most: int = 300) -> str:
    """Return the words of an error that may quote a file: printable, and at most `most` characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= most else f"{text[: most - 3]}..."


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """Return what a regular file holds.

    A pipe or a device would be waited for, and a huge file would fill the memory: neither is opened.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        There is no such file.
    Unreadable
        It is not a regular file, it has more than `most` bytes, or the system refuses to read it.
    """
    try:
        _check_regular(path, os.stat(path))  # first: to open a device may already do something
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            state = os.fstat(file.fileno())
            _check_regular(path, state)
            data = file.read(most + 1) if state.st_size <= most else None
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Unreadable(f"{_name(path)} cannot be read: {why}") from error
    except ValueError as error:  # a name that no system takes
        raise Unreadable(f"{_name(path)} cannot be read: {error}") from error
    if data is None or len(data) > most:
        size = f"{most / 2**20:g} MiB" if most >= 2**20 else f"{most:,} bytes"
        raise Unreadable(f"{_name(path)} is larger than {size}: it is not read")
    return data


def check_regular(path: Path) -> None:
    """Raise `Unreadable` where a path is there and is not a regular file; a link counts as its target."""
    try:
        _check_regular(path, os.stat(path))
    except FileNotFoundError:
        if path.is_symlink():
            raise Unreadable(f"{_name(path)} is a link to nothing: delete it") from None
    except NotADirectoryError:
        raise Unreadable(f"{_name(path)}: {_name(path.parent)} is not a folder") from None
    except OSError as error:  # a loop of links, a folder that may not be entered
        raise Unreadable(f"{_name(path)} cannot be read: {error.strerror}") from error


def _check_regular(path: Path, state: os.stat_result) -> None:
    if stat.S_ISREG(state.st_mode):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    kind = kinds.get(stat.S_IFMT(state.st_mode), "a device")
    raise Unreadable(f"{_name(path)} is {kind}, not a file: move it away")


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
    backtests.writing.untrusted.Unreadable: my file is not usable JSON: the key 'a' comes twice
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
