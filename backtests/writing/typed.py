"""Frozen dataclasses as one file, and back, exactly to the bit.

The file is a zip with two members: ``values.json`` and ``arrays``. The annotations of our own
dataclasses say what is written and what is read (`codec.py`); the file names no class and holds no
code, so reading it runs none. Whoever wrote it, what does not fit the annotations is refused in one line.
"""

from __future__ import annotations

import errno
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from backtests.writing.atomic import write_atomically
from backtests.writing.codec import Reader, Unfit, Writer, codec_of
from forecasters.errors import InputError

T = TypeVar("T")

#: Version of the file's form.
FORM = 1
#: The largest members, in bytes. A run over 24 tickers has a fortieth of that or less.
MOST_VALUES, MOST_ARRAYS = 512 * 2**20, 4096 * 2**20
#: The same file has the same bytes whenever it is written.
STAMP = (1980, 1, 1, 0, 0, 0)
#: Level of compression: a higher one takes several times as long and saves little.
LEVEL = 3


def write_typed(path: Path, value: Any) -> Path:
    """Write a frozen dataclass as `path`, whole or not at all; return `path`.

    The same value gives the same bytes.

    Raises
    ------
    TypeError
        A field has an annotation or a value that cannot be written: a fault of the class.
    InputError
        There is more than `read_typed` reads.
    """
    writer = Writer()
    tree = codec_of(type(value)).write(value, writer)
    said = {"form": FORM, "classes": writer.classes, "arrays": writer.arrays, "value": tree}
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    members = {"values.json": text.encode(), "arrays": bytes(writer.blob)}

    for (name, content), most in zip(members.items(), (MOST_VALUES, MOST_ARRAYS), strict=True):
        if len(content) > most:
            raise InputError(
                f"{path} is not written: its {name} would have {len(content) / 2**20:,.1f} MiB, and at most "
                f"{most // 2**20:,} MiB can be read; give fewer tickers, forecasters or rules in one run"
            )

    def fill(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                info = zipfile.ZipInfo(name, STAMP)
                archive.writestr(info, content, zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    return write_atomically(path, fill)


def read_typed(path: Path, cls: type[T]) -> T:
    """Return the value of this class that `write_typed` wrote; its arrays are read-only.

    Raises
    ------
    FileNotFoundError
        There is no such file, or it is a folder or a pipe.
    InputError
        The file is not whole, not of this class, too large, or one of its values is refused by the
        dataclass that holds it.

    Examples
    --------
    >>> import tempfile
    >>> from backtests.judging.power import Power, power_of
    >>> power = power_of(days=722, forecasters=4, rules=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_typed(write_typed(Path(folder) / "power.zip", power), Power) == power
    True
    """
    if not path.is_file():  # a pipe would be waited for
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            text = _member(archive, "values.json", MOST_VALUES)
            blob = _member(archive, "arrays", MOST_ARRAYS)
        said = json.loads(text.decode(), parse_constant=_no_constant, parse_int=_whole)
        if not isinstance(said, dict) or said.get("form") != FORM:
            raise Unfit(f"form {FORM} is read here, and it has another one or none")
        arrays, classes = said.get("arrays"), said.get("classes")
        if not isinstance(arrays, list) or not isinstance(classes, dict):
            raise Unfit("its arrays or its fields are not listed")
        value: T = codec_of(cls).read(said.get("value"), Reader(blob, arrays, classes))
    except RecursionError as error:
        raise InputError(f"{path} cannot be read: it is nested too deeply") from error
    # what zipfile, zlib and json say of bytes that are not theirs
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return value


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if name not in archive.namelist():
        raise Unfit(f"it has no {name}")
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Unfit(f"its {name} has more than {most // 2**20} MiB")
    return content


def _no_constant(name: str) -> float:
    raise Unfit(f"{name} is no number of JSON")


def _whole(text: str) -> int:
    if len(text) > 20:
        raise Unfit(f"a number of {len(text)} digits")
    return int(text)
