"""A file that grows, opened by one process at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def locked(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it and to append to it, at its beginning; wait for whoever has it.

    It is made where there is none, its folder too. Whoever only reads need not wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("a+b") as file:
            _hold(file)
            if _same(file, path):
                file.seek(0)
                yield file
                return
            # it was put away while we waited


def _same(file: BinaryIO, path: Path) -> bool:
    """Return whether the name still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _hold(file: BinaryIO) -> None:
        """Wait until no other process has the file; closing lets it go."""
        file.seek(1 << 40)  # a byte that no file reaches, so that others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _hold(file: BinaryIO) -> None:
        """Wait until no other process has the file; closing lets it go."""
        fcntl.flock(file, fcntl.LOCK_EX)
