"""The files of a run folder by their sha256, and whether the folder still holds them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from backtests.reading.files import Unreadable
from backtests.reading.untrusted import check_regular

#: Of the folder itself: it holds the list, so it is not in it.
MANIFEST = "manifest.json"


def contents_of(folder: Path, names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the size in bytes and the sha256 of files below a folder, by default of all (`names_in`)."""
    return {
        name: {"size": (folder / name).stat().st_size, "sha256": _sha256(folder / name)}
        for name in (names_in(folder) if names is None else names)
    }


def names_in(folder: Path) -> list[str]:
    """Return the paths of all files below a folder but its manifest, with ``/``, in alphabetic order."""
    return sorted(name for name in _names(folder) if name != MANIFEST)


def changed(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return which of these files are not what they were, and what they are; other files do not count.

    Parameters
    ----------
    files : mapping
        From `contents_of`, perhaps read back from a file that anybody may have written.
    """
    found = {}
    for name, told in files.items():
        path = folder / name
        if not _inside(name):
            found[name] = "is no file of the folder"
        elif not os.path.lexists(path):
            found[name] = "is missing"
        elif not _same(path, told):
            found[name] = "was changed"
    return found


def _same(path: Path, told: Mapping[str, Any]) -> bool:
    try:
        check_regular(path)  # a pipe would be waited for
        same_size = path.stat().st_size == told["size"]
        return bool(same_size and _sha256(path) == told["sha256"])
    except (OSError, Unreadable):
        return False


def _inside(name: str) -> bool:
    """Return whether a name stays in the folder."""
    parts = name.split("/")
    return name.isprintable() and "\\" not in name and not {"", ".", ".."} & set(parts)


def _names(folder: Path) -> Iterator[str]:
    for place, _, files in os.walk(folder):
        for file in files:
            yield (Path(place) / file).relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
