"""Files and folders written completely or not at all: a reader sees the old one or the new one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> Path:
    """Let `write` fill a temporary file beside `path`, put it in its place, return `path`.

    The bytes are on the disk before the file has its name, so a crash leaves no empty file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp lets only the owner read it
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text in UTF-8 in the same way; return `path`."""
    return write_atomically(path, lambda file: file.write(text.encode()))


def swap_folder(fresh: Path, folder: Path) -> None:
    """Put the folder `fresh` in the place of `folder`, which is deleted; both are on one disk.

    An error leaves the old folder in its place. A power cut between the two renames leaves it beside
    its place, where `restore_folder` finds it.
    """
    aside = _aside(folder)
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)  # of a swap that was cut short after its renames
    folder.rename(aside)
    try:
        fresh.rename(folder)
    except BaseException:
        with suppress(FileNotFoundError):  # another process has put it back
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def restore_folder(folder: Path) -> None:
    """Put a folder back into its place that an interrupted `swap_folder` left beside it."""
    aside = _aside(folder)
    if aside.is_dir() and not folder.exists():
        aside.rename(folder)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.before")
