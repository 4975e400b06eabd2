"""The section on skill: each forecaster against naive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backtests.judging.skill import LEVEL, NAIVE, Judged, Skill
from backtests.report.blocks import Section, Text
from backtests.report.table import Cell, Column, Table
from backtests.statistics.confidence_set import ConfidenceSet
from backtests.statistics.superior import Superior
from backtests.writing.numbers import DASH, between, count, listed, p_text, percent


def values_of(skill: Skill) -> dict[str, Any] | None:
    """Return the rows and the sentences of the section; None without a forecaster that can be judged."""
    if not skill.judged:
        return None
    return {
        "n": skill.n,
        "rows": [_row(judged) for judged in skill.judged],
        "sentences": sentences(skill),
        "many": len(skill.judged) > 1,
    }


def sentences(skill: Skill) -> list[str]:
    """Return what the forecasters show together: the best against naive, and the confidence set."""
    return [*_superior(skill.superior, len(skill.judged)), *_kept(skill.kept)]


def _row(judged: Judged) -> dict[str, Any]:
    absolute, folds = judged.absolute, judged.folds
    return {
        "name": judged.forecaster,
        "gain": absolute.gain,
        "interval": between(absolute.low, absolute.high, percent),
        "why": absolute.why,
        "detectable": absolute.detectable,
        "squared": judged.squared.gain,
        "better": p_text(absolute.p_better),
        "better_adjusted": p_text(judged.p_better),
        "worse": p_text(absolute.p_worse),
        "worse_adjusted": p_text(judged.p_worse),
        "is_better": judged.p_better is not None and judged.p_better < LEVEL,
        "is_worse": judged.p_worse is not None and judged.p_worse < LEVEL,
        "content": p_text(judged.clark_west.p),
        "content_adjusted": p_text(judged.p_clark_west),
        "content_why": judged.clark_west.why,
        "folds": DASH if folds.statistic is None else f"{folds.statistic:.0f} of {folds.n}",
        "folds_p": p_text(folds.p),
        "folds_why": folds.why,
        "direction": p_text(judged.direction.p),
        "direction_why": judged.direction.why,
    }


def _superior(superior: Superior | None, judged: int) -> list[str]:
    if superior is None or superior.variants == 1:
        return []
    if superior.p is None:
        return [f"The best of them was not tested against naive: {superior.why}."]
    if superior.p_lower == 1.0:
        return [f"None of {judged} forecasters has a smaller mean error than naive."]
    among = f"all {judged} forecasters"
    if superior.variants < judged:
        among = f"the {superior.variants} forecasters that differ from naive"
    figures = (
        f"p {p_text(superior.p)}, between {p_text(superior.p_lower)} and {p_text(superior.p_upper)}, test of "
        f"superior predictive ability, {superior.draws:,} draws of blocks of {count(superior.block, 'session')}"
    )
    if superior.p < LEVEL:
        return [
            f"A test over {among} speaks for the best of them ({figures}). The verdict asks more: it tests each "
            "forecaster, adjusts for their number, and asks for most of the folds."
        ]
    return [f"A test over {among} does not speak for the best of them ({figures})."]


def _kept(kept: ConfidenceSet | None) -> list[str]:
    if kept is None:
        return []
    if not kept.kept:
        return [f"No model confidence set: {kept.why}."]
    models, level = len(kept.p), percent(1 - kept.size, 0, sign=False)
    if kept.no_power:
        return [
            f"The model confidence set at {level} keeps all {models}, naive among them: no power. On these sessions "
            "none can be distinguished from the best, so the set speaks for none of them."
        ]
    if kept.kept == (NAIVE,):
        return [
            f"The model confidence set at {level} keeps only naive of {models}: at {percent(kept.size, 0, sign=False)} "
            "this test drops each of the others."
        ]
    naive = "naive among them" if NAIVE in kept.kept else "and naive is not among them"
    which = f": {listed(list(kept.kept))}" if len(kept.kept) <= 6 else ""
    return [
        f"The model confidence set at {level} keeps {len(kept.kept)} of {models}, {naive}{which}."
    ]


Row = Mapping[str, Any]
#: (forecaster, None) to the `word` and the `sentence` of its verdict.
Words = Mapping[tuple[str | None, str | None], Mapping[str, str]]
ONE_SIDED = "Diebold-Mariano, one-sided"


def section(skill: Skill, words: Words | None = None, *, pooled: bool = False) -> Section | None:
    """Return the section on skill; None without a forecaster that can be judged.

    Parameters
    ----------
    words : mapping, optional
        The verdicts, which then have a column.
    pooled : bool
        The account is a universe's: a session's error is the mean over its tickers.
    """
    values = values_of(skill)
    if values is None:
        return None
    many: bool = values["many"]
    columns = [column for column in COLUMNS if many or column.heading != "adj."]
    if words:
        columns.append(_verdicts(words))
    rows: list[Row] = values["rows"]
    table = Table(
        columns, rows, "skill-table", row_class=lambda row: "worse" if row["is_worse"] else ""
    )
    over = ", of each session the mean over the tickers" if pooled else ""
    note = (
        f"Over the {values['n']:,} sessions that all of them are judged on, by the error of the log return{over}. A p "
        "value is how often forecasts without the skill in question would look as good (or, for worse, as bad); marked "
        "rows are worse than naive after the correction. Gain is of errors, not of money. Folds and direction are not "
        "adjusted for how many forecasters were looked at. Every model can also forecast no change, so one that found "
        "nothing loses by what it estimated: \u201cbetter\u201d is then said less often than in 5%. Clark-West gives "
        "that loss back and asks only whether anything predictive is in it; content is not accuracy."
    )
    sentences = [Text(sentence) for sentence in values["sentences"]]
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
