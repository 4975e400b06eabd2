"""The files of a finished run: pages, tearsheets, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.command.config import RunConfig
from backtests.command.progress import Progress
from backtests.jobs.parallel import run_tasks
from backtests.judging.deflation import Deflation
from backtests.judging.overall import Overall
from backtests.runs.file_names import file_names
from backtests.runs.manifest import write_manifest
from forecasters.bars import Bars

if TYPE_CHECKING:
    from backtests.account.result import Result
    from backtests.report.summary import Summary


def write_run(
    folder: Path,
    summaries: Sequence[Summary],
    manifest: Mapping[str, Any],
    deflations: Mapping[str, Deflation],
    overalls: Mapping[str, Overall],
    config: RunConfig,
    benchmark: Bars | None,
    quiet: bool,
) -> None:
    """Write all files of a finished run into `folder`; of several accounts each has a folder.

    Parameters
    ----------
    deflations : mapping
        Account to what the ledger of trials makes of its Sharpe ratios.
    overalls : mapping
        Account to its verdicts that count everything.
    benchmark : Bars or None
        What tearsheets compare with; None: buy and hold of the account.
    """
    from backtests.report.overview import write_overview
    from backtests.report.page import write_index
    from backtests.report.tables.run import write_tables

    write_tables(folder, summaries)
    several = len(summaries) > 1
    tasks = []
    for summary in summaries:
        account = summary.study.account
        place = folder / account if several else folder
        chosen = _chosen(summary.study.results, config.tearsheets)
        files = file_names(result.label for result in summary.study.results)
        names = {result.label: f"tearsheets/{files[result.label]}.html" for result in chosen}
        tasks += [_tearsheet(place / names[r.label], r, summary, benchmark) for r in chosen]
        write_index(
            place,
            summary,
            manifest,
            names,
            "../" if several else "",
            deflations.get(account),
            overalls.get(account),
        )
    with Progress("tearsheets", len(tasks), quiet=quiet) as progress:
        run_tasks(tasks, config.jobs or 1, lambda index, path: progress.advance())
    if several:
        write_overview(folder, summaries, manifest, overalls)
    write_manifest(folder / "manifest.json", manifest)


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
