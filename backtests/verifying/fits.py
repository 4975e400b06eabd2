"""Where the fits of a verification come from."""

from __future__ import annotations

from pathlib import Path

from backtests.jobs.store import FitStore
from forecasters.errors import InputError


def fits_for(work: Path, stored: bool) -> FitStore:
    """Return the store of a verification: by default an empty one, so that every fit is trained anew.

    Parameters
    ----------
    work : Path
        A folder that only this check has.
    stored : bool
        Read stored fits instead (`--stored`).

    Raises
    ------
    InputError
        There is no store of fits to read.
    """
    if stored:
        raise InputError(
            "--stored: there is no store of fits; leave it out, and every fit is trained"
        )
    return FitStore(work / "fits")
