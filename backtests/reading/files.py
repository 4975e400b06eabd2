"""A file as bytes or text: only a regular file, up to a size, never one that waits."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from backtests.writing.plain import short
from forecasters.errors import InputError

#: Bytes of a table of bars or inputs, and of a file that a person writes (a universe, a configuration).
TABLE, WRITTEN = 100_000_000, 1_000_000
#: Letters of one line: of a table, and of a file that a person writes.
TABLE_LINE, WRITTEN_LINE = 100_000, 1_000
#: What to do about a table that is too large.
LESS = "keep only the rows and columns that are needed"
#: What else can have the name of a file.
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def read_bytes(
    path: Path, name: str, most: int, absent: str = "", large: str = "is it the right file?"
) -> bytes:
    """Return the bytes of a regular file.

    Parameters
    ----------
    path : Path
    name : str
        The file in messages: ``--config run.toml``.
    most : int
        The largest size, in bytes.
    absent, large : str
        What to do where there is no such file, and where it is too large.

    Raises
    ------
    InputError
        There is no such file, it is no regular file (a folder, a pipe, a device, a socket), it is too
        large, or it cannot be read.
    """
    try:
        refuse_other(path, name)
        with open(path, "rb", opener=_without_waiting) as file:
            # Between the check and the opening another file may have come in its place.
            about = os.fstat(file.fileno())
            _refuse_kind(about.st_mode, name)
            size, raw = about.st_size, b""
            if size <= most:
                raw = file.read(most + 1)  # a file of /proc says that it has no bytes
                size = max(size, len(raw))
    except (FileNotFoundError, NotADirectoryError):
        more = f"; {absent}" if absent else ""
        raise InputError(f"{name}: there is no such file{more}") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from None
    if size > most:
        raise InputError(f"{name} has {size:,} bytes, and at most {most:,} are read: {large}")
    return raw


def refuse_other(path: Path, name: str) -> None:
    """Refuse what is no regular file; nothing is opened.

    Raises
    ------
    InputError
        It is a folder, a pipe, a device, a socket, a broken link, or no name of a file.
    FileNotFoundError
        There is nothing of this name.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            target = short(os.readlink(path))
            raise InputError(
                f"{name} is a link to {target}, which does not exist: correct the link"
            ) from None
        raise
    except ValueError:  # a zero byte
        raise InputError(f"{name} is not the name of a file") from None
    _refuse_kind(mode, name)


def _refuse_kind(mode: int, name: str) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
        raise InputError(f"{name} is {kind}, not a file: give a regular file")


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_written(path: Path, name: str, absent: str = "", most: int = WRITTEN) -> str:
    """Return the text of a file that a person writes: UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    name, absent, most
        As of `read_bytes`.

    Raises
    ------
    InputError
        As `read_bytes`; or it is no text in UTF-8, holds a zero byte or a line that is too long.
    """
    raw = read_bytes(path, name, most, absent)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is no text in UTF-8; save it as UTF-8") from None
    check_lines(text, name, WRITTEN_LINE)
    return text


def check_lines(text: str, name: str, most: int) -> None:
    """Refuse a zero byte and a line of more than `most` letters.

    Raises
    ------
    InputError
        The message names the line.
    """
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        raise InputError(
            f"{name}: line {line} holds a zero byte, so it is no text; save it as UTF-8"
        )
    if len(text) <= most:
        return
    for number, line_text in enumerate(text.split("\n"), 1):
        if len(line_text) > most:
            raise InputError(
                f"{name}: line {number} has {len(line_text):,} letters, and at most {most:,} are read: it "
                "begins with " + short(line_text[:40])
            )
