"""Which fits a running run uses: a file beside them names them, so that no other process deletes them."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from backtests.reading.files import Unreadable
from backtests.reading.untrusted import read_json
from backtests.writing.atomic import write_text

#: The folder of the leases inside a store.
FOLDER = "in-use"
#: Seconds after which a lease of another machine counts as left behind: its process cannot be asked.
FORGOTTEN = 7 * 24 * 3600.0


class Lease:
    """The fits that this process uses, told to other processes until `end`."""

    def __init__(self, store: Path) -> None:
        self._names: set[str] = set()
        self._start = time.strftime("%Y-%m-%dT%H:%M:%S")
        self.path = store / FOLDER / f"{os.getpid()}-{uuid.uuid4().hex}.json"

    def hold(self, names: Iterable[str]) -> None:
        """Name more fits.

        Raises
        ------
        OSError
            The store cannot be written.
        """
        self._names |= set(names)
        about = {
            "pid": os.getpid(),
            "host": platform.node(),
            "start": self._start,
            "began": _began(os.getpid()),
            "fits": sorted(self._names),
        }
        write_text(self.path, json.dumps(about))

    def renew(self) -> None:
        """Say that the process still works; nothing happens where the store cannot be written."""
        try:
            os.utime(self.path)
        except OSError:  # the lease is gone or the store is read-only: a fit is then trained again
            return

    def end(self) -> None:
        """Take the lease away."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError:  # left behind, and found to be so when this process has ended
            return


def used_fits(store: Path) -> set[str]:
    """Return the names of the fits that running processes use; leases that were left behind are deleted."""
    used: set[str] = set()
    for path in sorted((store / FOLDER).glob("*.json")):
        try:
            about = read_json(path)
            if _holds(about, path.stat().st_mtime):
                used |= set(map(str, about["fits"]))
                continue
        except FileNotFoundError:  # it ended meanwhile
            continue
        except Unreadable as error:
            if isinstance(
                error.__cause__, OSError
            ):  # the system refuses to read it: it may hold fits
                continue
        except (
            ValueError,
            KeyError,
            TypeError,
            OverflowError,
        ):  # no lease of ours, or damaged: it holds nothing
            pass
        path.unlink(missing_ok=True)
    return used


def _holds(about: dict[str, Any], renewed: float) -> bool:
    """Return whether the process of a lease still runs."""
    if about["host"] != platform.node() or sys.platform == "win32":
        return time.time() - renewed < FORGOTTEN
    pid = int(about["pid"])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs and belongs to another user
        return True
    return bool(about["began"] == _began(pid))  # another process may have got the number


def _began(pid: int) -> str:
    """Return when a process began, as the system counts (Linux); empty where it does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
