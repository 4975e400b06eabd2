"""The files of a finished run: what it was made of, tables, what its pages are made of, the pages."""

from __future__ import annotations

from pathlib import Path

from backtests.jobs.saved import file_name, save_fit
from backtests.jobs.store import FitStore
from backtests.runs.kept import Inputs
from backtests.runs.outcome import Outcome
from backtests.runs.pages import write_pages
from backtests.runs.prepared import Prepared
from backtests.runs.stored import stored_of, write_stored
from backtests.studies.plan import Fits
from backtests.writing.file_names import file_names


def write_run(
    folder: Path,
    prepared: Prepared,
    inputs: Inputs,
    outcome: Outcome,
    store: FitStore,
    *,
    quiet: bool = False,
) -> None:
    """Write the files of a finished run but its manifest into `folder`.

    Parameters
    ----------
    prepared, inputs : Prepared, Inputs
        What the run was made of.
    outcome : Outcome
        What came out of it.
    store : FitStore
        Its fits, for `--save-fits`.
    """
    from backtests.report.tables.run import write_tables

    config = prepared.config
    inputs.write(folder)
    write_tables(folder, outcome.summaries)
    write_stored(folder, stored_of(outcome, prepared.benchmark))
    write_pages(folder, outcome, prepared.benchmark, config.tearsheets, config.jobs or 1, quiet)
    if config.save_fits:
        keep_fits(store, prepared.fits, config.features, folder / "fits")


def keep_fits(store: FitStore, fits: Fits, features: str, folder: Path) -> None:
    """Write what the fits learned into the run folder, under names that say whose they are."""
    every = {fit: file_name(fit, label) for (_, label), group in fits.items() for fit in group}
    names = file_names(every.values())
    for fit, name in every.items():
        learned = store.learned(fit)
        if learned.state:
            save_fit(folder / f"{names[name]}.safetensors", fit, learned, features)
