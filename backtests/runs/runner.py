"""A run from its configuration to its folder: found by its key, or made now and put in place."""

from __future__ import annotations

import shutil
from pathlib import Path

from backtests.command.config import RunConfig
from backtests.jobs.saved import file_name
from backtests.jobs.store import FitStore
from backtests.runs.files import write_run
from backtests.runs.folder import Finished, Place, folder_name, slug
from backtests.runs.outcome import carry_out
from backtests.runs.prepared import prepare
from backtests.runs.redraw import with_tearsheets
from backtests.studies.plan import Fits


def run(config: RunConfig, *, quiet: bool = False) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    An interrupted run leaves its fits beside its folder; the same call goes on with them.
    """
    prepared = prepare(config)
    name = folder_name([account.title for account in prepared.accounts])
    place = Place(config.out, name, prepared.key)
    if finished := place.found():
        return with_tearsheets(finished, config.tearsheets, config.jobs or 1, quiet=quiet)
    store = FitStore(place.part / "fits")
    outcome = carry_out(prepared, store, quiet=quiet)

    def write(folder: Path) -> None:
        write_run(folder, outcome, config, prepared.benchmark, quiet)
        if config.save_fits:
            _keep_fits(store, prepared.fits, folder / "fits")

    return place.put(outcome.manifest, write)


def _keep_fits(store: FitStore, fits: Fits, folder: Path) -> None:
    """Move the saved fits into the run folder, under names that say whose they are."""
    number = 0
    for (_, label), group in fits.items():
        for fit in group:
            if (learned := store.learned(number)).exists():
                folder.mkdir(exist_ok=True)
                shutil.copyfile(learned, folder / slug(file_name(fit, label)))
            number += 1
