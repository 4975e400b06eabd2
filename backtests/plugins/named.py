"""What the user named, and the settings after the colon."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from forecasters.errors import InputError, nearest


@dataclass(frozen=True)
class Named:
    """What the user named: a name or a file, and the settings after the colon."""

    name: str
    settings: Mapping[str, str]
    path: Path | None = None

    @property
    def label(self) -> str:
        """The name with its settings in alphabetic order: ``cnn:activation=tanh,filters=64``."""
        settings = ",".join(f"{key}={value}" for key, value in sorted(self.settings.items()))
        return f"{self.name}:{settings}" if settings else self.name


def parse(text: str) -> Named:
    """Return the parts of ``name``, ``name:key=value,...`` or ``./file.py:key=value,...``."""
    end = text.find(".py")
    split = text.find(":", max(end, 0))
    head, tail = (text, "") if split < 0 else (text[:split], text[split + 1 :])
    settings = {}
    for part in filter(None, tail.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"'{text}': '{part}' is not a setting; write name:key=value,key=value")
        settings[key.strip().replace("-", "_")] = value.strip()
    if end < 0:
        return Named(head.strip(), settings)
    path = Path(head).expanduser().resolve()
    if not path.is_file():
        raise InputError(f"'{text}': there is no file {path}")
    return Named(path.stem, settings, path)


def settings_of(cls: Any) -> dict[str, Any]:
    """Return the settings of a plugin class and their types: the fields that can be set by text."""
    if not is_dataclass(cls):
        raise InputError(f"{cls.__name__} is not a dataclass: write @dataclass above it")
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in fields(cls) if f.init and _options(hints[f.name])}


def _options(wanted: Any) -> tuple[Any, ...]:
    """Return the types of a field to which a text can be converted."""
    if typing.get_origin(wanted) is typing.Literal:
        return (wanted,)
    union = typing.get_origin(wanted) in (types.UnionType, typing.Union)
    options = typing.get_args(wanted) if union else (wanted,)
    return tuple(option for option in options if option in (bool, int, float, str, Path))


def _convert(text: str, wanted: Any, where: str) -> Any:
    """Return the text as the type of its field; ``none`` is None if the field may be None."""
    options = _options(wanted)
    if text.lower() in ("none", "") and type(None) in typing.get_args(wanted):
        return None
    if typing.get_origin(wanted) is typing.Literal:
        words = {str(value): value for value in typing.get_args(wanted)}
        if text in words:
            return words[text]
        raise InputError(f"{where} is '{text}'{nearest(text, words)}")
    for option in options:
        if option is bool and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if option is not bool:
            try:
                value = option(text)
            except ValueError:
                continue
            if option is not float or math.isfinite(value):
                return value
    expected = " or ".join(option.__name__ for option in options)
    raise InputError(f"{where} is '{text}'; give {expected}")


def is_setting(value: Any, wanted: Any) -> bool:
    """Return whether a value that is no text, as from JSON, can be a field of this type.

    Examples
    --------
    >>> is_setting(3, float | None), is_setting(True, int), is_setting(None, int)
    (True, False, False)
    """
    if typing.get_origin(wanted) is typing.Literal:
        return any(value == one and type(value) is type(one) for one in typing.get_args(wanted))
    if value is None:
        return type(None) in typing.get_args(wanted)
    options = _options(wanted)
    if isinstance(value, int) and not isinstance(value, bool):
        return int in options or float in options
    return type(value) in options


OURS = ("forecasters", "strategies", "backtests")


def is_ours(cls: type) -> bool:
    """Return whether a class belongs to this product, not to a user's file or another package."""
    # a user's file may be called strategies.v2.py
    return "@" not in cls.__module__ and cls.__module__.partition(".")[0] in OURS


def name_of(cls: type) -> str:
    """Return the name of a plugin class for keys, the ledger of trials and saved fits.

    For our classes it is the name on the command line (``cnn``), for a class in a user's file the names of
    file and class (``my_gru.py:MyGRU``), for one of another package the names of package and class
    (``acme/AcmeGRU``). The folder of a file is not part of it: a file that was moved is the same plugin
    and adds no trial. For a class that is not ours the keys also contain its code (`provenance`).
    """
    stem, of_file, _ = cls.__module__.rpartition("@")
    if of_file:
        return f"{stem}.py:{cls.__qualname__}"
    if is_ours(cls):
        return cls.__module__.rpartition(".")[2]
    return f"{cls.__module__.partition('.')[0]}/{cls.__qualname__}"
