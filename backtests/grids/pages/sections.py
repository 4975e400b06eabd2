"""The sections of the page of a grid: the two choices, the ranking, the charts, the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backtests.grids.pages.ranking_table import meaning_of
from backtests.grids.results.judged_grid import JudgedGrid
from backtests.report.blocks import Block, Figure, Part, Section, Text
from backtests.report.sections.skill import section
from backtests.report.table import Cell, Column, Table
from backtests.writing.numbers import DASH, percent, points

Row = Mapping[str, Any]
#: The row of a forecaster, and its cells as they are printed.
Ranked = tuple[Row, Sequence[str]]


def choices_section(
    grid: JudgedGrid, selections: Sequence[Row], figures: Mapping[str, str]
) -> Section:
    """Return the choice by the validation rows beside that by the test rows."""
    once = len(grid.outcome.naive.inside) == 1
    first = (
        "saw the rows before the test only"
        if once
        else ("is made anew for each fold, by the rows before its test")
    )
    note = (
        f"The first choice {first}. The second is how S3 chooses: by the lowest error on the rows that it then "
        "reports."
    )
    blocks: list[Block] = [
        Table(SELECTIONS, selections, "selections", row_class=_selection_class),
        Text(note, faint=True),
    ]
    blocks += [Figure(figures["choice"])] if figures.get("choice") else []
    return Section("Two choices", "choices", blocks)


def _selection_class(row: Row) -> str:
    known = row["mape"] is not None and row["mape_naive"] is not None
    return "worse" if known and row["mape"] > row["mape_naive"] else ""


def _tested(text: Callable[[Row], str]) -> Callable[[Row], Cell]:
    """Return the cell of a figure that only a choice made before the test can have."""

    def cell(row: Row) -> Cell:
        why = "too few days for a test"
        if row["in_sample"]:
            why = "picked after the test was seen: a test of it would mean nothing"
        return Cell(text(row), why)

    return cell


SELECTIONS: tuple[Column[Row], ...] = (
    Column(
        "Chosen by",
        lambda row: (
            Cell("test rows", mark="IN-SAMPLE") if row["in_sample"] else Cell("validation rows")
        ),
        name=True,
    ),
    Column("Forecaster", lambda row: row["forecaster"], name=True),
    Column(
        "Place",
        lambda row: Cell(str(row["place"] or DASH), "the folds chose different ones"),
        "among all but naive, by test MAPE",
    ),
    Column("Test MAPE", lambda row: points(row["mape"]), classes="mape"),
    Column("Naive", lambda row: points(row["mape_naive"])),
    Column(
        "Gain",
        _tested(lambda row: percent(row["gain"])),
        "1 less mean absolute error of the log return over naive's",
    ),
    Column(
        "p better",
        _tested(lambda row: row["p_better"]),
        "Diebold-Mariano, one-sided; one test, so nothing to adjust",
    ),
    Column("p worse", _tested(lambda row: row["p_worse"])),
)


def ranking_section(
    grid: JudgedGrid, heading: Sequence[str], cells: Sequence[Sequence[str]]
) -> Section:
    """Return the table of all forecasters of the grid."""
    naive = grid.rows[0]

    def row_class(ranked: Ranked) -> str:
        row = ranked[0]
        ratio = row["mape_over_naive"]
        worse = row["mape"] is not None and ratio is not None and ratio > 1
        return ("reference" if row is naive else "") + ("worse" if worse else "")

    note = (
        "A larger MAPE than naive on the same days. All are judged on the same test rows, by fits on all rows before "
        "the test; the forecast that is judged is the mean over the seeds. p better and p worse are adjusted by Holm "
        "over every forecaster of this page."
    )
    if grid.outcome.refitted:
        note += " Validation MAPE is that of the first fits, on the fit rows alone."
    if grid.outcome.search.s3:
        note += " The columns of S3 are what it published, of other data."
    table = Table(
        [_ranked_column(name, at) for at, name in enumerate(heading)],
        [*zip(grid.rows, cells, strict=True)],
        "ranked",
        tall=True,
        row_class=row_class,
    )
    return Section("Ranking", "ranking", [table, Text(note, faint=True, key=True)])


def _ranked_column(heading: str, at: int) -> Column[Ranked]:
    """Return the column of the cells at this place; the first names the forecaster."""

    def cell(ranked: Ranked) -> Cell:
        row, texts = ranked
        return Cell(texts[at], title="" if at else str(row["forecaster"]))

    meaning = meaning_of(heading)
    classes = "mape" if heading == "MAPE" else ""
    return Column(heading, cell, meaning, name=not at, classes=classes, long=True)


def chart_sections(grid: JudgedGrid, figures: Mapping[str, str]) -> list[Section]:
    """Return a section for each chart that was drawn."""
    several = len(grid.outcome.naive.inside) > 1
    first = "; of the rows before the test those of the first fold are shown" if several else ""
    sections: list[Section] = []
    if figures.get("heat"):
        note = "MAPE on the test rows over naive's: 1 is naive. Forecasters beside the grid are not in it."
        blocks: list[Block] = [Figure(figures["heat"]), Text(note, faint=True)]
        sections.append(Section("Where the error lies", "heat", blocks))
    if figures.get("losses"):
        note = (
            "Of both choices; each fit of a fold and a seed faint, their mean strong. Every number is in "
            "training.parquet. Source: S3, figure 7."
        )
        if grid.outcome.refitted:
            note = f"Of the first fits, which have validation rows; the second are in refits.parquet. {note}"
        blocks = [Text(note, faint=True), Figure(figures["losses"])]
        sections.append(Section("Training loss by epoch", "losses", blocks))
    if figures.get("closes"):
        note = (
            "Each forecast is made from the true closes before it, so that red that follows blue a day late is naive's "
            f"picture too. Rows of the fit were trained on{first}. Source: S3, figure 8."
        )
        if grid.outcome.refitted:
            note += " Before the test the first fit forecasts, which saw no validation row; on the test the second."
        blocks = [Text(note, faint=True), Figure(figures["closes"])]
        sections.append(Section("Actual and predicted close", "closes", blocks))
    return sections


def tests_section(grid: JudgedGrid) -> list[Section]:
    """Return every test against naive, folded away."""
    tests = section(grid.skill)
    return [Section("", "", [Part("tests.html", tests)])] if tests else []
