"""Arrays in a file that is written completely or not at all, and read with limits."""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.reading.files import Unreadable
from backtests.reading.untrusted import read_bytes
from backtests.writing.atomic import write_atomically

#: Bytes of all arrays of a file.
LARGEST = 256 * 2**20
#: The header of an array as NumPy writes it: numbers, truth values and texts, no objects.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[biufU]\d{1,6})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,12}, ?)*(?:\d{1,12})?)\), \} *\n"
)


def write_arrays(path: Path, **arrays: Any) -> None:
    """Write arrays under their names, compressed."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomically(path, lambda file: file.write(buffer.getvalue()))


def read_arrays(path: Path, *names: str) -> dict[str, Any] | None:
    """Return the named arrays of a file; None where there is none that can be read."""
    try:
        return load_arrays(path, *names)
    except (FileNotFoundError, NotADirectoryError, Unreadable):
        return None


def load_arrays(path: Path, *names: str, most: int = LARGEST) -> dict[str, NDArray[Any]]:
    """Return the named arrays of an ``.npz`` file that anybody may have written.

    `numpy.load` makes room for the shape that a header claims, and inflates whatever it finds. Here the
    header, the size of each array and of the file are checked first.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        There is no such file.
    Unreadable
        No such archive, an array is missing or of another kind than numbers and texts, a number is
        missing bytes, or there are more than `most` bytes.
    """
    raw = read_bytes(path, most)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            wanted = [infos[f"{name}.npy"] for name in names]
            if sum(info.file_size for info in wanted) > most:
                raise Unreadable(f"{path.name} inflates to more than {most / 2**20:g} MiB")
            return {
                name: _array(_inflated(archive, info), f"{path.name}: {name}")
                for name, info in zip(names, wanted, strict=True)
            }
    except KeyError as error:
        raise Unreadable(f"{path.name} has no array {error}") from error
    # RuntimeError, NotImplementedError: a flipped bit can look like encryption or a new compression
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{path.name} is damaged ({type(error).__name__})") from error


def _inflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Return a member; never more bytes than its entry says."""
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
        if len(data) != info.file_size:
            raise Unreadable(f"{info.filename} has another size than the archive says")
    return data


def _array(data: bytes, name: str) -> NDArray[Any]:
    """Return the array of a ``.npy`` member, a copy of its own."""
    if data[:6] != b"\x93NUMPY" or data[6:7] not in (b"\x01", b"\x02"):
        raise Unreadable(f"{name} is not an array")
    width = 2 if data[6:7] == b"\x01" else 4
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    header = _HEADER.fullmatch(data[8 + width : start])
    if header is None:
        raise Unreadable(f"{name} has a header that is not read")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(n) for n in header[3].replace(b" ", b"").split(b",") if n)
    count = math.prod(shape)
    if len(shape) > 8 or count * dtype.itemsize != len(data) - start:
        raise Unreadable(f"{name} has a shape that its bytes do not fill")
    flat = np.frombuffer(data, dtype, count, start)
    return flat.reshape(shape, order="F" if header[2] == b"True" else "C").copy()
