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
from backtests.grids.pages.ranking_table import Table, ranking_table
from backtests.grids.pages.sections import (
    chart_sections,
    choices_section,
    ranking_section,
    tests_section,
)
from backtests.grids.pages.sentences import finding_sentences
from backtests.grids.results.judged_grid import JudgedGrid
from backtests.report.blocks import Page, Part, Section, Tile
from backtests.report.rendering import breakable, render
from backtests.writing.atomic import write_text
from backtests.writing.marks import marked
from backtests.writing.numbers import p_text, points
from backtests.writing.tables import to_latex, to_markdown

#: The files that the page links, where they exist.
FILES = (
    "manifest.json", "metrics.csv", "ranking.md", "ranking.tex", "forecasts.parquet", "training.parquet",
    "refits.parquet",
)  # fmt: skip


def write_page(folder: Path, grid: JudgedGrid, manifest: Mapping[str, Any]) -> Path:
    """Write ``index.html``, ``figures/``, ``ranking.md`` and ``ranking.tex``; return the page's path."""
    search = grid.outcome.search
    headings, cells = ranking_table(grid.rows, search.crossing.axes, search.s3)
    _write_ranking(folder, grid, (headings, cells))
    figures = draw_grid(folder / "figures", grid)
    page = Page(
        heading=f"Grid \u00b7 {_heading(grid)}",
        simulated=grid.outcome.bars.origin.simulated,
        as_is=bool(grid.outcome.bars.origin.as_is),
        span=span_of(grid.outcome),
        verdict=[breakable(sentence) for sentence in manifest["verdict"]],
        found=[breakable(sentence) for sentence in finding_sentences(grid)],
        tiles=_tiles(grid),
        facts=facts_of(grid.outcome),
        sections=[
            choices_section(grid, _selections(grid), figures),
            ranking_section(grid, headings, cells),
            *chart_sections(grid, figures),
            *tests_section(grid),
            _files(folder, grid, manifest),
        ],
    )
    return write_text(folder / "index.html", render("page.html", page=page))


def _heading(grid: JudgedGrid) -> str:
    bars = grid.outcome.bars
    return marked(bars.ticker, bars.origin.simulated, bool(bars.origin.as_is))


def _write_ranking(folder: Path, grid: JudgedGrid, table: Table) -> None:
    headings, cells = table
    caption = f"{_heading(grid)}: {crossed_words(grid.outcome)}, ranked by MAPE on the test rows, naive first"
    if grid.by_validation and grid.by_test:
        caption += f"; chosen on validation: {label_of(grid.by_validation)}"
        caption += f"; lowest on the test, in-sample: {label_of(grid.by_test)}"
    write_text(folder / "ranking.md", f"{caption}.\n\n{to_markdown(headings, cells)}")
    latex = to_latex(headings, cells, caption=caption, label="tab:ranking")
    write_text(folder / "ranking.tex", latex)


def _files(folder: Path, grid: JudgedGrid, manifest: Mapping[str, Any]) -> Section:
    """Return the last section: what the grid was made of, and its files."""
    names = [name for name in FILES if name == "manifest.json" or (folder / name).exists()]
    value = {
        "key": manifest["key"],
        "digest": manifest["digest"],
        "digests": [(grid.outcome.bars.ticker, grid.outcome.bars.digest)],
        "pooled": False,
        "config": rows_of(manifest, GridConfig),
        "files": [(name, name) for name in names],
    }
    return Section("Run", "files", [Part("files.html", value)])


def _selections(grid: JudgedGrid) -> list[dict[str, Any]]:
    """Return the rows of both choices, p values as they are shown."""
    return [
        {**row, "p_better": p_text(row["p_better"]), "p_worse": p_text(row["p_worse"])}
        for row in describe_selections(grid)
    ]


def _tiles(grid: JudgedGrid) -> list[Tile]:
    """Return the four figures that a reader looks for first."""
    tiles = [Tile("MAPE of naive", points(grid.naive_mape), "on the test rows")]
    for selection, name, note in (
        (grid.by_validation, "Chosen on validation", "judged once"),
        (grid.by_test, "Lowest on the test", "in-sample"),
    ):
        if selection:
            mape = points(selection.metrics["mape"])
            tiles.append(Tile(name, mape, breakable(f"{note}: {label_of(selection)}")))
    below = f"{grid.below_naive} of {grid.models}"
    return [*tiles, Tile("Below naive", below, "lower MAPE on the test rows")]
