"""The section on skill as it stands on a page: its columns, and the remark below them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backtests.report.blocks import Section, Text
from backtests.report.table import Cell, Column, Table
from backtests.writing.numbers import percent

Row = Mapping[str, Any]
#: (forecaster, None) to the `word` and the `sentence` of its verdict.
Words = Mapping[tuple[str | None, str | None], Mapping[str, str]]
ONE_SIDED = "Diebold-Mariano, one-sided"


def skill_section(
    skill: Mapping[str, Any] | None, words: Words | None = None, *, pooled: bool = False
) -> Section | None:
    """Return the section on skill; None without a forecaster that can be judged.

    Parameters
    ----------
    skill : mapping or None
        What `sections.skill.section` returns.
    words : mapping, optional
        The verdicts, which then have a column.
    pooled : bool
        The account is a universe's: a session's error is the mean over its tickers.
    """
    if skill is None:
        return None
    many: bool = skill["many"]
    columns = [column for column in COLUMNS if many or column.heading != "adj."]
    if words:
        columns.append(_verdicts(words))
    rows: list[Row] = skill["rows"]
    table = Table(
        columns, rows, "skill-table", row_class=lambda row: "worse" if row["is_worse"] else ""
    )
    over = ", of each session the mean over the tickers" if pooled else ""
    note = (
        f"Over the {skill['n']:,} sessions that all of them are judged on, by the error of the log return{over}. A p "
        "value is how often forecasts without the skill in question would look as good (or, for worse, as bad); marked "
        "rows are worse than naive after the correction. Gain is of errors, not of money. Folds and direction are not "
        "adjusted for how many forecasters were looked at. Every model can also forecast no change, so one that found "
        "nothing loses by what it estimated: \u201cbetter\u201d is then said less often than in 5%. Clark-West gives "
        "that loss back and asks only whether anything predictive is in it; content is not accuracy."
    )
    sentences = [Text(sentence) for sentence in skill["told"]]
    return Section("Skill against naive", "skill", (table, *sentences, Text(note, faint=True)))


def _verdicts(words: Words) -> Column[Row]:
    def cell(row: Row) -> Cell:
        verdict = words[row["name"], None]
        return Cell(verdict["word"], title=verdict["sentence"])

    return Column("Verdict", cell, left=True, classes="wrap")


def _column(heading: str, key: str, title: str, why: str = "why") -> Column[Row]:
    """Return the column of a text that the row has under `key`, its reason for a dash under `why`."""
    return Column(heading, lambda row: Cell(row[key], row[why]), title)


def _adjusted(key: str, why: str = "why") -> Column[Row]:
    return _column("adj.", key, "by Holm, for all forecasters of this page", why)


#: Those headed adj. are shown where there is more than one forecaster.
COLUMNS: tuple[Column[Row], ...] = (
    Column("Forecaster", lambda row: row["name"], name=True),
    Column(
        "Gain",
        lambda row: Cell(
            percent(row["gain"]), row["why"], classes="up" if row["is_better"] else ""
        ),
        "1 less its mean absolute error of the log return over naive's; above 0 is a smaller error",
        classes="mape",
    ),
    _column("90% interval", "interval", "its ends are the two one-sided 5% tests"),
    Column(
        "Could show",
        lambda row: Cell(percent(row["detectable"], 1, sign=False), row["why"]),
        "the smallest true gain that so many sessions show in 80% of samples",
    ),
    Column(
        "Gain, squared",
        lambda row: Cell(percent(row["squared"]), "naive never errs"),
        "the same by squared errors",
    ),
    _column("p better", "better", ONE_SIDED),
    _adjusted("better_adjusted"),
    _column("p worse", "worse", ONE_SIDED),
    _adjusted("worse_adjusted"),
    _column(
        "Clark-West",
        "content",
        "p of the test for any predictive content, one-sided",
        "content_why",
    ),
    _adjusted("content_adjusted", "content_why"),
    _column(
        "Folds",
        "folds",
        "folds won: those with a smaller mean absolute error than naive, of those that differ",
        "folds_why",
    ),
    _column("p", "folds_p", "sign test over folds, one-sided", "folds_why"),
    _column(
        "p direction",
        "direction",
        "p of the Pesaran-Timmermann test, one-sided, not adjusted",
        "direction_why",
    ),
)
