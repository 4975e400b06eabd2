"""Which files of code a user's file imports, found by reading it: a function may import when it is called."""

from __future__ import annotations

import ast
import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

from backtests.plugins.named import OURS
from forecasters.errors import InputError

#: Suffixes of code, compiled code too.
CODE = (".py", ".so", ".pyd")
#: Folders and files of code of one import: more are no package of a user.
LARGEST = 2_000


def imported_by(file: Path) -> set[tuple[str, Path]]:
    """Return the files of code that a user's file imports, and what those import in turn.

    An import counts wherever it stands in a file. Its name is looked up beside the user's file and on the
    path of Python. Left out are the standard library, what is installed, and this product: versions
    tell them apart. An import whose name is made while the code runs cannot be found.

    Returns
    -------
    set of tuple of str and Path
        Each file with its name inside the folder in which its package lies.

    Raises
    ------
    InputError
        An import names a folder with thousands of folders or files.
    """
    found: set[tuple[str, Path]] = set()
    left, seen = [file], {file}
    names: set[str] = set()
    while left:
        for name in sorted(_imports(left.pop().read_bytes()) - names):
            names.add(name)
            for place in _places(name, file.parent):
                for path in _code(name, place):
                    found.add((path.relative_to(place.parent).as_posix(), path))
                    if path.suffix == ".py" and path not in seen:
                        seen.add(path)
                        left.append(path)
    return found


@lru_cache(maxsize=1024)
def _imports(source: bytes) -> frozenset[str]:
    """Return the first parts of the names that a source imports; those inside its own package need none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # it fails by itself, if it is ever imported
        return frozenset()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return frozenset(found) - sys.stdlib_module_names - {*OURS, "__main__"}


def _places(name: str, home: Path) -> set[Path]:
    """Return the files and folders that an import may mean: those beside the file, that on the path."""
    beside = [home / f"{name}{suffix}" for suffix in (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)]
    places = {path for path in beside if path.is_file()}
    if (home / name).is_dir():
        places.add(home / name)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):  # a module without one, a finder that fails
        return places
    if spec is None:
        return places
    folders = spec.submodule_search_locations
    on_path = list(folders) if folders is not None else [spec.origin] if spec.has_location else []
    elsewhere = {Path(place).resolve() for place in on_path if place}
    known = {place.resolve() for place in places}
    return places | {p for p in elsewhere - known if p.exists() and not _installed(p)}


def _installed(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in _installations()) or not {
        "site-packages",
        "dist-packages",
    }.isdisjoint(path.parts)


@cache
def _installations() -> tuple[Path, ...]:
    """Return the folders of the standard library and of installed packages."""
    paths = sysconfig.get_paths()
    named = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    named += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple({Path(place).resolve() for place in named})


def _code(name: str, place: Path) -> Iterator[Path]:
    """Return the file of a module, or the files of code in the folder of a package."""
    if not place.is_dir():
        yield place
        return
    count = 0
    for folder, inner, files in os.walk(place):
        inner[:] = [each for each in inner if each != "__pycache__" and not each.startswith(".")]
        code = [each for each in files if each.endswith(CODE)]
        count += 1 + len(code)
        if count > LARGEST:
            raise InputError(
                f"the import of '{name}' means the folder {place}, which has more than {LARGEST:,} folders and "
                "files of code: the name of a run covers them all; put what you import into a smaller folder"
            )
        yield from (path for each in code if (path := Path(folder, each)).is_file())
