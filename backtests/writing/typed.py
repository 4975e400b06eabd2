"""Frozen dataclasses as one file, and back, exactly to the bit.

The file is a zip with two members: ``values.json`` and ``arrays``. The annotations of our own
dataclasses say what is written and what is read; the file names no class and holds no code, so
reading it runs none. Whoever wrote it, what does not fit the annotations is refused in one line.
"""

from __future__ import annotations

import hashlib
import json
import math
import types
import typing
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, InitVar, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from backtests.writing.atomic import write_atomically
from forecasters.errors import InputError

T = TypeVar("T")

#: Version of the file's form.
FORM = 1
#: The largest members that are read, in bytes. A run over 24 tickers has a tenth of that or less.
MOST_VALUES, MOST_ARRAYS = 128 * 2**20, 1024 * 2**20
#: What an array may hold; little-endian.
DTYPES = {"bool": "|b1", "int64": "<i8", "float64": "<f8", "datetime64": "<M8[D]"}
#: An array has no more axes, and a value of any type is nested no deeper.
MOST_AXES, DEEPEST = 4, 8
#: Arrays begin at multiples of these bytes; the same file has the same bytes whenever it is written.
ALIGNED, STAMP = 8, (1980, 1, 1, 0, 0, 0)
#: Level of compression: a higher one takes several times as long and saves little.
LEVEL = 3
_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class _Unfit(ValueError):
    """What was read does not fit the annotation."""


@dataclass(eq=False)
class _Writer:
    """Arrays that were met, each once, and the names of the fields of each class."""

    blob: bytearray = field(default_factory=bytearray)
    arrays: list[list[Any]] = field(default_factory=list)
    known: dict[tuple[str, tuple[int, ...], bytes], int] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)

    def add(self, array: np.ndarray[Any, Any], dtype: str) -> int:
        raw = np.ascontiguousarray(array, dtype=dtype).tobytes()
        key = (dtype, array.shape, hashlib.sha256(raw).digest())
        if key not in self.known:
            self.known[key] = len(self.arrays)
            self.arrays.append([dtype, list(array.shape), len(self.blob)])
            self.blob += raw + b"\0" * (-len(raw) % ALIGNED)
        return self.known[key]


@dataclass(eq=False)
class _Reader:
    """The arrays of a file, and the names of the fields of each class in it."""

    blob: bytes
    arrays: list[Any]
    classes: Mapping[str, Any]
    met: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)

    def array(self, number: object, dtype: str) -> np.ndarray[Any, Any]:
        if type(number) is not int or not 0 <= number < len(self.arrays):
            raise _Unfit(f"no array {_shown(number)}")
        if number not in self.met:
            self.met[number] = self._array(self.arrays[number])
        array = self.met[number]
        if array.dtype != np.dtype(dtype):
            raise _Unfit(f"an array of {array.dtype}, not of {np.dtype(dtype)}")
        return array

    def _array(self, spec: object) -> np.ndarray[Any, Any]:
        if not isinstance(spec, list) or len(spec) != 3:
            raise _Unfit("an array that is not described")
        dtype, shape, start = spec
        if dtype not in DTYPES.values() or not isinstance(shape, list) or len(shape) > MOST_AXES:
            raise _Unfit(f"an array of {_shown(dtype)}, {_shown(shape)}")
        if not all(type(n) is int and 0 <= n <= len(self.blob) for n in (*shape, start)):
            raise _Unfit(f"an array of shape {_shown(shape)} at {_shown(start)}")
        kind = np.dtype(dtype)
        size = math.prod(shape)
        if start % ALIGNED or start + size * kind.itemsize > len(self.blob):
            raise _Unfit(f"an array of shape {shape} that lies beyond the end")
        raw = np.frombuffer(self.blob, np.uint8, size * kind.itemsize, start)
        if kind.kind == "b" and raw.size and raw.max() > 1:
            raise _Unfit("a flag that is neither true nor false")
        return raw.view(kind).reshape(shape)


@dataclass(frozen=True, eq=False)
class _Codec:
    """How values of one annotation become JSON, and come back."""

    write: Callable[[Any, _Writer], Any]
    read: Callable[[Any, _Reader], Any]


