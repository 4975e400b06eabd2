"""A run from its configuration to its folder: found by its key, or made now and put in place."""

from __future__ import annotations

from pathlib import Path

from backtests.command.config import RunConfig
from backtests.jobs.saved import file_name, save_fit
from backtests.jobs.store import FitStore, open_store
from backtests.runs.files import write_run
from backtests.runs.folder import Finished, Place, folder_name, slug
from backtests.runs.outcome import carry_out
from backtests.runs.prepared import prepare
from backtests.runs.redraw import with_tearsheets
from backtests.studies.plan import Fits
from backtests.trials.ledger import TrialLedger


def run(config: RunConfig, *, quiet: bool = False) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    Every fit is kept in the store: an interrupted run goes on with those that it had, and another run with
    equal fits trains none of them.
    """
    prepared = prepare(config)
    name = folder_name([account.title for account in prepared.accounts])
    place = Place(config.out, name, prepared.key)
    if finished := place.found():
        return with_tearsheets(finished, config.tearsheets, config.jobs or 1, quiet=quiet)
    TrialLedger(config.ledger, config.out).check()
    with open_store(config.store, learned=config.save_fits) as store:
        outcome = carry_out(prepared, store, quiet=quiet)

        def write(folder: Path) -> None:
            write_run(folder, outcome, config, prepared.benchmark, quiet)
            if config.save_fits:
                _save_fits(store, prepared.fits, config.features, folder / "fits")

        return place.put(outcome.manifest, write)


def _save_fits(store: FitStore, fits: Fits, features: str, folder: Path) -> None:
    """Write what the fits learned into the run folder, under names that say whose they are."""
    for (_, label), group in fits.items():
        for fit in group:
            learned = store.learned(fit)
            if learned.state:
                save_fit(folder / slug(file_name(fit, label)), fit, learned, features)
