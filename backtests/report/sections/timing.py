"""The section on timing: each result beside the same exposure held evenly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backtests.judging.timing import Timed
from backtests.report.blocks import Section, Text
from backtests.report.table import Cell, Column, Table, signed
from backtests.writing.numbers import DASH, p_text, percent

#: (forecaster, rule) to the `word` and the `sentence` of its verdict.
Words = Mapping[tuple[str | None, str | None], Mapping[str, str]]

LEAD = (
    "A rule that is mostly invested earns what the market earns. Here each account stands beside a reference that "
    "held the same stocks for the same total time, but evenly: each day the mean exposure so far, corrected so that "
    "both end with the same total. The reference knows no forecast and pays no costs."
)
NOTE = (
    "A year’s gain is the mean daily difference times the sessions of a year, not compounded. The p values are "
    "one-sided and of each result alone; the verdict adjusts them for all results with enough closed trades. Costs "
    "only lower the gain, so after costs a rule without timing is called timed in about 5% of the cases at most."
)


def section(timing: Sequence[Timed], words: Words) -> Section | None:
    """Return the section; None where nothing bought.

    Parameters
    ----------
    words : mapping
        The verdicts.
    """
    if not timing:
        return None
    table = Table([*COLUMNS, _verdicts(words)], timing, "timing-table")
    return Section("Timing, or the market", "timing", [Text(LEAD), table, Text(NOTE, faint=True)])


def _verdicts(words: Words) -> Column[Timed]:
    def cell(timed: Timed) -> Cell:
        verdict = words[timed.forecaster, timed.strategy]
        return Cell(verdict["word"], title=verdict["sentence"])

    return Column("Verdict", cell, left=True)


COLUMNS: tuple[Column[Timed], ...] = (
    Column(
        "Forecaster",
        lambda timed: Cell(timed.forecaster or DASH, "this rule needs no forecast"),
        name=True,
    ),
    Column("Rule", lambda timed: timed.strategy, name=True),
    Column("Closed trades", lambda timed: f"{timed.closed:,}", "purchases that were sold again"),
    Column(
        "Exposure",
        lambda timed: percent(timed.exposure, 0, sign=False),
        "mean share of the equity in stocks, of the account and of its reference",
    ),
    Column(
        "Before costs",
        lambda timed: signed(timed.gain_before),
        "a year’s gain from timing before costs",
    ),
    Column(
        "p before", lambda timed: Cell(p_text(timed.p_before), timed.why), "before costs, one-sided"
    ),
    Column(
        "After costs",
        lambda timed: signed(timed.gain),
        "a year’s gain from timing after costs",
    ),
    Column("p after", lambda timed: Cell(p_text(timed.p), timed.why), "after costs, one-sided"),
    Column(
        "Could be shown",
        lambda timed: Cell(percent(timed.detectable), timed.why),
        "the smallest true gain a year, after costs, that such days show in 80% of the cases",
    ),
)
