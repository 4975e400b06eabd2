"""Arrays in a file that is written completely or not at all."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from backtests.writing.atomic import write_atomically


def write_arrays(path: Path, **arrays: Any) -> None:
    """Write arrays under their names, compressed."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomically(path, lambda file: file.write(buffer.getvalue()))


def read_arrays(path: Path, *names: str) -> dict[str, Any] | None:
    """Return the named arrays of a file; None where there is none that can be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
