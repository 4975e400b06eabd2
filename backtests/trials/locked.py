"""A file that grows, opened by one process at a time; what is appended is there whole or not at all."""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from backtests.reading.files import Unreadable
from backtests.reading.shape import COUNT, TEXT, check
from backtests.reading.untrusted import check_regular, read_json
from backtests.writing.atomic import write_text
from backtests.writing.plain import short
from forecasters.errors import DataWarning

#: Seconds of waiting after which it is said who has the file.
PATIENCE = 2.0


@contextmanager
def locked(path: Path) -> Iterator[FileIO]:
    """Open a file at its beginning, to read it and to append to it; wait while another process has it.

    The file and its folder are made if they do not exist. A process that only reads need not wait. Who
    has the file stands in ``<name>.lock`` beside it; after two seconds a warning says so, and the
    waiting goes on.

    Raises
    ------
    Unreadable
        A pipe, a folder or a device is in the place of the file or of ``<name>.lock``.
    OSError
        It cannot be opened.
    """
    check_regular(path)
    check_regular(signature(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for name in ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK"):
        flags |= getattr(os, name, 0)
    while True:
        # Unbuffered: a buffer that could not be written would be written again when the file is closed.
        with os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0) as file:
            _hold(file, path)
            if _same(file, path):
                with _signed(path):
                    file.seek(0)
                    yield file
                return
            # the file was moved away while we waited: open the new one


def append(file: FileIO, data: bytes) -> None:
    """Write `data` at the end of a locked file and to the disk; if that fails, the file is as it was."""
    size = os.fstat(file.fileno()).st_size
    try:
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except BaseException:  # a full disk, a limit, Ctrl-C
        file.truncate(size)
        raise


def signature(path: Path) -> Path:
    """Return the file that says who has the file."""
    return path.with_name(f"{path.name}.lock")


@contextmanager
def _signed(path: Path) -> Iterator[None]:
    """Say beside the file who has it, for the `with` block."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    about = {"pid": os.getpid(), "host": platform.node(), "since": now}
    # Who waits would only not be told who has it.
    with contextlib.suppress(OSError):
        # not written into what is there: a link could lead anywhere
        write_text(signature(path), json.dumps(about))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            signature(path).unlink()


def _holder(path: Path) -> str:
    """Return who has the file, in words."""
    try:
        about = read_json(signature(path), 4096)
        check(about, {"pid": COUNT, "host": TEXT, "since": TEXT}, "the signature")
    except (OSError, Unreadable):
        return "another process"
    host, since = (short(about[name]).strip("'") for name in ("host", "since"))
    return f"process {about['pid']} on {host}, since {since}"


def _same(file: FileIO, path: Path) -> bool:
    """Return whether the path still names the open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _hold(file: FileIO, path: Path) -> None:
    """Wait until no other process has the file; closing it releases the lock."""
    start, pause = time.monotonic(), 0.001
    while not _take(file, wait=False):
        if time.monotonic() - start >= PATIENCE:
            warnings.warn(
                f"waiting for {path}, which {_holder(path)} has; end that process, or press Ctrl-C here",
                DataWarning,
                stacklevel=4,
            )
            while not _take(file, wait=True):
                pass
            return
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def _cannot_lock(error: OSError) -> OSError:
    """Return the error of a disk that has no locks, with what to do."""
    why = f"{error.strerror}: it cannot be locked"
    return OSError(
        error.errno, f"{why}; name a file on a local disk with --ledger or BACKTESTS_DATA"
    )


if sys.platform == "win32":
    import msvcrt

    def _take(file: FileIO, *, wait: bool) -> bool:
        """Take the lock and return True; False where another process has it (after some seconds)."""
        file.seek(1 << 40)  # a byte beyond the end of any file, so that others may read
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EDEADLK):
                raise _cannot_lock(error) from error
            return False
        return True

else:
    import fcntl

    def _take(file: FileIO, *, wait: bool) -> bool:
        """Take the lock and return True; False where another process has it and `wait` is False."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise _cannot_lock(error) from error
        return True
