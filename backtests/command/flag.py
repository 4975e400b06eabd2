"""What a field of a configuration is on the command line: all of a flag stands on its field."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from forecasters.errors import InputError, nearest

#: The commands that take a flag.
EVERY = ("run", "grid", "audit")
SEARCH = ("run", "grid")
TRADING = ("run", "audit")
RUN = ("run",)


class Part(StrEnum):
    """The parts of a configuration; `--help` shows the flags in this order, part by part."""

    BARS = "bars"
    FORECASTERS = "forecasters and their inputs"
    RULES = "rules"
    COSTS = "account and costs"
    WALK_FORWARD = "walk-forward"
    TRAINING = "training"
    MACHINE = "where it runs"
    OUTPUT = "output"


@dataclass(frozen=True, kw_only=True)
class Flag:
    """All that a flag is, beside its name, its type and its default, which are those of the field.

    Attributes
    ----------
    help : str
        One phrase for `--help`. A percent sign is written twice.
    part : Part
        Where `--help` shows the flag.
    commands : tuple of str
        The commands that take the flag.
    least, most : float or None
        The smallest and the largest value that are allowed.
    above, below : float or None
        Bounds that are not allowed themselves.
    unit : str
        What the number counts, for the message about its bounds.
    choices : tuple of str
        Every value that is allowed; empty where plugins or files decide.
    none : str or None
        What None means, in the table of a page; None where it stands for no other value.
    setting_of : str
        ``forecaster`` or ``strategy``: the value goes to each of them that has a setting of this
        name. Empty: the flag is no setting of a plugin.
    opposite : tuple of str
        Name and help of the flag that sets False, where True is the default.
    """

    help: str
    part: Part
    commands: tuple[str, ...]
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    none: str | None = None
    setting_of: str = ""
    opposite: tuple[str, str] | None = None

    def bounds(self) -> str:
        """Return the bounds in words: ``at least 0 and below 1``; empty where there are none."""
        words = {
            "at least": self.least,
            "above": self.above,
            "below": self.below,
            "at most": self.most,
        }
        shown = {
            word: f"{n:,}" if isinstance(n, int) else f"{n:,g}"
            for word, n in words.items()
            if n is not None
        }
        return " and ".join(f"{word} {n}" for word, n in shown.items())

    def check(self, name: str, value: Any) -> None:
        """Refuse a value that the flag cannot have; None stands for a default and is allowed.

        Raises
        ------
        InputError
            The value is none of the choices, no finite number, or beyond a bound.
        """
        if value is None:
            return
        if self.choices and value not in self.choices:
            raise InputError(f"{name_of(name)} is '{value}'{nearest(value, self.choices)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{name_of(name)} is {value}; give a finite number")
        if isinstance(value, int | float) and not self._within(value):
            unit = f" {self.unit}" if self.unit else ""
            raise InputError(f"{name_of(name)} is {value}; it must be {self.bounds()}{unit}")

    def _within(self, value: float) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.most is None or value <= self.most)
        )


def flag(default: Any, text: str, *, part: Part, commands: tuple[str, ...], **more: Any) -> Any:
    """Return a field of a configuration that is a flag; see `Flag` for `more`."""
    made = Flag(help=text, part=part, commands=commands, **more)
    return field(default=default, metadata={"flag": made})


def override(of: type, name: str, default: Any, text: str | None = None, **changes: Any) -> Any:
    """Return the field `name` of another configuration with another default, help or the like.

    Parameters
    ----------
    of : type
        The configuration whose field it is.
    text : str or None
        The help; None keeps it.
    """
    changes = changes if text is None else {"help": text, **changes}
    return field(
        default=default, metadata={"flag": dataclasses.replace(flags_of(of)[name], **changes)}
    )


def flags_of(of: Any, command: str | None = None) -> dict[str, Flag]:
    """Return name to flag of a configuration: of every field, or of those that a command takes."""
    return {name: made for name, made in _flags(of) if command is None or command in made.commands}


def settings_for(of: Any, kind: str) -> tuple[str, ...]:
    """Return the flags that are settings of each forecaster, or of each strategy."""
    return tuple(name for name, made in _flags(of) if made.setting_of == kind)


def name_of(name: str) -> str:
    """Return a field's name as the user types it: ``--train-size``."""
    return "--" + name.replace("_", "-")


def basic_type(hint: Any) -> type:
    """Return the type behind ``X | None`` or ``tuple[X, ...]``."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is tuple:
        return typing.cast(type, typing.get_args(hint)[0])
    return typing.cast(type, hint)


def _flags(of: Any) -> Iterator[tuple[str, Flag]]:
    for f in dataclasses.fields(of):
        yield f.name, f.metadata["flag"]
