"""The verdict that counts everything that was looked at, beside the verdict of the page alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backtests.judging.judgement import Judgement
from backtests.judging.overall import Looked, Overall
from backtests.judging.verdict import ForecastVerdict, RuleVerdict
from backtests.report.blocks import Block, Section, Text
from backtests.report.sections.verdict import headline as headline_of
from backtests.report.sections.verdict import words_of
from backtests.report.table import Cell, Column, Table
from backtests.writing.numbers import DASH, count, number, p_text

LEAD = (
    "Whoever looks often finds something by luck. So each p value is adjusted for everything that was looked "
    "at on the same prices, in this run and in all runs and grids before it: other forecasters, rules, "
    "thresholds, exits, seeds and windows. Prices are compared by their returns, whatever the ticker is called. "
    "Looks that are nearly the same count little more than once."
)
NOTE = (
    "With n the number of independent looks that everything is worth, and m that of the looks of this page, p "
    "becomes 1 \u2212 (1 \u2212 p)^(n\u00b2 / m). Trials whose daily series is not known are added to the exponent. "
    "Where nothing can be found, all pages that are ever made on these prices together then show a word in "
    "at most about 8% of the cases, and one page by itself in at most 5%. These figures depend on the ledger and enter "
    "neither key nor digest of the run."
)


@dataclass(frozen=True)
class _Row:
    alone: ForecastVerdict | RuleVerdict
    overall: ForecastVerdict | RuleVerdict


def headline(overall: Overall, judgement: Judgement, trials: int) -> list[str]:
    """Return the verdict that counts everything; where anything was looked at before, also that of the page.

    Parameters
    ----------
    trials : int
        Trials of the ledger on these prices.
    """
    alone = headline_of(judgement.forecasts, judgement.rules)
    if overall.alone:
        return alone
    return [
        *headline_of(overall.forecasts, overall.rules),
        f"That counts {count(trials, 'trial')} on these prices ({looked_sentence(overall)}).",
        *(f"This page alone: {sentence}" for sentence in alone),
    ]


def looked_sentence(overall: Overall) -> str:
    """Return how much was looked at, of forecasters and of rules, in one phrase."""
    both = (("forecasters", overall.forecasters), ("rules", overall.timing))
    parts = [f"{name}: {_looks(looked)}" for name, looked in both if looked.own]
    return "; ".join(parts) if parts else "nothing on this page is tested"


def _looks(looked: Looked) -> str:
    looks = count(looked.own + looked.earlier, "look")
    said = f"{looks}, worth {number(looked.everything, 1)} independent ones"
    if looked.without_series:
        said += f", and {count(looked.without_series, 'earlier trial')} without a daily series"
    return said


def section(judgement: Judgement, overall: Overall | None) -> Section | None:
    """Return both verdicts side by side; None where nothing was looked at before."""
    if overall is None or overall.alone or not overall.verdicts:
        return None
    rows = [_Row(*pair) for pair in zip(judgement.verdicts, overall.verdicts, strict=True)]
    said = looked_sentence(overall)
    blocks: list[Block] = [
        Text(LEAD),
        Text(f"{said[:1].upper()}{said[1:]}."),
        Table(COLUMNS, rows, "overall-table"),
        Text(NOTE, faint=True),
    ]
    return Section("Everything that was looked at", "overall", blocks)


def _p(verdict: ForecastVerdict | RuleVerdict) -> str:
    if isinstance(verdict, RuleVerdict):
        return p_text(verdict.p)
    return p_text(verdict.judged.p_better)


def _own_p(verdict: ForecastVerdict | RuleVerdict) -> str:
    if isinstance(verdict, RuleVerdict):
        return p_text(verdict.timed.p if verdict.timed else None)
    return p_text(verdict.judged.absolute.p_better)


COLUMNS: Sequence[Column[_Row]] = (
    Column("Forecaster", lambda row: Cell(row.alone.forecaster or DASH), name=True),
    Column("Rule", lambda row: row.alone.strategy or DASH, name=True),
    Column("p", lambda row: _own_p(row.alone), "of \u201cbetter\u201d or of the timing, by itself"),
    Column("p of this page", lambda row: _p(row.alone), "adjusted for the others of this page"),
    Column(
        "p of everything", lambda row: _p(row.overall), "adjusted for everything that was looked at"
    ),
    Column("This page alone", lambda row: row.alone.word, left=True),
    Column("Everything counted", lambda row: row.overall.word, left=True),
)

Words = Mapping[tuple[str | None, str | None], Mapping[str, str]]


def words(judgement: Judgement, overall: Overall | None) -> Words:
    """Return word and sentence of each verdict that counts everything; that of the page stands behind it."""
    alone = words_of(judgement.verdicts)
    if overall is None or overall.alone:
        return alone
    return {
        key: {**said, "sentence": f"{said['sentence']} This page alone: {alone[key]['word']}."}
        for key, said in words_of(overall.verdicts).items()
    }
