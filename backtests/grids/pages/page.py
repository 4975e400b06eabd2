"""The page of a grid, and its ranking as Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backtests.command.values import rows_of
from backtests.grids.config import GridConfig
from backtests.grids.pages.figures import draw_grid
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.ranking import below_naive, printed
from backtests.grids.results.report import Report, describe_selections
from backtests.judging.skill import p_text
from backtests.report.rendering import render
from backtests.report.sections.facts import facts_of_bars, facts_of_outliers
from backtests.report.sections.skill import section
from backtests.universe.volume_steps import volume_steps
from backtests.writing.atomic import write_text
from backtests.writing.numbers import count, listed, percent, points
from backtests.writing.tables import to_latex, to_markdown
from forecasters.walk_forward.folds import Fold

FILES = (
    "manifest.json", "metrics.csv", "ranking.md", "ranking.tex", "forecasts.parquet", "training.parquet",
)  # fmt: skip


def write_page(folder: Path, report: Report, manifest: Mapping[str, Any]) -> Path:
    """Write ``index.html``, ``figures/``, ``ranking.md`` and ``ranking.tex``; return the page's path."""
    outcome = report.outcome
    heading, cells = printed(report.rows, outcome.search.crossing.axes, outcome.search.s3)
    caption = f"{outcome.heading}: {_what(outcome)}, ranked by MAPE on the test rows, naive first"
    if report.honest and report.papers:
        caption += f"; chosen on validation: {report.honest.label}"
        caption += f"; lowest on the test, in-sample: {report.papers.label}"
    write_text(folder / "ranking.md", f"{caption}.\n\n{to_markdown(heading, cells)}")
    write_text(
        folder / "ranking.tex", to_latex(heading, cells, caption=caption, label="tab:ranking")
    )
    figures = draw_grid(folder / "figures", report)
    html = render(
        "grid.html",
        heading=f"Grid \u00b7 {outcome.heading}", simulated=outcome.bars.origin.simulated,
        span=_span(outcome), verdict=report.verdict, found=report.found, tiles=_tiles(report), facts=_facts(outcome),
        columns=[(name, MEANINGS.get(name, "")) for name in heading], rows=[*zip(report.rows, cells, strict=True)],
        s3=outcome.search.s3, selections=_selections(report), skill=section(report.skill), pooled=False,
        figures={"heat": "", "choice": "", "losses": "", "closes": "", **figures},
        key=manifest["key"], digest=manifest["digest"], bars=outcome.bars.digest, folds=len(outcome.naive.inside),
        config=rows_of(manifest, GridConfig),
        files=[name for name in FILES if (folder / name).exists() or name == "manifest.json"],
    )  # fmt: skip
    return write_text(folder / "index.html", html)


#: What a heading means, for the mouse and for screen readers.
MEANINGS = {
    "MAPE": "mean absolute percentage error of the forecast close on the test rows",
    "\u00f7 naive": "MAPE over that of naive; below 1 is a smaller error",
    "NRMSE": "RMSE over the mean close",
    "NRMSE, range": "RMSE over the range of closes",
    "RMSE": "in the currency of the prices",
    "r, levels": "Pearson's correlation of actual and forecast closes: high for naive too",
    "p of r": "significance of r as S3 prints it; the days are not independent, so it means nothing",
    "R2, returns": "1 less squared error over naive's, in log returns; naive is 0",
    "Validation MAPE": "MAPE of the rows kept aside from training, before the test",
    "Gain": "1 less mean absolute error of the log return over naive's; above 0 is better",
    "p better": "Diebold-Mariano, one-sided, adjusted by Holm over all forecasters here",
    "p worse": "the same for worse than naive",
    "S3 MAPE": "published by S3, of other data",
    "S3 NRMSE": "published by S3, of other data",
    "S3 r": "published by S3 for the best of each kind",
}


def _selections(report: Report) -> list[dict[str, Any]]:
    """Return the rows of both choices, p values as they are shown."""
    return [
        {**one, "p_better": p_text(one["p_better"]), "p_worse": p_text(one["p_worse"])}
        for one in describe_selections(report)
    ]


def _what(outcome: GridOutcome) -> str:
    """Return what was crossed, in words."""
    crossed = [entry for entry in outcome.models if entry.variant.crossed]
    bases = list(dict.fromkeys(entry.variant.base for entry in crossed))
    fields = " x ".join(f"{len(v)} {name}" for name, v in outcome.search.crossing.axes.items())
    return f"{count(len(crossed), 'combination')} of {listed(bases)} ({fields})"


def _span(outcome: GridOutcome) -> str:
    beside = [entry.label for entry in outcome.models if not entry.variant.crossed]
    what = _what(outcome) + (f", beside {listed(beside)}" if beside else "")
    first, last = (outcome.bars.sessions[at] for at in (0, -1))
    return f"{what}. Daily bars {first} to {last}."


def _facts(outcome: GridOutcome) -> list[tuple[str, str]]:
    outliers = [h.outliers for entry in outcome.models for h in entry.histories]
    return [
        *facts_of_bars([outcome.bars]),
        *facts_of_outliers(outliers),
        ("Rows", _rows(outcome)),
        ("Inputs", listed(list(dict.fromkeys(e.variant.features for e in outcome.models)))),
        ("Seeds", _seeds(outcome.search.seeds)),
        *(("Volumes", step.sentence(run="grid")) for step in volume_steps(outcome.bars)),
    ]


def _seeds(seeds: Sequence[int]) -> str:
    return f"{len(seeds)} ({', '.join(map(str, seeds))})"


def _rows(outcome: GridOutcome) -> str:
    """Return which sessions were fitted on, watched and forecast."""
    sessions = outcome.bars.sessions
    folds = outcome.search.walk_forward.split(sessions)

    def stretch(name: str, rows: range) -> str:
        share = percent(len(rows) / len(sessions), 0, sign=False)
        return (
            f"{name} {sessions[rows.start]} to {sessions[rows.stop - 1]} ({len(rows):,}, {share})"
        )

    def told(fold: Fold) -> str:
        parts = (("fit", fold.fit), ("validation", fold.validation), ("test", fold.test))
        return ", ".join(stretch(name, rows) for name, rows in parts if rows)

    if len(folds) == 1:
        return told(folds[0])
    return f"walk-forward, {len(folds)} folds; the first: {told(folds[0])}"


def _tiles(report: Report) -> list[dict[str, str]]:
    """Return the four figures that a reader looks for first."""
    models = len(report.rows) - 1
    tiles = [
        {"name": "MAPE of naive", "value": points(report.naive_mape), "note": "on the test rows"}
    ]
    for one, name, note in (
        (report.honest, "Chosen on validation", "judged once: {}"),
        (report.papers, "Lowest on the test", "in-sample: {}"),
    ):
        if one:
            mape = one.metrics["mape"]
            tiles.append({"name": name, "value": points(mape), "note": note.format(one.label)})
    below = below_naive(report.rows)
    tiles.append(
        {
            "name": "Below naive",
            "value": f"{below} of {models}",
            "note": "lower MAPE on the test rows",
        }
    )
    return tiles
