"""The daily series of the trials on disk, one file for the new trials of each command."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.reading.arrays import read_arrays, write_arrays
from backtests.trials.look import Look

#: The name of a series: that of its file, and its row there.
STORED = re.compile(r"[0-9a-f]{16}:[0-9]{1,9}", re.ASCII)


class KeptLooks:
    """A folder of ``looks-<name>.npz`` beside a ledger.

    The name of a file is from the sha256 of what it holds, and the lines of the ledger hold that name. So a
    file that was changed is not read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, Mapping[str, NDArray[Any]] | None] = {}

    def keep(self, looks: Sequence[Look]) -> list[str]:
        """Write the series of some looks in one file, as float32; return the name of each."""
        if not looks:
            return []
        sessions = np.unique(np.concatenate([look.sessions for look in looks]))
        values = np.full((len(looks), sessions.size), np.nan, dtype=np.float32)
        for row, look in zip(values, looks, strict=True):
            row[np.searchsorted(sessions, look.sessions)] = look.daily
        days = sessions.astype("datetime64[D]").astype(np.int32)
        name = _name(days, values)
        write_arrays(self._path(name), days=days, values=values)
        return [f"{name}:{i}" for i in range(len(looks))]

    def read(self, stored: str, kind: str) -> Look | None:
        """Return a look by the name that `keep` gave; None where its file is lost or was changed."""
        if not STORED.fullmatch(stored):
            return None
        name, _, row = stored.partition(":")
        if name not in self._files:
            self._files[name] = self._load(name)
        arrays = self._files[name]
        if arrays is None or int(row) >= len(arrays["values"]):
            return None
        daily = arrays["values"][int(row)]
        known = np.isfinite(daily)
        days = arrays["days"][known].astype("datetime64[D]")
        return Look(kind, days, daily[known].astype(np.float64))

    def _path(self, name: str) -> Path:
        return self.folder / f"looks-{name}.npz"

    def _load(self, name: str) -> Mapping[str, NDArray[Any]] | None:
        arrays = read_arrays(self._path(name), "days", "values")
        if arrays is None:
            return None
        days, values = arrays["days"], arrays["values"]
        if days.dtype.kind != "i" or values.dtype.kind != "f" or values.shape[1:] != days.shape:
            return None
        return arrays if _name(arrays["days"], arrays["values"]) == name else None


def _name(days: NDArray[Any], values: NDArray[Any]) -> str:
    return hashlib.sha256(days.tobytes() + values.tobytes()).hexdigest()[:16]
