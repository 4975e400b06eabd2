"""Flags from the fields of a configuration, and a configuration from flags and a file."""

from __future__ import annotations

import argparse
import datetime
import tomllib
import types
import typing
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

from backtests.command.config import RunConfig
from forecasters.errors import InputError, nearest


def add_flags(
    parser: argparse.ArgumentParser,
    only: Collection[str] | None = None,
    of: type[RunConfig] = RunConfig,
) -> None:
    """Add a flag for every field of a configuration, or for those in `only`, and `--config`."""
    hints = typing.get_type_hints(of)
    for f in fields(of):
        if only is not None and f.name not in only:
            continue
        name = "--" + f.name.replace("_", "-")
        text = f.metadata["help"]
        if f.name == "expanding":
            group = parser.add_mutually_exclusive_group()
            group.add_argument(name, dest=f.name, action="store_true", default=None, help=text)
            group.add_argument("--rolling", dest=f.name, action="store_false", default=None)
            continue
        if hints[f.name] is bool:
            parser.add_argument(name, action="store_true", default=None, help=text)
            continue
        extra: dict[str, Any] = {"metavar": f.name.rpartition("_")[2].upper()}
        if choices := f.metadata.get("choices"):
            extra = {"metavar": f"{{{','.join(choices)}}}"}  # checked with the rest, by its nearest
        if typing.get_origin(hints[f.name]) is tuple:
            extra["nargs"] = "+"
        if f.default not in (None, ()) and "default" not in text:
            text += f" (default {_shown(f.default)})"
        parser.add_argument(name, type=_basic(hints[f.name]), help=text, **extra)
    parser.add_argument("--config", metavar="FILE", help="a TOML file of the same names; flags win")


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(default)
    return f"{default:.4g}" if isinstance(default, float) else str(default)


def from_arguments(arguments: argparse.Namespace) -> RunConfig:
    """Return the configuration of the flags over that of `--config` over the defaults."""
    return RunConfig(**given_values(arguments))


def given_values(arguments: argparse.Namespace, of: type[RunConfig] = RunConfig) -> dict[str, Any]:
    """Return what the user gave of a configuration: the flags over the values of `--config`."""
    values = _read(Path(arguments.config), of) if arguments.config else {}
    for f in fields(of):
        value = getattr(arguments, f.name, None)  # a command may share only some flags
        if value is not None:
            values[f.name] = tuple(value) if isinstance(value, list) else value
    return values


def _read(path: Path, of: type[RunConfig]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"--config {path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"--config {path} is no TOML: {error}") from error
    return dict(_checked(key, value, path, of) for key, value in table.items())


def _checked(key: str, value: Any, path: Path, of: type[RunConfig]) -> tuple[str, Any]:
    """Return a field and its value from a configuration file, of the type of the field."""
    hints = typing.get_type_hints(of)
    name = key.replace("-", "_")
    if name not in hints:
        raise InputError(f"--config {path}: no key '{key}'{nearest(name, hints)}")
    hint = hints[name]
    if typing.get_origin(hint) is tuple:
        value = tuple(value) if isinstance(value, list) else (value,)
        if all(isinstance(item, str) for item in value):
            return name, value
    elif isinstance(value, datetime.date):
        return name, value.isoformat()
    else:
        basic = _basic(hint)
        if isinstance(value, basic) and (basic is bool) == isinstance(value, bool):
            return name, value
        if basic is float and isinstance(value, int) and not isinstance(value, bool):
            return name, float(value)
    raise InputError(f"--config {path}: {key} is {value!r}, which is of the wrong type")


def _basic(hint: Any) -> type:
    """Return the type behind ``X | None`` or ``tuple[X, ...]``."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is tuple:
        return typing.cast(type, typing.get_args(hint)[0])
    return typing.cast(type, hint)
