"""A configuration from a TOML file: its keys are the names of the flags."""

from __future__ import annotations

import datetime
import typing
from pathlib import Path
from typing import Any

from backtests.command.flag import basic_type, flags_of
from backtests.reading.files import read_written
from backtests.writing.plain import short
from forecasters.errors import InputError, nearest

#: Bytes of a file: it holds some dozen keys, and a hostile one of a megabyte takes minutes to parse.
LARGEST = 64_000
#: What TOML calls the types of values.
_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime.datetime: "a time",
    datetime.date: "a date",
    datetime.time: "a time",
}


def read_config(path: Path, of: type) -> dict[str, Any]:
    """Return the values of a file by field, each of the type of its field.

    Parameters
    ----------
    path : Path
    of : type
        The configuration whose fields the keys are.

    Raises
    ------
    InputError
        There is no such file, it is not TOML, a key is unknown, a value is of the wrong type.
    """
    import tomllib

    where = f"--config {path}"
    text = read_written(path, where, most=LARGEST, longest=LARGEST)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is not a TOML file: {error}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"{where} has a number that is too long: {error}") from None
    except RecursionError:
        raise InputError(
            f"{where} has lists inside lists, too deep: write a list of names"
        ) from None
    hints = typing.get_type_hints(of)
    values: dict[str, Any] = {}
    for key, value in table.items():
        name, checked = _checked(key, value, path, of, hints)
        if name in values:
            raise InputError(
                f"--config {path}: {key} stands there twice, with - and with _: leave one out"
            )
        values[name] = checked
    return values


def _checked(key: str, value: Any, path: Path, of: Any, hints: dict[str, Any]) -> tuple[str, Any]:
    """Return a field and its value, of the type of the field."""
    name = key.replace("-", "_")
    known = flags_of(of)
    if name not in known:
        raise InputError(f"--config {path}: no key {short(key)}{nearest(name, known)}")
    hint, given = hints[name], value
    if isinstance(value, int) and abs(value) >= 2**63:
        raise InputError(f"--config {path}: {key} is {short(value)}, which is too large a number")
    if typing.get_origin(hint) is tuple:
        value = tuple(value) if isinstance(value, list) else (value,)
        if all(isinstance(item, str) for item in value):
            return name, value
    elif isinstance(value, datetime.date):
        return name, value.isoformat()
    else:
        basic = basic_type(hint)
        if isinstance(value, basic) and (basic is bool) == isinstance(value, bool):
            return name, value
        if basic is float and isinstance(value, int) and not isinstance(value, bool):
            return name, float(value)
    raise InputError(
        f"--config {path}: {key} is {short(given)}, {_KINDS[type(given)]}; it takes {_wanted(hint)}"
    )


def _wanted(hint: Any) -> str:
    """Return what a key takes, in the words of a configuration file."""
    kind = _KINDS[basic_type(hint)]
    return f"{kind} or a list of them" if typing.get_origin(hint) is tuple else kind
