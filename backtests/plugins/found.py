"""Finds the class of a name: in our files, in a user's file, or at another package's entry point."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import re
import sys
import traceback
import types
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.plugins.named import Named, _convert, name_of, settings_of
from backtests.writing.plain import short
from forecasters.errors import InputError, nearest, told


@dataclass(frozen=True)
class Kind:
    """One kind of plugin: its word in messages, the package of its files, its base class, its entry points."""

    word: str
    package: str
    base: str
    group: str

    @property
    def type(self) -> Any:
        """The base class; None for sources, which need only a method `fetch`."""
        module, _, name = self.base.partition(":")
        return getattr(importlib.import_module(module), name) if module else None


FORECASTERS = Kind(
    "forecaster", "forecasters.models", "forecasters.base:Forecaster", "backtests.forecasters"
)
STRATEGIES = Kind("strategy", "strategies", "strategies.rule:Rule", "backtests.strategies")
SOURCES = Kind("source", "backtests.sources", "", "backtests.sources")
KINDS = (FORECASTERS, STRATEGIES, SOURCES)


#: ``cnn:preset=s3``: a word for settings, where a class has presets and no setting of this name.
PRESET = "preset"


class PluginWarning(UserWarning):
    """An installed package offers a plugin under a name of ours."""


def names(kind: Kind) -> list[str]:
    """Return the names of our files with such a class and of installed entry points, sorted."""
    package = importlib.import_module(kind.package)
    ours = {
        info.name
        for info in pkgutil.iter_modules(package.__path__)
        if _classes(kind, importlib.import_module(f"{kind.package}.{info.name}"))
    }
    return sorted(ours | set(offered(kind)))


def offered(kind: Kind) -> dict[str, dict[str, importlib.metadata.EntryPoint]]:
    """Return the entry points of installed packages, by name and then by package."""
    by_name: dict[str, dict[str, importlib.metadata.EntryPoint]] = {}
    for point in importlib.metadata.entry_points(group=kind.group):
        package = point.dist.name if point.dist else "unknown"
        by_name.setdefault(point.name, {})[package] = point
    return by_name


def load(kind: Kind, named: Named) -> Any:
    """Return the class that was named.

    Raises
    ------
    InputError
        There is no such name (the message gives the nearest), the file does not contain exactly one such
        class, or the entry point of a package fails.

    Warns
    -----
    PluginWarning
        An installed package offers the same name. Ours is used, so installing a package changes no
        run.
    """
    if named.path is not None:
        if named.name.isidentifier() and importlib.util.find_spec(f"{kind.package}.{named.name}"):
            raise InputError(
                f"{named.path} has the name of a {kind.word} of ours, '{named.name}': rename the file"
            )
        return _only_class(kind, load_file(named.path), str(named.path))
    module = f"{kind.package}.{named.name}"
    ours = named.name.isidentifier() and importlib.util.find_spec(module)
    packages = offered(kind).get(named.name, {})
    if ours and (classes := _classes(kind, importlib.import_module(module))):
        if packages:
            warnings.warn(
                f"the {kind.word} '{named.name}' is ours; the one of the same name in the package "
                f"{' and '.join(packages)} cannot be named until its entry point is renamed",
                PluginWarning,
                stacklevel=2,
            )
        return classes[0]
    if len(packages) > 1:
        raise InputError(
            f"the packages {' and '.join(sorted(packages))} both offer a {kind.word} "
            f"'{named.name}': uninstall one"
        )
    for package, point in packages.items():
        return _load_point(kind, package, point)
    raise InputError(f"no {kind.word} '{named.name}'{nearest(named.name, names(kind))}")


def make(kind: Kind, named: Named, defaults: Mapping[str, Any] | None = None) -> Any:
    """Return an instance with the named settings; a default is used if the class has such a setting.

    ``preset=NAME`` stands for the settings of a preset of the class, and goes before the defaults too.

    Raises
    ------
    InputError
        A setting or a preset is unknown, a value cannot be used, or a setting beside a preset is one of
        those that it sets.
    """
    cls = load(kind, named)
    types_ = settings_of(cls)
    values = {key: value for key, value in (defaults or {}).items() if key in types_}
    settings = dict(named.settings)
    if PRESET not in types_ and getattr(cls, "presets", None) and PRESET in settings:
        values |= _preset(cls, named, settings.pop(PRESET))
    for key, text in settings.items():
        if key not in types_:
            raise InputError(f"{named.name} has no setting '{key}'{nearest(key, types_)}")
        values[key] = _convert(text, types_[key], f"{named.name}:{key}")
    try:
        return cls(**values)
    except (ValueError, TypeError) as error:
        raise (
            error if isinstance(error, InputError) else InputError(f"{named.label}: {error}")
        ) from error


def _preset(cls: Any, named: Named, name: str) -> Mapping[str, Any]:
    """Return the settings of a preset."""
    if name not in cls.presets:
        raise InputError(f"{named.name} has no preset '{name}'{nearest(name, cls.presets)}")
    preset: Mapping[str, Any] = cls.presets[name].settings
    if twice := sorted(preset.keys() & named.settings.keys()):
        raise InputError(
            f"'{named.label}': the preset {name} sets {twice[0]} to {preset[twice[0]]}; leave {twice[0]} "
            "out, or name the settings without the preset"
        )
    return preset


def load_file(path: Path) -> types.ModuleType:
    """Import a user's file once, under a name made of its stem and its content.

    A worker process that loads the same file has its classes under the same name.
    """
    source = path.read_bytes()
    name = f"{path.stem}@{hashlib.sha256(source).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)  # nosec B102 # the user named it
    # the user's file may raise anything, and sys.exit() would end the command: name the file
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise InputError(f"{path} failed to import: {_why(error, str(path))}") from error
    return module


def _why(error: BaseException, file: str) -> str:
    """Return why an import failed, with the line of this file that it came to."""
    if isinstance(error, SystemExit):
        what = f"it ended the program (sys.exit({'' if error.code is None else repr(error.code)}))"
    else:
        what = told(error)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__)
             if frame.f_code.co_filename == file]  # fmt: skip
    return f"{what} (line {lines[-1]})" if lines else what


def _load_point(kind: Kind, package: str, point: importlib.metadata.EntryPoint) -> Any:
    """Return the class of another package's entry point."""
    where = f"the {kind.word} '{point.name}' of the package {package} ({point.value})"
    try:
        cls = point.load()
    except (Exception, SystemExit) as error:  # their module may raise anything: name the package
        raise InputError(
            f"{where} failed to import: {_why(error, '')}; correct or uninstall it"
        ) from error
    wanted = "class with a fetch method" if kind.type is None else kind.type.__name__
    fits = inspect.isclass(cls) and not inspect.isabstract(cls)
    if not fits or not (hasattr(cls, "fetch") if kind.type is None else issubclass(cls, kind.type)):
        raise InputError(f"{where} is {cls!r}, which is not a {wanted} that can be instantiated")
    return cls