def write_typed(path: Path, value: Any) -> Path:
    """Write a frozen dataclass as `path`, whole or not at all; return `path`.

    The same value gives the same bytes.

    Raises
    ------
    TypeError
        A field has an annotation or a value that cannot be written: a fault of the class.
    """
    writer = _Writer()
    tree = _codec(type(value)).write(value, writer)
    said = {"form": FORM, "classes": writer.classes, "arrays": writer.arrays, "value": tree}
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    members = {"values.json": text.encode(), "arrays": bytes(writer.blob)}

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
        There is no such file.
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
    try:
        with zipfile.ZipFile(path) as archive:
            text = _member(archive, "values.json", MOST_VALUES)
            blob = _member(archive, "arrays", MOST_ARRAYS)
        said = json.loads(text.decode(), parse_constant=_no_constant, parse_int=_whole)
        if not isinstance(said, dict) or said.get("form") != FORM:
            raise _Unfit(f"form {FORM} is read here, and it has another one or none")
        arrays, classes = said.get("arrays"), said.get("classes")
        if not isinstance(arrays, list) or not isinstance(classes, dict):
            raise _Unfit("its arrays or its fields are not listed")
        value: T = _codec(cls).read(said.get("value"), _Reader(blob, arrays, classes))
    except FileNotFoundError:
        raise
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
        raise _Unfit(f"it has no {name}")
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise _Unfit(f"its {name} has more than {most // 2**20} MiB")
    return content


def _no_constant(name: str) -> float:
    raise _Unfit(f"{name} is no number of JSON")


def _whole(text: str) -> int:
    if len(text) > 20:
        raise _Unfit(f"a number of {len(text)} digits")
    return int(text)


