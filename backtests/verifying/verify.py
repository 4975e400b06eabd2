"""A finished run verified: read, made again, compared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backtests.verifying.again import Again, run_again
from backtests.verifying.compare import compare_with_again, damaged_bars
from backtests.verifying.finding import Comparison
from backtests.verifying.fits import fits_for
from backtests.verifying.recorded import read_recorded
from forecasters.errors import InputError


@dataclass(frozen=True, eq=False)
class Verified:
    """A comparison, and the run made again; None where it could not be made any more."""

    comparison: Comparison
    again: Again | None


@contextmanager
def verified(
    folder: str | Path,
    data_dir: str | None = None,
    *,
    stored: bool = False,
    jobs: int | None = None,
    quiet: bool = False,
) -> Iterator[Verified]:
    """Make a finished run again and compare; the work is deleted at the end of the context.

    Neither the run folder nor the ledger of trials is written.

    Parameters
    ----------
    folder : path
        The run folder.
    data_dir : str, optional
        Take the bars from the files of this folder, not from the run's own copy.
    stored : bool
        Read stored fits and train nothing; otherwise each is trained anew.
    jobs : int, optional
        Fits at once; by default one for each core.

    Raises
    ------
    InputError
        The run cannot be made again; the message says what is missing.
    """
    recorded = read_recorded(folder)
    if recorded.kind != "run":
        raise InputError(
            f"{recorded.folder} is a {recorded.kind}: only a run is made again; compare two of them with --against"
        )
    if data_dir is None and (damaged := damaged_bars(recorded)):
        yield Verified(damaged, None)
        return
    bars = f"the bars of {data_dir}" if data_dir else "its own bars"
    fits = "with stored fits, none trained" if stored else "every fit trained anew"
    with tempfile.TemporaryDirectory(prefix="backtests-verify-") as work:
        config = recorded.config(data_dir)
        store = fits_for(stored, config.store, learned=config.save_fits)
        again = run_again(recorded, store, Path(work), data_dir, jobs=jobs, quiet=quiet)
        how = f"the run made again on {bars}, {fits}"
        yield Verified(compare_with_again(recorded, again, how), again)
