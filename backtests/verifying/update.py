"""A run folder replaced by the run made again; the old one stays beside it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from backtests.trials.ledger import TrialLedger
from backtests.verifying.again import Again


def replace_folder(folder: Path, again: Again, quiet: bool) -> Path:
    """Write the run made again in the place of its folder; return where the old one is kept.

    The new folder is complete before the old one is renamed, and no file is deleted: the old folder has the
    same name with ``.before-1`` (2, 3, ...). The name of the folder stays, so that scripts go on finding it,
    although the key inside may be another.

    Raises
    ------
    OSError
        The folder cannot be written; the old one is then in its place.
    """
    folder = folder.resolve()
    ledger = TrialLedger(again.prepared.config.ledger, folder.parent)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        filled = part / "run"
        filled.mkdir()
        again.write(filled, ledger, quiet)
        kept = _free(folder)
        folder.rename(kept)
        try:
            filled.rename(folder)
        except BaseException:  # Ctrl-C too
            kept.rename(folder)
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return kept


def _free(folder: Path) -> Path:
    """Return the first free name for the old folder."""
    number = 1
    while (kept := folder.with_name(f"{folder.name}.before-{number}")).exists():
        number += 1
    return kept
