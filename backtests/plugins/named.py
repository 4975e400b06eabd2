"""What the user named, and the settings after the colon."""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from forecasters.errors import InputError, nearest, told


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


def typed_path(text: str) -> str | None:
    """Return the path in ``./file.py:key=value,...`` as it was typed; None where a name was typed.

    Examples
    --------
    >>> typed_path("~/.pyenv/gru.py:hidden=8"), typed_path("cnn:hidden=8")
    ('~/.pyenv/gru.py', None)
    """
    return _split(text)[0].strip() if ".py" in text else None


def _split(text: str) -> tuple[str, str]:
    """Return what stands before the settings, and the settings; a path may hold a colon before its suffix."""
    split = text.find(":", max(text.find(".py"), 0))
    return (text, "") if split < 0 else (text[:split], text[split + 1 :])


def parse(text: str) -> Named:
    """Return the parts of ``name``, ``name:key=value,...`` or ``./file.py:key=value,...``."""
    end = text.find(".py")
    head, tail = _split(text)
    settings: dict[str, str] = {}
    for part in filter(None, tail.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"'{text}': '{part}' is not a setting; write name:key=value,key=value")
        key, value = key.strip().replace("-", "_"), value.strip()
        if key in settings:
            raise InputError(
                f"'{text}' sets {key} twice, to {settings[key]} and to {value}: leave one out"
            )
        settings[key] = value
    if end < 0:
        return Named(head.strip(), settings)
    try:
        path = Path(head).expanduser().resolve()
        found = path.is_file()
    except (RuntimeError, ValueError, OSError) as error:  # no such home, a name no system takes
        raise InputError(f"'{text}': there is no such file ({error})") from error
    if not found:
        raise InputError(f"'{text}': there is no file {path}")
    return Named(path.stem, settings, path)


def whole(text: str) -> int:
    """Return a whole number that is written in the digits 0 to 9, perhaps with a sign.

    Python itself also reads 1_000 and the digits of other scripts, which nobody means here.

    Raises
    ------
    ValueError
        It is written in another way.

    Examples
    --------
    >>> whole("-12")
    -12
    """
    if not WHOLE.fullmatch(text.strip()):
        raise ValueError(f"'{text}' is no whole number: write it in the digits 0 to 9, such as 12")
    return int(text)


def real(text: str) -> float:
    """Return a number that is written in the digits 0 to 9; also ``nan`` and ``inf``, for others to refuse.

    Raises
    ------
    ValueError
        It is written in another way.

    Examples
    --------
    >>> real("5e-2")
    0.05
    """
    if not REAL.fullmatch(text.strip()):
        raise ValueError(f"'{text}' is no number: write it in the digits 0 to 9, such as 0.05")
    return float(text)


WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
REAL = re.compile(
    r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|inf(inity)?)", re.IGNORECASE
)
READ: dict[Any, Callable[[str], Any]] = {int: whole, float: real}
EXAMPLES: dict[Any, str] = {int: " (such as 12)", float: " (such as 0.05)"}


def settings_of(cls: Any) -> dict[str, Any]:
    """Return the settings of a plugin class and their types: the fields that can be set by text."""
    name = cls.__name__
    if not is_dataclass(cls):
        raise InputError(f"{name} is not a dataclass: write @dataclass above it")
    try:
        hints = typing.get_type_hints(cls)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise InputError(
            f"the types of the settings of {name} ({cls.__module__.partition('@')[0]}) cannot be read: "
            f"{told(error)}; import what they name, at the top of the file"
        ) from error
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
        raise InputError(f"{where} is '{_short(text)}'{nearest(text, words)}")
    for option in options:
        if option is bool and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if option is not bool:
            try:
                value = READ.get(option, option)(text)
            except ValueError:
                continue
            if option is not float or math.isfinite(value):
                return value
    expected = " or ".join(option.__name__ + EXAMPLES.get(option, "") for option in options)
    raise InputError(f"{where} is '{_short(text)}'; give {expected}")


def _short(text: str) -> str:
    """Return a text as a message shows it: the beginning of a long one."""
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} letters)"


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