def _shown(value: object) -> str:
    """Return a value of the file for a message, which must stay one short line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


@cache
def _codec(hint: Any) -> _Codec:
    """Return how values of this annotation are written and read."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(args)
    if origin is tuple:
        return _tuple(args)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*args)
    if origin is np.ndarray:
        return _array(args)
    if is_dataclass(hint):
        return _record(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    raise TypeError(f"no value annotated {hint} can be written")


def _union(args: tuple[Any, ...]) -> _Codec:
    """Return the codec of ``X | None``, or of several plain types."""
    others = [arg for arg in args if arg is not type(None)]
    if len(others) == 1 and len(args) == 2:
        inner = _codec(others[0])
        return _Codec(
            lambda value, to: None if value is None else inner.write(value, to),
            lambda value, of: None if value is None else inner.read(value, of),
        )
    if set(others) <= {int, float}:
        return _PLAIN[float]
    raise TypeError(f"no union of {others} can be written")


def _tuple(args: tuple[Any, ...]) -> _Codec:
    if len(args) == 2 and args[1] is ...:
        inner = _codec(args[0])
        return _Codec(
            lambda value, to: [inner.write(item, to) for item in value],
            lambda value, of: tuple(inner.read(item, of) for item in _list(value)),
        )
    every = [_codec(arg) for arg in args]
    return _Codec(
        lambda value, to: [c.write(item, to) for c, item in zip(every, value, strict=True)],
        lambda value, of: tuple(
            c.read(item, of) for c, item in zip(every, _list(value, len(every)), strict=True)
        ),
    )


def _list(value: object, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or length not in (None, len(value)):
        of = "" if length is None else f" of {length}"
        raise _Unfit(f"{_shown(value)} where a list{of} belongs")
    return value


def _mapping(key: Any, item: Any) -> _Codec:
    keys, items = _codec(key), _codec(item)

    def read(value: Any, of: _Reader) -> dict[Any, Any]:
        pairs = [_list(pair, 2) for pair in _list(value)]
        found = {keys.read(k, of): items.read(v, of) for k, v in pairs}
        if len(found) != len(pairs):
            raise _Unfit("the same key twice")
        return found

    return _Codec(
        lambda value, to: [[keys.write(k, to), items.write(v, to)] for k, v in value.items()], read
    )


def _array(args: tuple[Any, ...]) -> _Codec:
    (kind,) = typing.get_args(args[1])
    dtype = DTYPES[kind.__name__.rstrip("_")]

    def write(value: Any, to: _Writer) -> int:
        array = np.asarray(value)
        if not np.can_cast(array.dtype, dtype, "safe"):
            raise TypeError(f"an array of {array.dtype} where {dtype} belongs")
        return to.add(array, dtype)

    return _Codec(write, lambda value, of: of.array(value, dtype))


def _record(cls: Any) -> _Codec:
    """Return the codec of a dataclass: the list of its values, in the order that the file names."""
    hints = typing.get_type_hints(cls)
    given = {f.name: f for f in fields(cls) if f.init}
    needed = {n for n, f in given.items() if f.default is f.default_factory is MISSING}
    # a value that a class takes and does not count among its fields
    given |= {name: None for name, hint in hints.items() if isinstance(hint, InitVar)}
    inner = {
        name: _codec(hint.type if isinstance(hint, InitVar) else hint)
        for name, hint in hints.items()
        if name in given
    }

    def write(value: Any, to: _Writer) -> list[Any]:
        if type(value) is not cls:
            raise TypeError(f"a {type(value).__qualname__} where a {cls.__qualname__} belongs")
        if to.classes.setdefault(cls.__qualname__, list(given)) != list(given):
            raise TypeError(f"two classes are called {cls.__qualname__}")
        return [inner[name].write(getattr(value, name), to) for name in given]

    def read(value: Any, of: _Reader) -> Any:
        names = _list(of.classes.get(cls.__qualname__))
        if unknown := [name for name in names if name not in given]:
            raise _Unfit(f"{cls.__qualname__} has no {_shown(unknown[0])}")
        if missing := needed - set(names):
            raise _Unfit(f"{cls.__qualname__} lacks {min(missing)}")
        values = {}
        for name, item in zip(names, _list(value, len(names)), strict=True):
            try:
                values[name] = inner[name].read(item, of)
            except _Unfit as error:
                raise _Unfit(f"{cls.__qualname__}.{name}: {error}") from None
        try:
            return cls(**values)
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:  # its own checks
            raise _Unfit(f"{cls.__qualname__}: {error}") from error

    return _Codec(write, read)


def _plain(kind: type, said: str) -> _Codec:
    def read(value: Any, of: _Reader) -> Any:
        if type(value) is not kind:
            raise _Unfit(f"{_shown(value)} where {said} belongs")
        if kind is str:
            value.encode()  # half a character can be written to no page
        return value

    return _Codec(lambda value, to: kind(value), read)


def _write_float(value: Any, to: _Writer) -> Any:
    if isinstance(value, int | np.integer):  # a whole number of shares stays whole
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _read_float(value: Any, of: _Reader) -> Any:
    if type(value) in (int, float):
        return value
    if isinstance(value, str) and value in _NUMBERS:
        return _NUMBERS[value]
    raise _Unfit(f"{_shown(value)} where a number belongs")


def _read_day(value: Any, of: _Reader) -> np.datetime64:
    if not isinstance(value, str):
        raise _Unfit(f"{_shown(value)} where a day belongs")
    return np.datetime64(value, "D")


def _write_any(value: Any, to: _Writer) -> Any:
    """Write a setting: plain values, lists, tuples and mappings; of anything else the text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | np.integer | np.floating):
        return _write_float(value, to)
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_write_any(item, to) for item in value]}
    if isinstance(value, Mapping):
        return {"mapping": [[str(k), _write_any(v, to)] for k, v in value.items()]}
    return str(value)


def _read_any(value: Any, of: _Reader, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, dict) and len(value) == 1 and depth < DEEPEST:
        ((kind, items),) = value.items()
        if kind in ("list", "tuple"):
            read = [_read_any(item, of, depth + 1) for item in _list(items)]
            return read if kind == "list" else tuple(read)
        if kind == "mapping":
            pairs = [_list(pair, 2) for pair in _list(items)]
            return {str(k): _read_any(v, of, depth + 1) for k, v in pairs}
    raise _Unfit(f"{_shown(value)} where a setting belongs")


_PLAIN: dict[Any, _Codec] = {
    str: _plain(str, "a text"),
    bool: _plain(bool, "true or false"),
    int: _plain(int, "a whole number"),
    float: _Codec(_write_float, _read_float),
    np.datetime64: _Codec(lambda value, to: str(value.astype("datetime64[D]")), _read_day),
    Any: _Codec(_write_any, _read_any),
}
