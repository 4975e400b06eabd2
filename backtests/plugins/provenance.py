"""Whose code a plugin is, and the sha256 of it."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path

from backtests.plugins.found import KINDS
from backtests.plugins.named import OURS, is_ours


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
