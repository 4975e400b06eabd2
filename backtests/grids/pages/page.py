"""The page of a grid, and its ranking as Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backtests.command.values import rows_of
from backtests.grids.config import GridConfig
from backtests.grids.pages.choices import describe_selections, label_of
from backtests.grids.pages.facts import crossed_words, facts_of, span_of
from backtests.grids.pages.figures import draw_grid
from backtests.grids.pages.ranking_table import Table, meaning_of, ranking_table
from backtests.grids.pages.sentences import finding_sentences, verdict_sentences
from backtests.grids.results.judged_grid import JudgedGrid
from backtests.report.rendering import render
from backtests.report.sections.skill import section
from backtests.writing.atomic import write_text
from backtests.writing.numbers import p_text, points
from backtests.writing.tables import to_latex, to_markdown

#: The files that the page links, where they exist.
FILES = (
    "manifest.json", "metrics.csv", "ranking.md", "ranking.tex", "forecasts.parquet", "training.parquet",
)  # fmt: skip
#: The charts of the page; the template asks for each of them.
FIGURES = ("heat", "choice", "losses", "closes")


def write_page(folder: Path, grid: JudgedGrid, manifest: Mapping[str, Any]) -> Path:
    """Write ``index.html``, ``figures/``, ``ranking.md`` and ``ranking.tex``; return the page's path."""
    search = grid.outcome.search
    table = ranking_table(grid.rows, search.crossing.axes, search.s3)
    _write_ranking(folder, grid, table)
    figures = draw_grid(folder / "figures", grid)
    html = render(
        "grid.html",
        **_head(grid),
        **_choices(grid),
        **_ranking(grid, table),
        **_tests(grid),
        **_made_of(folder, grid, manifest),
        figures={name: figures.get(name, "") for name in FIGURES},
    )
    return write_text(folder / "index.html", html)


def _heading(grid: JudgedGrid) -> str:
    bars = grid.outcome.bars
    return f"SIMULATED \u00b7 {bars.ticker}" if bars.origin.simulated else bars.ticker


def _write_ranking(folder: Path, grid: JudgedGrid, table: Table) -> None:
    headings, cells = table
    caption = f"{_heading(grid)}: {crossed_words(grid.outcome)}, ranked by MAPE on the test rows, naive first"
    if grid.by_validation and grid.by_test:
        caption += f"; chosen on validation: {label_of(grid.by_validation)}"
        caption += f"; lowest on the test, in-sample: {label_of(grid.by_test)}"
    write_text(folder / "ranking.md", f"{caption}.\n\n{to_markdown(headings, cells)}")
    latex = to_latex(headings, cells, caption=caption, label="tab:ranking")
    write_text(folder / "ranking.tex", latex)


def _head(grid: JudgedGrid) -> dict[str, Any]:
    """Return what stands above the first section."""
    return {
        "heading": f"Grid \u00b7 {_heading(grid)}",
        "simulated": grid.outcome.bars.origin.simulated,
        "span": span_of(grid.outcome),
        "verdict": verdict_sentences(grid),
        "found": finding_sentences(grid),
        "tiles": _tiles(grid),
        "facts": facts_of(grid.outcome),
    }


def _choices(grid: JudgedGrid) -> dict[str, Any]:
    """Return the section on both choices, p values as they are shown."""
    return {
        "selections": [
            {**row, "p_better": p_text(row["p_better"]), "p_worse": p_text(row["p_worse"])}
            for row in describe_selections(grid)
        ],
        "folds": len(grid.outcome.naive.inside),
    }


def _ranking(grid: JudgedGrid, table: Table) -> dict[str, Any]:
    """Return the section with the ranked table: each row as numbers and as cells."""
    headings, cells = table
    return {
        "columns": [(heading, meaning_of(heading)) for heading in headings],
        "rows": [*zip(grid.rows, cells, strict=True)],
        "s3": grid.outcome.search.s3,
    }


def _tests(grid: JudgedGrid) -> dict[str, Any]:
    """Return the section with every test against naive."""
    return {"skill": section(grid.skill), "pooled": False}


def _made_of(folder: Path, grid: JudgedGrid, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the last section: what the grid was made of, and its files."""
    return {
        "key": manifest["key"],
        "digest": manifest["digest"],
        "bars": grid.outcome.bars.digest,
        "config": rows_of(manifest, GridConfig),
        "files": [name for name in FILES if name == "manifest.json" or (folder / name).exists()],
    }


def _tiles(grid: JudgedGrid) -> list[dict[str, str]]:
    """Return the four figures that a reader looks for first."""
    tiles = [
        {"name": "MAPE of naive", "value": points(grid.naive_mape), "note": "on the test rows"}
    ]
    for selection, name, note in (
        (grid.by_validation, "Chosen on validation", "judged once"),
        (grid.by_test, "Lowest on the test", "in-sample"),
    ):
        if selection:
            mape = points(selection.metrics["mape"])
            tiles.append({"name": name, "value": mape, "note": f"{note}: {label_of(selection)}"})
    below = f"{grid.below_naive} of {grid.models}"
    tiles.append({"name": "Below naive", "value": below, "note": "lower MAPE on the test rows"})
    return tiles
