"""A file as bytes or text: only a regular file, up to a size, never one that waits."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from backtests.writing.plain import short
from forecasters.errors import InputError

#: Bytes of a table of bars or inputs, and of a file that a person writes (a universe, a configuration).
TABLE, WRITTEN = 100_000_000, 1_000_000
#: Letters of one line: of a table, and of a file that a person writes.
TABLE_LINE, WRITTEN_LINE = 100_000, 1_000
#: How a line ends.
LINE_END = re.compile(r"\r\n?|\n")
#: Bytes that are read at once beyond those that a file says it has.
PIECE = 2**20
#: What to do about a table that is too large.
LESS = "keep only the rows and columns that are needed"
#: What to do about something else that has the name of a file, and what that can be.
OTHER = "give a regular file"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class Unreadable(InputError):
    """A file cannot be used: it is no regular file, too large, or not what it should be."""


def read_bytes(
    path: Path, name: str, most: int, absent: str = "", large: str = "is it the right file?"
) -> bytes:
    """Return the bytes of a regular file that a user names.

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
        There is no such file, or `read_regular` refuses it.
    """
    try:
        return read_regular(path, name, most, large=large)
    except (FileNotFoundError, NotADirectoryError):
        more = f"; {absent}" if absent else ""
        raise InputError(f"{name}: there is no such file{more}") from None


def read_regular(
    path: Path, name: str, most: int, *, large: str = "it is not read", other: str = OTHER
) -> bytes:
    """Return the bytes of a regular file.

    A pipe or a device would be waited for, and a huge file would fill the memory: neither is opened.

    Parameters
    ----------
    large, other : str
        What to do where it is too large, and where it is no regular file.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        There is no such file.
    Unreadable
        It is no regular file (a folder, a pipe, a device, a socket, a broken link), it has more than
        `most` bytes, or the system refuses to read it.
    """
    try:
        refuse_other(path, name, other)
        with open(path, "rb", opener=_without_waiting) as file:
            # Between the check and the opening another file may have come in its place.
            about = os.fstat(file.fileno())
            _refuse_kind(about.st_mode, name, other)
            size, raw = about.st_size, b""
            if size <= most:
                raw = file.read(size + 1)  # not `most`: so many bytes would be set aside
                # a file of /proc says that it has no bytes
                while size < len(raw) <= most and (more := file.read(PIECE)):
                    raw += more
                size = max(size, len(raw))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:  # a loop of links, a folder that may not be entered
        raise Unreadable(f"{name} cannot be read: {error.strerror or error}") from error
    if size > most:
        raise Unreadable(f"{name} has {size:,} bytes, and at most {most:,} are read: {large}")
    return raw


def refuse_other(path: Path, name: str, other: str = OTHER) -> None:
    """Refuse what is no regular file; nothing is opened, and a link counts as its target.

    Raises
    ------
    Unreadable
        It is a folder, a pipe, a device, a socket, a broken link, or no name of a file.
    FileNotFoundError
        There is nothing of this name.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            target = short(os.readlink(path))
            raise Unreadable(
                f"{name} is a link to {target}, which does not exist: correct the link"
            ) from None
        raise
    except ValueError:  # a zero byte
        raise Unreadable(f"{name} is not the name of a file") from None
    _refuse_kind(mode, name, other)


def _refuse_kind(mode: int, name: str, other: str) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
        raise Unreadable(f"{name} is {kind}, not a file: {other}")


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_written(
    path: Path,
    name: str,
    absent: str = "",
    most: int = WRITTEN,
    longest: int = WRITTEN_LINE,
    long: str = "",
) -> str:
    """Return the text of a file that a person writes: UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    name, absent, most
        As of `read_bytes`.
    longest : int
        Letters of one line.
    long : str
        What to do where a line is longer.

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
    check_lines(text, name, longest, long)
    return text


def check_lines(text: str, name: str, most: int, long: str = "") -> None:
    """Refuse a zero byte and a line of more than `most` letters; `long` says what to do about such a line.

    Raises
    ------
    InputError
        The message names the line.
    """
    if (place := text.find("\0")) >= 0:
        line = len(LINE_END.findall(text, 0, place)) + 1
        raise InputError(
            f"{name}: line {line} holds a zero byte, so it is no text; save it as UTF-8"
        )
    if len(text) <= most:
        return
    for number, line_text in enumerate(LINE_END.split(text), 1):
        if len(line_text) > most:
            raise InputError(
                f"{name}: line {number} has {len(line_text):,} letters, and at most {most:,} are read: it "
                f"begins with {short(line_text[:40])}{f'; {long}' if long else ''}"
            )
