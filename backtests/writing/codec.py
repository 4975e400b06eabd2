"""Values of our frozen dataclasses as JSON and arrays, and back, by the annotations of their fields."""

from __future__ import annotations

import hashlib
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, InitVar, dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np

#: What an array may hold; little-endian.
DTYPES = {"bool": "|b1", "int64": "<i8", "float64": "<f8", "datetime64": "<M8[D]"}
#: An array has no more axes, and a value of any type is nested no deeper.
MOST_AXES, DEEPEST = 4, 8
#: Arrays begin at multiples of these bytes.
ALIGNED = 8
_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Unfit(ValueError):
    """What was read does not fit the annotation."""


@dataclass(eq=False)
class Writer:
    """Arrays that were met, each once, and the names of the fields of each class."""

    blob: bytearray = field(default_factory=bytearray)
    arrays: list[list[Any]] = field(default_factory=list)
    known: dict[tuple[str, tuple[int, ...], bytes], int] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)

    def add(self, array: np.ndarray[Any, Any], dtype: str) -> int:
        """Return the number of an array, which is kept if it is new."""
        raw = np.ascontiguousarray(array, dtype=dtype).tobytes()
        key = (dtype, array.shape, hashlib.sha256(raw).digest())
        if key not in self.known:
            self.known[key] = len(self.arrays)
            self.arrays.append([dtype, list(array.shape), len(self.blob)])
            self.blob += raw + b"\0" * (-len(raw) % ALIGNED)
        return self.known[key]


@dataclass(eq=False)
class Reader:
    """The arrays of a file, and the names of the fields of each class in it."""

    blob: bytes
    arrays: list[Any]
    classes: Mapping[str, Any]
    met: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)

    def array(self, number: object, dtype: str) -> np.ndarray[Any, Any]:
        """Return the array of this number, read-only; it has to be of this type."""
        if type(number) is not int or not 0 <= number < len(self.arrays):
            raise Unfit(f"no array {shown(number)}")
        if number not in self.met:
            self.met[number] = self._array(self.arrays[number])
        array = self.met[number]
        if array.dtype != np.dtype(dtype):
            raise Unfit(f"an array of {array.dtype}, not of {np.dtype(dtype)}")
        return array

    def _array(self, spec: object) -> np.ndarray[Any, Any]:
        if not isinstance(spec, list) or len(spec) != 3:
            raise Unfit("an array that is not described")
        dtype, shape, start = spec
        if dtype not in DTYPES.values() or not isinstance(shape, list) or len(shape) > MOST_AXES:
            raise Unfit(f"an array of {shown(dtype)}, {shown(shape)}")
        if not all(type(n) is int and 0 <= n <= len(self.blob) for n in (*shape, start)):
            raise Unfit(f"an array of shape {shown(shape)} at {shown(start)}")
        kind = np.dtype(dtype)
        size = math.prod(shape)
        if start % ALIGNED or start + size * kind.itemsize > len(self.blob):
            raise Unfit(f"an array of shape {shape} that lies beyond the end")
        raw = np.frombuffer(self.blob, np.uint8, size * kind.itemsize, start)
        if kind.kind == "b" and raw.size and raw.max() > 1:
            raise Unfit("a flag that is neither true nor false")
        return raw.view(kind).reshape(shape)


@dataclass(frozen=True, eq=False)
class Codec:
    """How values of one annotation become JSON, and come back."""

    write: Callable[[Any, Writer], Any]
    read: Callable[[Any, Reader], Any]


