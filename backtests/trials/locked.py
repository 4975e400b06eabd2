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
    """Open a file at its beginning, to read it and to append to it; wait while another process has it.

    The file and its folder are made if they do not exist. A process that only reads need not wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("a+b") as file:
            _hold(file)
            if _same(file, path):
                file.seek(0)
                yield file
                return
            # the file was moved away while we waited: open the new one


def _same(file: BinaryIO, path: Path) -> bool:
    """Return whether the path still names the open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _hold(file: BinaryIO) -> None:
        """Wait until no other process has the file; closing it releases the lock."""
        file.seek(1 << 40)  # a byte beyond the end of any file, so that others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _hold(file: BinaryIO) -> None:
        """Wait until no other process has the file; closing it releases the lock."""
        fcntl.flock(file, fcntl.LOCK_EX)
