"""Where the fits of a verification come from."""

from __future__ import annotations

from pathlib import Path

from backtests.jobs.store import FitStore, default_folder


def fits_for(stored: bool, folder: str | None = None, *, learned: bool = False) -> FitStore:
    """Return the store of a verification: by default an empty one, so that every fit is trained anew.

    Parameters
    ----------
    stored : bool
        Read stored fits instead (`--stored`); one that is not there is an error, and nothing is trained.
    folder : str, optional
        `--store` of the run; by default the user's store.
    learned : bool
        What the fits learned is asked for afterwards (`--save-fits`).
    """
    if not stored:
        return FitStore(None, learned=learned)
    return FitStore(Path(folder) if folder else default_folder(), learned=learned, only_stored=True)
