"""The files of a finished run: tables, what its pages are made of, the pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backtests.command.config import RunConfig
from backtests.runs.pages import write_pages
from backtests.runs.stored import stored_of, write_stored
from forecasters.bars import Bars

if TYPE_CHECKING:
    from backtests.runs.outcome import Outcome


def write_run(
    folder: Path, outcome: Outcome, config: RunConfig, benchmark: Bars | None, quiet: bool
) -> None:
    """Write the files of a finished run but its manifest into `folder`.

    Parameters
    ----------
    outcome : Outcome
        What came out of the run.
    benchmark : Bars or None
        What tearsheets compare with; None: buy and hold of the account.
    """
    from backtests.report.tables.run import write_tables

    write_tables(folder, outcome.summaries)
    write_stored(folder, stored_of(outcome, benchmark))
    write_pages(folder, outcome, benchmark, config.tearsheets, config.jobs or 1, quiet)
