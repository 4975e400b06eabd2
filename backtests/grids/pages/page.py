"""The page of a grid, and its ranking as Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backtests.command.values import rows_of
from backtests.grids.config import GridConfig
from backtests.grids.pages.figures import draw_grid
from backtests.grids.pages.sections import (
    chart_sections,
    choices_section,
    ranking_section,
    tests_section,
)
from backtests.grids.results.outcome import Outcome
from backtests.grids.results.ranking import below_naive, printed
from backtests.grids.results.report import Report, describe_selections
from backtests.judging.skill import p_text
from backtests.report.blocks import Page, Part, Section, Tile
from backtests.report.rendering import breakable, render
from backtests.report.sections.facts import facts_of_bars, facts_of_outliers
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
    page = Page(
        heading=f"Grid \u00b7 {outcome.heading}",
        simulated=outcome.bars.origin.simulated,
        span=_span(outcome),
        verdict=[breakable(sentence) for sentence in report.verdict],
        found=[breakable(sentence) for sentence in report.found],
        tiles=_tiles(report),
        facts=_facts(outcome),
        sections=[
            choices_section(report, _selections(report), figures),
            ranking_section(report, heading, cells),
            *chart_sections(report, figures),
            *tests_section(report),
            _files(folder, outcome, manifest),
        ],
    )
    return write_text(folder / "index.html", render("page.html", page=page))


def _files(folder: Path, outcome: Outcome, manifest: Mapping[str, Any]) -> Section:
    names = [name for name in FILES if (folder / name).exists() or name == "manifest.json"]
    value = {
        "key": manifest["key"],
        "digest": manifest["digest"],
        "digests": [(outcome.bars.ticker, outcome.bars.digest)],
        "pooled": False,
        "config": rows_of(manifest, GridConfig),
        "files": [(name, name) for name in names],
    }
    return Section("Run", "files", [Part("files.html", value)])


def _selections(report: Report) -> list[dict[str, Any]]:
    """Return the rows of both choices, p values as they are shown."""
    return [
        {**row, "p_better": p_text(row["p_better"]), "p_worse": p_text(row["p_worse"])}
        for row in describe_selections(report)
    ]


def _what(outcome: Outcome) -> str:
    """Return what was crossed, in words."""
    crossed = [entry for entry in outcome.models if entry.variant.crossed]
    bases = list(dict.fromkeys(entry.variant.base for entry in crossed))
    fields = " x ".join(f"{len(v)} {name}" for name, v in outcome.search.crossing.axes.items())
    return f"{count(len(crossed), 'combination')} of {listed(bases)} ({fields})"


def _span(outcome: Outcome) -> str:
    beside = [entry.label for entry in outcome.models if not entry.variant.crossed]
    what = _what(outcome) + (f", beside {listed(beside)}" if beside else "")
    first, last = (outcome.bars.sessions[at] for at in (0, -1))
    return f"{what}. Daily bars {first} to {last}."


def _facts(outcome: Outcome) -> list[tuple[str, str]]:
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


def _rows(outcome: Outcome) -> str:
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


def _tiles(report: Report) -> list[Tile]:
    """Return the four figures that a reader looks for first."""
    tiles = [Tile("MAPE of naive", points(report.naive_mape), "on the test rows")]
    for choice, name, note in (
        (report.honest, "Chosen on validation", "judged once: {}"),
        (report.papers, "Lowest on the test", "in-sample: {}"),
    ):
        if choice:
            error = points(choice.metrics["mape"])
            tiles.append(Tile(name, error, breakable(note.format(choice.label))))
    below = f"{below_naive(report.rows)} of {len(report.rows) - 1}"
    return [*tiles, Tile("Below naive", below, "lower MAPE on the test rows")]
