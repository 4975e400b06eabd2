"""The store looked after: what is in it, what is damaged, what can go. It touches files of fits alone."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backtests.jobs.fit_file import SUFFIX, DamagedFit, read_about, read_fit
from backtests.jobs.fit_key import FORMAT, name_of
from backtests.jobs.leases import used_fits
from backtests.writing.plain import WORD, printable

_NAME = re.compile(r"[0-9a-f]{64}" + re.escape(SUFFIX))
#: A file that was being written when its process was killed (see `writing/atomic.py`).
_REMAINS = re.compile(r"\.[0-9a-f]{40}\..+")
#: Seconds after which nobody writes such a file any more.
ABANDONED = 24 * 3600.0


@dataclass(frozen=True)
class StoredFile:
    """A file of the store: its size in bytes, and when it was last used, in seconds since 1970."""

    path: Path
    size: int
    used: float

    @property
    def name(self) -> str:
        """The name of the fit."""
        return self.path.name.removesuffix(SUFFIX)


@dataclass(frozen=True, eq=False)
class Contents:
    """What a store holds.

    Attributes
    ----------
    fits : int
    size : int
        Bytes.
    oldest, newest : float or None
        When a fit was last used, in seconds since 1970; None in an empty store.
    forecasters : mapping
        Forecaster to the number of its fits, the most first; ``(unreadable)`` for damaged headers.
    """

    fits: int
    size: int
    oldest: float | None
    newest: float | None
    forecasters: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Pruned:
    """What a pruning did: files and bytes that went and that stay, and fits that a running run holds."""

    removed: int
    freed: int
    left: int
    size: int
    in_use: int


def stored_files(folder: Path) -> list[StoredFile]:
    """Return the fits of a store, the one that was not used for longest first."""
    found = []
    for path in _inside(folder, _NAME):
        if path.name[:2] == path.parent.name:
            with suppress(FileNotFoundError):  # pruned by another process meanwhile
                about = path.stat()
                found.append(StoredFile(path, about.st_size, about.st_mtime))
    return sorted(found, key=lambda file: (file.used, file.name))


def contents(folder: Path) -> Contents:
    """Return what is in a store."""
    files = stored_files(folder)
    counted = Counter(_forecaster(file.path) for file in files)
    return Contents(
        fits=len(files),
        size=sum(file.size for file in files),
        oldest=files[0].used if files else None,
        newest=files[-1].used if files else None,
        forecasters=dict(sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))),
    )


def damaged(folder: Path) -> dict[Path, str]:
    """Return each file of a store that is not the fit that its name promises, and why; reads all."""
    wrong = {}
    for file in stored_files(folder):
        try:
            about = read_about(file.path)
            if about["format"] == FORMAT:
                read_fit(file.path)
            elif name_of(about) != file.name:  # of another version: its name is all that we know
                raise DamagedFit("it holds another fit than its name says")
        except FileNotFoundError:
            continue
        except (KeyError, TypeError) as error:
            wrong[file.path] = f"its header names no format ({error})"
        except DamagedFit as error:
            wrong[file.path] = str(error)
        except ValueError as error:  # a value in its header that no name is made of
            wrong[file.path] = f"its header is that of no fit ({error})"
    return wrong


def prune(folder: Path, size: int | None = None, age: float | None = None) -> Pruned:
    """Delete fits that were not used for longest; none that a running run uses.

    Parameters
    ----------
    size : int or None
        Bytes that the store may have afterwards.
    age : float or None
        Seconds: fits that were not used for longer go.
    """
    held = used_fits(folder)
    now = time.time()
    for path in _inside(folder, _REMAINS):
        with suppress(FileNotFoundError):
            if now - path.stat().st_mtime > ABANDONED:
                path.unlink()
    files = stored_files(folder)
    total = sum(file.size for file in files)
    removed = freed = 0
    for file in files:
        too_much = size is not None and total - freed > size
        too_old = age is not None and now - file.used > age
        if not (too_much or too_old) or file.name in held:
            continue
        with suppress(FileNotFoundError):
            if file.path.stat().st_mtime == file.used:  # else a run has just used it
                file.path.unlink()
                removed, freed = removed + 1, freed + file.size
    in_use = sum(file.name in held for file in files)
    return Pruned(removed, freed, len(files) - removed, total - freed, in_use)


def _inside(folder: Path, name: re.Pattern[str]) -> Iterator[Path]:
    """Return the files of such a name in the folders of a store; links are no part of it."""
    for inner in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        if inner.is_dir() and not inner.is_symlink():
            for path in inner.iterdir():
                if name.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                    yield path


def _forecaster(path: Path) -> str:
    try:
        return printable(" ".join(str(read_about(path)["forecaster"])[:WORD].split()))
    except (FileNotFoundError, DamagedFit, KeyError, TypeError):
        return "(unreadable)"