def file_of(cls: type) -> Path:
    """Return the user's file that a class was loaded from."""
    return Path(inspect.getfile(cls))


def find(kind: Kind, name: str) -> Any:
    """Return the class whose `name_of` is this name: one of ours, or one that an installed package offers.

    The name may come from a file that anybody wrote, so it can name no file to be run.

    Raises
    ------
    InputError
        The class is in a user's file, whose path the name does not contain, or no plugin has this name.
    """
    if ".py:" in name:
        raise InputError(
            f"the {kind.word} {short(name)} is in a file of yours: load the file and give its class as cls"
        )
    top, of_package, _ = name.partition("/")
    if not of_package:
        if not re.fullmatch(r"\w[\w-]*", name):
            raise InputError(f"{short(name)} is not the name of a {kind.word}")
        return load(kind, Named(name, {}))
    for packages in offered(kind).values():
        for package, point in packages.items():
            if point.module.partition(".")[0] == top:
                cls = _load_point(kind, package, point)
                if name_of(cls) == name:
                    return cls
    raise InputError(
        f"no installed package offers the {kind.word} {short(name)}: install {short(top)}, or give its "
        "class as cls"
    )


def _only_class(kind: Kind, module: types.ModuleType, where: str) -> Any:
    classes = _classes(kind, module)
    if len(classes) != 1:
        how_many = f"{len(classes)} classes" if classes else "no class"
        wanted = kind.base.rpartition(":")[2] or "class with a fetch method"
        raise InputError(
            f"{where} holds {how_many} that is a {kind.word}; write exactly one {wanted} in it"
        )
    return classes[0]


def _classes(kind: Kind, module: types.ModuleType) -> list[Any]:
    """Return the concrete plugin classes that are defined in this module."""
    defined = [
        cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and cls.__module__ == module.__name__ and not name.startswith("_")
    ]
    if kind.type is None:
        return [
            cls
            for cls in defined
            if hasattr(cls, "fetch") and not getattr(cls, "_is_protocol", False)
        ]
    return [cls for cls in defined if issubclass(cls, kind.type) and not inspect.isabstract(cls)]
