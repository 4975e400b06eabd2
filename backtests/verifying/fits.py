"""Where the fits of a verification come from."""

from __future__ import annotations

from backtests.jobs.store import NONE, FitStore, open_store
from forecasters.errors import InputError


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

    Raises
    ------
    InputError
        Stored fits are asked for, and the run kept none.
    """
    if not stored:
        return open_store(NONE, learned=learned)
    store = open_store(folder, learned=learned, only_stored=True)
    if store.folder is None:
        raise InputError("--stored: the run kept no fits (--store none): leave the flag out")
    return store
