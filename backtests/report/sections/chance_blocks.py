"""The section on chance as it stands on a page: its columns, and the sentences around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backtests.report.blocks import Block, Section, Text
from backtests.report.table import Cell, Column, Table, signed
from backtests.writing.numbers import DASH

Row = Mapping[str, Any]
#: (forecaster, rule) to the `word` and the `sentence` of its verdict.
Words = Mapping[tuple[str | None, str | None], Mapping[str, str]]


def chance_section(chance: Mapping[str, Any] | None, words: Words) -> Section | None:
    """Return the section on chance; None without a result.

    Parameters
    ----------
    chance : mapping or None
        What `sections.chance.section` returns.
    words : mapping
        The verdicts; a result without one has the word of its row.
    """
    if chance is None:
        return None
    blocks: list[Block] = [Text(sentence) for sentence in chance["told"]]
    if chance["warning"]:
        blocks.append(Text(chance["warning"], key=True, note=True))
    rows: list[Row] = chance["rows"]
    if rows:
        note = (
            f"Intervals: the middle 95% of {chance['draws']:,} resamples of the daily returns, drawn in blocks "
            "(stationary bootstrap). The probabilities allow for the skewness and the tails of the returns. A rule "
            "that is mostly invested earns the market, so compare with buy and hold."
        )
        columns = [*COLUMNS, *([DEFLATED] if chance["deflated"] else []), _verdicts(words)]
        blocks += [Table(columns, rows, "chances", row_class=_row_class), Text(note, faint=True)]
    blocks += [Text(sentence, faint=True) for sentence in chance["idle"]]
    return Section("How much of it is chance", "chance", blocks)


def _row_class(row: Row) -> str:
    return "reference" if row["reference"] else "faint" if row["few"] else ""


def _verdicts(words: Words) -> Column[Row]:
    def cell(row: Row) -> Cell:
        verdict = words.get((row["forecaster"], row["strategy"]))
        return Cell(verdict["word"], title=verdict["sentence"]) if verdict else Cell(row["word"])

    return Column("Verdict" if words else "", cell, left=True)


COLUMNS: tuple[Column[Row], ...] = (
    Column(
        "Forecaster",
        lambda row: Cell(row["forecaster"] or DASH, "this rule needs no forecast"),
        name=True,
    ),
    Column("Rule", lambda row: row["strategy"], name=True),
    Column("Closed trades", lambda row: row["closed"], "purchases that were sold again"),
    Column("Sharpe", lambda row: row["sharpe"], "a year's, after costs, without a risk-free rate"),
    Column(
        "95% interval",
        lambda row: Cell(row["sharpe_interval"], row["why_sharpe"]),
        "the middle 95% of the resamples",
    ),
    Column("Net", lambda row: signed(row["total_return"]), "return after costs"),
    Column(
        "95% interval",
        lambda row: Cell(row["return_interval"], row["why_return"]),
        "the middle 95% of the resamples",
    ),
    Column(
        "Above 0",
        lambda row: Cell(row["psr"], row["why_sharpe"], row["needed"]),
        "probability that the true Sharpe ratio is above 0 (probabilistic Sharpe ratio)",
    ),
)
#: Where the ledger of trials is known.
DEFLATED = Column[Row](
    "Deflated",
    lambda row: Cell(row["dsr"], row["why_deflated"]),
    "probability that the true Sharpe ratio is above the one expected of the best of all trials without skill "
    "(deflated Sharpe ratio)",
)
