"""The files of a finished run: pages, tearsheets, tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.command.config import RunConfig
from backtests.command.progress import Progress
from backtests.jobs.parallel import run_tasks
from backtests.judging.deflation import Deflation
from backtests.runs.manifest import write_manifest
from backtests.studies.study import Study
from forecasters.bars import Bars

if TYPE_CHECKING:
    from backtests.account.result import Result


def _write(
    folder: Path,
    studies: Sequence[Study],
    manifest: Mapping[str, Any],
    deflations: Mapping[str, Deflation],
    config: RunConfig,
    benchmark: Bars | None,
    quiet: bool,
) -> None:
    from backtests.report.overview import write_overview
    from backtests.report.page import write_index
    from backtests.report.tables.run import write_tables

    write_tables(folder, studies)
    several = len(studies) > 1
    places = {s.account: folder / s.account if several else folder for s in studies}
    sheets = [
        (study, result) for study in studies for result in _chosen(study.results, config.tearsheets)
    ]
    tasks = [
        partial(
            _tearsheet,
            places[study.account] / "tearsheets" / f"{slug(result.label)}.html",
            result,
            study,
            benchmark,
        )
        for study, result in sheets
    ]
    with Progress("tearsheets", len(tasks), quiet=quiet) as progress:
        run_tasks(tasks, config.jobs or 1, lambda index, path: progress.advance())
    for study in studies:
        links = {r.label: f"tearsheets/{slug(r.label)}.html" for s, r in sheets if s is study}
        deflation = deflations.get(study.account)
        write_index(
            places[study.account], study, manifest, links, "../" if several else "", deflation
        )
    if several:
        write_overview(folder, studies, manifest)
    write_manifest(folder / "manifest.json", manifest)


def _chosen(results: Sequence[Result], which: str) -> list[Result]:
    first = next((r.strategy for r in results if r.forecaster is not None), None)
    return [
        r
        for r in results
        if which == "all" or (which == "main" and (r.forecaster is None or r.strategy == first))
    ]


def slug(label: str) -> str:
    """Return a label as a file name that every system takes."""
    return re.sub(r"[^\w.=,+-]", "_", label)


def _tearsheet(path: Path, result: Result, study: Study, benchmark: Bars | None) -> None:
    import pandas as pd

    from backtests.report.tearsheet import tearsheet_of

    title = "buy and hold"
    beside: Any = study.held
    if benchmark is not None:
        beside = (
            pd.Series(benchmark.close, pd.DatetimeIndex(benchmark.sessions)).pct_change().iloc[1:]
        )
        title = benchmark.ticker
    elif result.label == beside.label:
        beside = None
    notes = [text for text in (study.readings.get(result.strategy), study.costs_note) if text]
    simulated = study.simulated or (benchmark is not None and benchmark.origin.simulated)
    titled = replace(result, account=study.heading)
    tearsheet_of(path, titled, beside, benchmark_title=title, notes=notes, simulated=simulated)
