"""Finds what a name stands for: a file of ours, a user's file, another package's entry point."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import math
import pkgutil
import sys
import types
import typing
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
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
SOURCES = Kind("source", "backtests.sources", "", "backtests.sources")
KINDS = (FORECASTERS, STRATEGIES, SOURCES)
OURS = ("forecasters", "strategies", "backtests")


class PluginWarning(UserWarning):
    """An installed package offers a name that is ours."""


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
    return sorted(found | set(offered(kind)))


def offered(kind: Kind) -> dict[str, dict[str, importlib.metadata.EntryPoint]]:
    """Return what installed packages offer: by name, then by package, the entry points."""
    found: dict[str, dict[str, importlib.metadata.EntryPoint]] = {}
    for point in importlib.metadata.entry_points(group=kind.group):
        found.setdefault(point.name, {})[point.dist.name if point.dist else "unknown"] = point
    return found


def load(kind: Kind, named: Named) -> Any:
    """Return the class that was named.

    Raises
    ------
    InputError
        No such name (the nearest one is told), a file without exactly one such class, or a package
        whose entry point fails.

    Warns
    -----
    PluginWarning
        An installed package offers the same name: ours wins, so that installing something changes
        no run.
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
    if ours and (found := _classes(kind, importlib.import_module(module))):
        if packages:
            warnings.warn(
                f"the {kind.word} '{named.name}' is ours; the one of the same name in the package "
                f"{' and '.join(packages)} cannot be named until its entry point is renamed",
                PluginWarning,
                stacklevel=2,
            )
        return found[0]
    if len(packages) > 1:
        raise InputError(
            f"the packages {' and '.join(sorted(packages))} both offer a {kind.word} "
            f"'{named.name}': uninstall one"
        )
    for package, point in packages.items():
        return _load_point(kind, package, point)
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
    if not is_dataclass(cls):
        raise InputError(f"{cls.__name__} is no dataclass: write @dataclass above it")
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in fields(cls) if f.init and _options(hints[f.name])}


def load_file(path: Path) -> types.ModuleType:
    """Import a user's file once, under a name made of its stem and its content.

    A worker process that loads the same file finds its classes under the same name.
    """
    source = path.read_bytes()
    name = f"{path.stem}@{hashlib.sha256(source).hexdigest()}"
    if name in sys.modules:
        return sys.modules[name]
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except Exception as error:  # whatever the user's file raises is theirs: say where
        del sys.modules[name]
        raise InputError(f"{path} failed to import: {type(error).__name__}: {error}") from error
    return module


def _load_point(kind: Kind, package: str, point: importlib.metadata.EntryPoint) -> Any:
    """Return the class of another package's entry point."""
    where = f"the {kind.word} '{point.name}' of the package {package} ({point.value})"
    try:
        cls = point.load()
    except Exception as error:  # whatever their module raises is theirs: say whose
        raise InputError(
            f"{where} failed to import: {type(error).__name__}: {error}; mend or uninstall it"
        ) from error
    wanted = "class with a fetch method" if kind.type is None else kind.type.__name__
    fits = inspect.isclass(cls) and not inspect.isabstract(cls)
    if not fits or not (hasattr(cls, "fetch") if kind.type is None else issubclass(cls, kind.type)):
        raise InputError(f"{where} is {cls!r}, which is no {wanted} that can be made")
    return cls


def file_of(cls: type) -> Path:
    """Return the user's file that a class was loaded from."""
    return Path(inspect.getfile(cls))


def is_ours(cls: type) -> bool:
    """Return whether a class is of this product: no user's file, no other package."""
    # a user's file may be called strategies.v2.py
    return "@" not in cls.__module__ and cls.__module__.partition(".")[0] in OURS


def name_of(cls: type) -> str:
    """Return the name of a plugin class for keys, the ledger of trials and saved fits.

    Ours has its name on the command line (``cnn``), one of a user's file those of file and class
    (``my_gru.py:MyGRU``), one of another package those of package and class (``acme/AcmeGRU``). The
    folder of a file is no part of it: a file that moves is the same plugin, and counts no trial again.
    Beside a name that is not ours stands the code (`provenance`).
    """
    stem, of_file, _ = cls.__module__.rpartition("@")
    if of_file:
        return f"{stem}.py:{cls.__qualname__}"
    if is_ours(cls):
        return cls.__module__.rpartition(".")[2]
    return f"{cls.__module__.partition('.')[0]}/{cls.__qualname__}"


def find(kind: Kind, name: str) -> Any:
    """Return the class that `name_of` gave this name.

    Raises
    ------
    InputError
        It is of a user's file, which the name alone does not lead to, or nothing here has this name.
    """
    if ".py:" in name:
        raise InputError(
            f"the {kind.word} '{name}' is of a file of your own: load the file and give its class as cls"
        )
    top, of_package, _ = name.partition("/")
    if not of_package:
        return load(kind, parse(name))
    for packages in offered(kind).values():
        for package, point in packages.items():
            if point.module.partition(".")[0] == top:
                cls = _load_point(kind, package, point)
                if name_of(cls) == name:
                    return cls
    raise InputError(
        f"no installed package offers the {kind.word} '{name}': install '{top}', or give its class as cls"
    )


def foreign_code() -> dict[str, str]:
    """Return where code that is not ours was loaded from, and in words whose it is."""
    files = [str(module.__file__) for name, module in sys.modules.items() if "@" in name]
    found = {file: f"your file {file}" for file in files}
    points = (p for kind in KINDS for p in importlib.metadata.entry_points(group=kind.group))
    for top in {point.module.partition(".")[0] for point in points} & set(sys.modules) - set(OURS):
        found |= {str(place): f"the installed package '{top}' ({place})" for place in _places(top)}
    return found


def provenance(cls: type) -> str | None:
    """Return the sha256 of the code behind a plugin that is not ours; None for ours.

    A user's file counts with the modules beside it that it imported; a plugin of another package
    with all of that package, also what is no code: its weights decide the numbers as well.
    """
    if is_ours(cls):
        return None
    top = cls.__module__.partition(".")[0]
    # Two modules of a package may hold classes of one name. A user's file has its stem and content here.
    h = hashlib.sha256(cls.__module__.encode())
    if "@" in cls.__module__:
        home = Path(inspect.getfile(cls)).resolve().parent
        loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        paths = {Path(file).resolve() for file in loaded if file}
        files = [(p.name, p) for p in paths if p.parent == home and p.suffix == ".py"]
    else:
        files = [
            (path.relative_to(place.parent).as_posix(), path)
            for place in _places(top)
            for path in (place.rglob("*") if place.is_dir() else [place])
            if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
        ]
    for name, path in sorted(files):
        h.update(name.encode() + path.read_bytes())
    return h.hexdigest()


def _places(top: str) -> list[Path]:
    """Return the folders of an imported package, or the file of a module that is no package."""
    module = sys.modules[top]
    # A package without __init__.py has no file, and may lie in several folders.
    places = getattr(module, "__path__", None) or [module.__file__]
    return sorted(map(Path, places))


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


def _options(wanted: Any) -> tuple[Any, ...]:
    """Return those of the types of a field that a text can be turned into."""
    if typing.get_origin(wanted) is typing.Literal:
        return (wanted,)
    union = typing.get_origin(wanted) in (types.UnionType, typing.Union)
    options = typing.get_args(wanted) if union else (wanted,)
    return tuple(option for option in options if option in (bool, int, float, str, Path))


def _convert(text: str, wanted: Any, where: str) -> Any:
    """Return the text as the type of its field; ``none`` where the field may be None."""
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
