"""The pages of a finished run and their tearsheets, drawn from what came out of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.command.progress import Progress
from backtests.jobs.parallel import run_tasks
from backtests.writing.file_names import file_names
from backtests.writing.names import folder_names
from forecasters.bars import Bars

if TYPE_CHECKING:
    from backtests.account.result import Result
    from backtests.report.summary import Summary
    from backtests.runs.outcome import Outcome

#: Which results get a tearsheet, from the fewest to the most.
TEARSHEETS = ("none", "main", "all")


def write_pages(
    folder: Path,
    outcome: Outcome,
    benchmark: Bars | None,
    tearsheets: str,
    jobs: int,
    quiet: bool,
) -> None:
    """Write all pages of a run into `folder`; of several accounts each has a folder.

    Parameters
    ----------
    outcome : Outcome
        What came out of the run; pages show `key`, `digest` and `config` of its manifest.
    benchmark : Bars or None
        What tearsheets compare with; None: buy and hold of the account.
    tearsheets : str
        One of `TEARSHEETS`.
    jobs : int
        Tearsheets drawn side by side.
    """
    from backtests.report.overview import write_overview
    from backtests.report.page import write_index

    summaries, manifest = outcome.summaries, outcome.manifest
    several = len(summaries) > 1
    folders = folder_names([summary.study.account for summary in summaries])
    tasks = []
    for summary in summaries:
        account = summary.study.account
        place = folder / folders[account] if several else folder
        chosen = _chosen(summary.study.results, tearsheets)
        files = file_names(result.label for result in summary.study.results)
        names = {result.label: f"tearsheets/{files[result.label]}.html" for result in chosen}
        tasks += [_tearsheet(place / names[r.label], r, summary, benchmark) for r in chosen]
        write_index(
            place,
            summary,
            manifest,
            names,
            "../" if several else "",
            outcome.deflations.get(account),
            outcome.overalls.get(account),
        )
    with Progress("tearsheets", len(tasks), quiet=quiet) as progress:
        run_tasks(tasks, jobs, lambda index, path: progress.advance())
    if several:
        write_overview(folder, summaries, manifest, outcome.overalls)


def _chosen(results: Sequence[Result], which: str) -> list[Result]:
    first = next((r.strategy for r in results if r.forecaster is not None), None)
    return [
        r
        for r in results
        if which == "all" or (which == "main" and (r.forecaster is None or r.strategy == first))
    ]


def _tearsheet(
    path: Path, result: Result, summary: Summary, benchmark: Bars | None
) -> Callable[[], Path]:
    """Return the task that writes one tearsheet; it carries what the page shows, not the study."""
    import pandas as pd

    from backtests.report.tearsheet import tearsheet_of

    study = summary.study
    title = "buy and hold"
    beside: Any = study.held
    if benchmark is not None:
        closes = pd.Series(benchmark.close, pd.DatetimeIndex(benchmark.sessions))
        beside = closes.pct_change().iloc[1:]
        title = benchmark.ticker
    elif result is study.held:
        beside = None
    notes = [text for text in (study.readings.get(result.strategy), study.costs_note) if text]
    simulated = study.simulated or (benchmark is not None and benchmark.origin.simulated)
    as_is = study.as_is or (benchmark is not None and bool(benchmark.origin.as_is))
    known = {r: summary.performance[r] for r in (study.held, result) if r is not None}
    return partial(
        tearsheet_of,
        path,
        result,
        beside,
        benchmark_title=title,
        notes=notes,
        simulated=simulated,
        as_is=as_is,
        account=study.heading,
        known=known,
    )
