"""A configuration from a TOML file: its keys are the names of the flags."""

from __future__ import annotations

import datetime
import typing
from pathlib import Path
from typing import Any

from backtests.command.flag import basic_type, flags_of
from forecasters.errors import InputError, nearest


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

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"--config {path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--config {path} is not a TOML file: {error}") from error
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
        raise InputError(f"--config {path}: no key '{key}'{nearest(name, known)}")
    hint = hints[name]
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
    raise InputError(f"--config {path}: {key} is {value!r}, which is of the wrong type")
