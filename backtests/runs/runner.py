"""A run from its configuration to its folder: found by its key, or made now and put in place."""

from __future__ import annotations

import warnings

from backtests.command.config import RunConfig
from backtests.jobs.store import open_store
from backtests.runs.files import write_run
from backtests.runs.folder import Finished, Place, folder_name
from backtests.runs.kept import inputs_of
from backtests.runs.outcome import carry_out
from backtests.runs.prepared import prepare
from backtests.runs.redraw import with_tearsheets
from backtests.trials.ledger import TrialLedger
from forecasters.errors import DataWarning


def run(config: RunConfig, *, quiet: bool = False) -> Finished:
    """Return the finished run of this configuration, made now or found by its key.

    Every fit is kept in the store: an interrupted run goes on with those that it had, and another run with
    equal fits trains none of them.
    """
    prepared = prepare(config)
    name = folder_name([account.title for account in prepared.accounts])
    place = Place(config.out, name, prepared.key)
    if finished := place.found():
        _warn_of_bars(finished, config)
        return with_tearsheets(finished, config.tearsheets, config.jobs or 1, quiet=quiet)
    TrialLedger(config.ledger, config.out).check()
    inputs = inputs_of(prepared)  # before the training: a file may change while it lasts
    with open_store(config.store, learned=config.save_fits) as store:
        outcome = carry_out(prepared, inputs, store, quiet=quiet)
        return place.put(
            outcome.manifest,
            lambda folder: write_run(folder, prepared, inputs, outcome, store, quiet=quiet),
        )


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