def shown(value: object) -> str:
    """Return a value of the file for a message, which must stay one short line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def codec_of(hint: Any) -> Codec:
    """Return how values of this annotation are written and read."""
    return _codec(hint)


@cache
def _codec(hint: Any) -> Codec:
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


def _union(args: tuple[Any, ...]) -> Codec:
    """Return the codec of ``X | None``, or of several plain types."""
    others = [arg for arg in args if arg is not type(None)]
    if len(others) == 1 and len(args) == 2:
        inner = codec_of(others[0])
        return Codec(
            lambda value, to: None if value is None else inner.write(value, to),
            lambda value, of: None if value is None else inner.read(value, of),
        )
    if set(others) <= {int, float}:
        return _PLAIN[float]
    raise TypeError(f"no union of {others} can be written")


def _tuple(args: tuple[Any, ...]) -> Codec:
    if len(args) == 2 and args[1] is ...:
        inner = codec_of(args[0])
        return Codec(
            lambda value, to: [inner.write(item, to) for item in value],
            lambda value, of: tuple(inner.read(item, of) for item in _list(value)),
        )
    every = [codec_of(arg) for arg in args]
    return Codec(
        lambda value, to: [c.write(item, to) for c, item in zip(every, value, strict=True)],
        lambda value, of: tuple(
            c.read(item, of) for c, item in zip(every, _list(value, len(every)), strict=True)
        ),
    )


def _list(value: object, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or length not in (None, len(value)):
        of = "" if length is None else f" of {length}"
        raise Unfit(f"{shown(value)} where a list{of} belongs")
    return value


def _mapping(key: Any, item: Any) -> Codec:
    keys, items = codec_of(key), codec_of(item)

    def read(value: Any, of: Reader) -> dict[Any, Any]:
        pairs = [_list(pair, 2) for pair in _list(value)]
        found = {keys.read(k, of): items.read(v, of) for k, v in pairs}
        if len(found) != len(pairs):
            raise Unfit("the same key twice")
        return found

    return Codec(
        lambda value, to: [[keys.write(k, to), items.write(v, to)] for k, v in value.items()], read
    )


def _array(args: tuple[Any, ...]) -> Codec:
    (kind,) = typing.get_args(args[1])
    dtype = DTYPES[kind.__name__.rstrip("_")]

    def write(value: Any, to: Writer) -> int:
        array = np.asarray(value)
        if not np.can_cast(array.dtype, dtype, "safe"):
            raise TypeError(f"an array of {array.dtype} where {dtype} belongs")
        return to.add(array, dtype)

    return Codec(write, lambda value, of: of.array(value, dtype))


def _record(cls: Any) -> Codec:
    """Return the codec of a dataclass: the list of its values, in the order that the file names."""
    hints = typing.get_type_hints(cls)
    given: dict[str, Any] = {f.name: f for f in fields(cls) if f.init}
    needed = {n for n, f in given.items() if f.default is f.default_factory is MISSING}
    # a value that a class takes and does not count among its fields
    given |= {name: None for name, hint in hints.items() if isinstance(hint, InitVar)}
    inner = {
        name: codec_of(hint.type if isinstance(hint, InitVar) else hint)
        for name, hint in hints.items()
        if name in given
    }

    def write(value: Any, to: Writer) -> list[Any]:
        if type(value) is not cls:
            raise TypeError(f"a {type(value).__qualname__} where a {cls.__qualname__} belongs")
        if to.classes.setdefault(cls.__qualname__, list(given)) != list(given):
            raise TypeError(f"two classes are called {cls.__qualname__}")
        return [inner[name].write(getattr(value, name), to) for name in given]

    def read(value: Any, of: Reader) -> Any:
        names = _list(of.classes.get(cls.__qualname__))
        if unknown := [name for name in names if name not in given]:
            raise Unfit(f"{cls.__qualname__} has no {shown(unknown[0])}")
        if missing := needed - set(names):
            raise Unfit(f"{cls.__qualname__} lacks {min(missing)}")
        values = {}
        for name, item in zip(names, _list(value, len(names)), strict=True):
            try:
                values[name] = inner[name].read(item, of)
            except Unfit as error:
                raise Unfit(f"{cls.__qualname__}.{name}: {error}") from None
        try:
            return cls(**values)
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:  # its own checks
            raise Unfit(f"{cls.__qualname__}: {error}") from error

    return Codec(write, read)


def _plain(kind: type, said: str) -> Codec:
    def read(value: Any, of: Reader) -> Any:
        if type(value) is not kind:
            raise Unfit(f"{shown(value)} where {said} belongs")
        if isinstance(value, str):
            value.encode()  # half a character can be written to no page
        return value

    return Codec(lambda value, to: kind(value), read)


def _write_float(value: Any, to: Writer) -> Any:
    if isinstance(value, int | np.integer):  # a whole number of shares stays whole
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _read_float(value: Any, of: Reader) -> Any:
    if type(value) in (int, float):
        return value
    if isinstance(value, str) and value in _NUMBERS:
        return _NUMBERS[value]
    raise Unfit(f"{shown(value)} where a number belongs")


def _read_day(value: Any, of: Reader) -> np.datetime64:
    if not isinstance(value, str):
        raise Unfit(f"{shown(value)} where a day belongs")
    return np.datetime64(value, "D")


def _write_any(value: Any, to: Writer) -> Any:
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


def _read_any(value: Any, of: Reader, depth: int = 0) -> Any:
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
    raise Unfit(f"{shown(value)} where a setting belongs")


_PLAIN: dict[Any, Codec] = {
    str: _plain(str, "a text"),
    bool: _plain(bool, "true or false"),
    int: _plain(int, "a whole number"),
    float: Codec(_write_float, _read_float),
    np.datetime64: Codec(lambda value, to: str(value.astype("datetime64[D]")), _read_day),
    Any: Codec(_write_any, _read_any),
}
