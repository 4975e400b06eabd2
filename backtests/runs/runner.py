"""A run from its configuration to its folder: found by its key, or made now and put in place."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from backtests.command.config import RunConfig
from backtests.jobs.saved import file_name
from backtests.jobs.store import FitStore
from backtests.runs.folder import Finished, Place, folder_name
from backtests.runs.outcome import carry_out
from backtests.runs.pages import slug, write_run
from backtests.runs.prepared import prepare
from backtests.studies.plan import Fits
from forecasters.errors import DataWarning


def run(config: RunConfig, *, quiet: bool = False) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    An interrupted run leaves its fits beside its folder; the same call goes on with them.
    """
    prepared = prepare(config)
    name = folder_name([account.title for account in prepared.accounts])
    place = Place(config.out, name, prepared.key)
    if finished := place.found():
        _warn_of_bars(finished, config)
        return finished
    store = FitStore(place.part / "fits")
    outcome = carry_out(prepared, store, quiet=quiet)

    def write(folder: Path) -> None:
        write_run(folder, outcome, config, prepared.benchmark, quiet)
        if config.save_fits:
            keep_fits(store, prepared.fits, folder / "fits")

    return place.put(outcome.manifest, write)


def _warn_of_bars(finished: Finished, config: RunConfig) -> None:
    """Warn where `--keep bars` asks for bars that the finished run does not have."""
    described = (finished.manifest.get("inputs") or {}).get("bars") or [{}]
    if config.keep == "bars" and not all(entry.get("file") for entry in described):
        warnings.warn(
            f"{finished.folder} was made before and keeps no bars: move it away and run again, or use another "
            "--out",
            DataWarning,
            stacklevel=2,
        )


def keep_fits(store: FitStore, fits: Fits, folder: Path) -> None:
    """Move the saved fits into the run folder, under names that say whose they are."""
    number = 0
    for (_, label), group in fits.items():
        for fit in group:
            if (learned := store.learned(number)).exists():
                folder.mkdir(exist_ok=True)
                shutil.copyfile(learned, folder / slug(file_name(fit, label)))
            number += 1
