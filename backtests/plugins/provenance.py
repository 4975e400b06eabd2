"""Whose code a plugin is, and the sha256 of it."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
from pathlib import Path

from backtests.plugins.found import KINDS
from backtests.plugins.imports import imported_by
from backtests.plugins.named import OURS, is_ours


def foreign_code() -> dict[str, str]:
    """Return the files and folders of loaded code that is not ours, and in words whose code each is."""
    files = [str(module.__file__) for name, module in sys.modules.items() if "@" in name]
    places = {file: f"your file {file}" for file in files}
    points = (p for kind in KINDS for p in importlib.metadata.entry_points(group=kind.group))
    for top in {point.module.partition(".")[0] for point in points} & set(sys.modules) - set(OURS):
        places |= {str(place): f"the installed package '{top}' ({place})" for place in _places(top)}
    return places


def provenance(cls: type) -> str | None:
    """Return the sha256 of the code behind a plugin that is not ours; None for ours.

    For a user's file it covers the file and what it imports, at its top or in a function, apart from what
    is installed (`imports.py`); for a plugin of another package all files of that package, also those that
    are not code: weights decide numbers too.
    """
    if is_ours(cls):
        return None
    # Two modules of a package may have classes of the same name. For a user's file this is stem and content.
    h = hashlib.sha256(cls.__module__.encode())
    for name, path in files_behind(cls):
        h.update(name.encode() + path.read_bytes())
    return h.hexdigest()


def files_behind(cls: type) -> list[tuple[str, Path]]:
    """Return the files of a plugin that is not ours, sorted, each with its name inside its folder or package."""
    if "@" in cls.__module__:
        own = Path(inspect.getfile(cls)).resolve()
        home = own.parent
        # torch names some of its modules by files that exist nowhere, so they seem to lie in the current folder
        loaded = [p for p in _loaded_from(home) if p.suffix == ".py" and p.is_file()]
        files = [*{(p.name, p) for p in loaded} | (imported_by(own) if own.is_file() else set())]
    else:
        files = [
            (path.relative_to(place.parent).as_posix(), path)
            for place in _places(cls.__module__.partition(".")[0])
            for path in (place.rglob("*") if place.is_dir() else [place])
            if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
        ]
    return sorted(files)


def _loaded_from(home: Path) -> set[Path]:
    """Return the files of loaded modules that lie in this folder, links followed."""
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    folders: dict[str, str] = {}  # thousands of modules lie in a few hundred folders
    found = set()
    for file in filter(None, loaded):
        folder = os.path.dirname(file)
        if folder not in folders:
            folders[folder] = os.path.realpath(folder)
        if folders[folder] == str(home) or os.path.islink(file):
            found.add(Path(file).resolve())
    return {path for path in found if path.parent == home}


def _places(top: str) -> list[Path]:
    """Return the folders of an imported package, or the file of a single module."""
    module = sys.modules[top]
    # A package without __init__.py has no file, and may be in several folders.
    places = getattr(module, "__path__", None) or [module.__file__]
    return sorted(map(Path, places))
