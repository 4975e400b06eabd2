"""The fits of a run, stored one by one, so that an interrupted run can go on."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from backtests.writing.atomic import write_atomically
from forecasters.walk_forward.fit import Fitted

ARRAYS = ("close", "outside", "centre", "train_loss", "validation_loss", "inside")
SINGLE = {"kept": int, "outliers": float, "engine": str}


class FitStore:
    """Fits by number in a folder: a stored fit need not be trained again.

    The folder belongs to one key, so a number always means the same fit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"

    def learned(self, number: int) -> Path:
        """Return the path of what a fit learned, for runs that save their fits."""
        return self.folder / f"{number:06d}.safetensors"

    def save(self, number: int, fitted: Fitted) -> None:
        """Store a fit."""
        arrays = {name: getattr(fitted, name) for name in (*ARRAYS, *SINGLE)}
        write_atomically(self._path(number), lambda file: np.savez(file, **arrays))

    def load(self, number: int) -> Fitted | None:
        """Return a stored fit; None if there is none, or if it is damaged and must be trained again."""
        try:
            # Opened here: NumPy leaves a file that it cannot read open.
            with self._path(number).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in ARRAYS}
                single: dict[str, Any] = {name: kind(kept[name]) for name, kind in SINGLE.items()}
                return Fitted(**arrays, **single)
        # RuntimeError: a flipped bit can look like encryption or an unknown compression
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError, RuntimeError):
            return None
