"""Finds what a name stands for: a file of ours, a user's file, another package's entry point."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from forecasters.errors import InputError, nearest


@dataclass(frozen=True)
class Kind:
    """One sort of plugin: where its files lie, what its class is, its entry-point group."""

    word: str
    package: str
    base: str
    group: str

    @property
    def type(self) -> Any:
        """The base class; None for sources, which only need a `fetch`."""
        module, _, name = self.base.partition(":")
        return getattr(importlib.import_module(module), name) if module else None


FORECASTERS = Kind(
    "forecaster", "forecasters.models", "forecasters.base:Forecaster", "backtests.forecasters"
)
STRATEGIES = Kind("strategy", "strategies", "strategies.rule:Rule", "backtests.strategies")
SOURCES = Kind("source", "backtests.data", "", "backtests.sources")


@dataclass(frozen=True)
class Named:
    """What the user named: the name or the file, and the settings behind the colon."""

    name: str
    settings: Mapping[str, str]
    path: Path | None = None

    @property
    def label(self) -> str:
        """The name with its settings in alphabetic order: ``cnn:activation=tanh,filters=64``."""
        settings = ",".join(f"{key}={value}" for key, value in sorted(self.settings.items()))
        return f"{self.name}:{settings}" if settings else self.name


def parse(text: str) -> Named:
    """Return what ``name``, ``name:key=value,...`` or ``./file.py:key=value,...`` names."""
    end = text.find(".py")
    split = text.find(":", max(end, 0))
    head, tail = (text, "") if split < 0 else (text[:split], text[split + 1 :])
    settings = {}
    for part in filter(None, tail.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"'{text}': '{part}' is no setting; write name:key=value,key=value")
        settings[key.strip().replace("-", "_")] = value.strip()
    if end < 0:
        return Named(head.strip(), settings)
    path = Path(head).expanduser().resolve()
    if not path.is_file():
        raise InputError(f"'{text}': there is no file {path}")
    return Named(path.stem, settings, path)


def names(kind: Kind) -> list[str]:
    """Return what can be named: our files that hold such a class, and installed entry points."""
    package = importlib.import_module(kind.package)
    found = {
        info.name
        for info in pkgutil.iter_modules(package.__path__)
        if _classes(kind, importlib.import_module(f"{kind.package}.{info.name}"))
    }
    return sorted(
        found | {point.name for point in importlib.metadata.entry_points(group=kind.group)}
    )


def load(kind: Kind, named: Named) -> Any:
    """Return the class that was named.

    Raises
    ------
    InputError
        No such name (the nearest one is told), or a file without exactly one such class.
    """
    if named.path is not None:
        return _only_class(kind, load_file(named.path), str(named.path))
    module = f"{kind.package}.{named.name}"
    ours = named.name.isidentifier() and importlib.util.find_spec(module)
    if ours and (found := _classes(kind, importlib.import_module(module))):
        return found[0]
    for point in importlib.metadata.entry_points(group=kind.group, name=named.name):
        return point.load()
    raise InputError(f"no {kind.word} '{named.name}'{nearest(named.name, names(kind))}")


def make(kind: Kind, named: Named, defaults: Mapping[str, Any] | None = None) -> Any:
    """Return an instance with the named settings over `defaults`, which apply where they fit."""
    cls = load(kind, named)
    types_ = settings_of(cls)
    values = {key: value for key, value in (defaults or {}).items() if key in types_}
    for key, text in named.settings.items():
        if key not in types_:
            raise InputError(f"{named.name} has no setting '{key}'{nearest(key, types_)}")
        values[key] = _convert(text, types_[key], f"{named.name}:{key}")
    try:
        return cls(**values)
    except (ValueError, TypeError) as error:
        raise (
            error if isinstance(error, InputError) else InputError(f"{named.label}: {error}")
        ) from error


def settings_of(cls: Any) -> dict[str, Any]:
    """Return the settings of a plugin class and their types: the fields that a text can set."""
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in fields(cls) if f.init and _options(hints[f.name])}


def load_file(path: Path) -> types.ModuleType:
    """Import a user's file once, under a name made of its stem and its content.

    A worker process that loads the same file finds its classes under the same name.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    name = f"{path.stem}@{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be imported: is it a Python file?")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's file raises is theirs: say where
        del sys.modules[name]
        raise InputError(f"{path} failed to import: {type(error).__name__}: {error}") from error
    return module


def _only_class(kind: Kind, module: types.ModuleType, where: str) -> Any:
    found = _classes(kind, module)
    if len(found) != 1:
        what = f"{len(found)} classes" if found else "no class"
        wanted = kind.base.rpartition(":")[2] or "class with a fetch method"
        raise InputError(
            f"{where} holds {what} that is a {kind.word}; write exactly one {wanted} in it"
        )
    return found[0]


def _classes(kind: Kind, module: types.ModuleType) -> list[Any]:
    """Return the concrete plugin classes that this module itself defines."""
    own = [
        cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and cls.__module__ == module.__name__ and not name.startswith("_")
    ]
    if kind.type is None:
        return [
            cls for cls in own if hasattr(cls, "fetch") and not getattr(cls, "_is_protocol", False)
        ]
    return [cls for cls in own if issubclass(cls, kind.type) and not inspect.isabstract(cls)]


def _options(wanted: Any) -> tuple[type, ...]:
    """Return those of the types of a field that a text can be turned into."""
    options = typing.get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
    return tuple(option for option in options if option in (bool, int, float, str, Path))


def _convert(text: str, wanted: Any, where: str) -> Any:
    """Return the text as the type of its field; ``none`` where the field may be None."""
    options = _options(wanted)
    if text.lower() in ("none", "") and type(None) in typing.get_args(wanted):
        return None
    for option in options:
        if option is bool and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if option is not bool:
            try:
                return option(text)
            except ValueError:
                continue
    expected = " or ".join(option.__name__ for option in options)
    raise InputError(f"{where} is '{text}'; give {expected}")
