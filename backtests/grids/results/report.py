"""What a grid found, worked out once: the ranked rows, the choices, the sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from backtests.grids.crossing import NAIVE
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.ranking import Row, below_naive, rank
from backtests.grids.results.selection import (
    Selection,
    rank_correlation,
    select_on_test,
    select_on_validation,
)
from backtests.grids.s3 import S3_DATA, S3_TRAINING
from backtests.judging.skill import Judged, Skill, judge_forecasts, p_text
from backtests.judging.verdict import CANNOT_SAY, SAME, WORSE, forecast_verdict, headline
from backtests.report.sections.skill import section
from backtests.writing.numbers import count, number, points


@dataclass(frozen=True, eq=False)
class Report:
    """What tables, page and manifest are made of.

    Attributes
    ----------
    skill : Skill
        Every forecaster against naive, corrected for their number.
    honest, papers : Selection or None
        Chosen on the validation rows, and as S3 chooses, on the test rows.
    judged : Judged or None
        The honest choice against naive: one test, made once.
    """

    outcome: GridOutcome
    rows: list[Row]
    skill: Skill
    honest: Selection | None
    papers: Selection | None
    judged: Judged | None
    correlation: float | None

    @property
    def naive_mape(self) -> float | None:
        """The MAPE of naive on the test rows."""
        mape: float | None = self.rows[0]["mape"]
        return mape

    @property
    def verdict(self) -> list[str]:
        """The verdict on all of them and on the choice: what stands at the top of the page."""
        words = [forecast_verdict(one, len(self.skill.judged)) for one in self.skill.judged]
        told = headline(words, (), self.skill.judged)
        if self.honest and self.judged and len(words) > 1:
            who = self.honest.label if self.honest.place else "the choice made anew for each fold"
            named = replace(self.judged, forecaster=who)
            told.append(
                f"Chosen on the validation rows, judged once: {forecast_verdict(named, 1).sentence}"
            )
        return told

    @property
    def found(self) -> list[str]:
        """What the grid found, in sentences."""
        if self.naive_mape is None:
            return ["No forecast of the test rows has its outcome yet: nothing can be judged."]
        return [
            _below(self),
            *_choices(self),
            *(section(self.skill) or {"told": []})["told"],
            *_levels(self.rows),
            *self.outcome.search.crossing.told,
            *_beside_s3(self.outcome, self.rows),
        ]


def make_report(outcome: GridOutcome) -> Report:
    """Return what was found of the outcome of a grid."""
    horizon = outcome.search.walk_forward.horizon
    skill = judge_forecasts({e.label: (e.forecasts,) for e in outcome.entries}, horizon)
    honest = select_on_validation(outcome)
    judged = None
    if honest:
        once = judge_forecasts(
            {NAIVE: (outcome.naive.forecasts,), "chosen": (honest.forecasts,)}, horizon
        )
        judged = next(iter(once.judged), None)
    rows = rank(outcome, skill)
    return Report(
        outcome=outcome,
        rows=rows,
        skill=skill,
        honest=honest,
        papers=select_on_test(outcome),
        judged=judged,
        correlation=rank_correlation([(row["validation_mape"], row["mape"]) for row in rows[1:]]),
    )


def describe_selections(report: Report) -> list[dict[str, Any]]:
    """Return the choices as the manifest has them: what was chosen for each fold, and its errors."""
    found = []
    for one in filter(None, (report.honest, report.papers)):
        judged = report.judged.absolute if report.judged and one is report.honest else None
        folds = zip(one.chosen[0].inside, one.chosen, strict=True)
        found.append(
            {
                "by": one.by,
                "in_sample": one is report.papers,
                "forecaster": one.label,
                "folds": {str(inside.fold): entry.label for inside, entry in folds},
                "place": one.place,
                "mape": one.metrics["mape"],
                "mape_naive": one.metrics["mape_naive"],
                "gain": judged.gain if judged else None,
                "p_better": judged.p_better if judged else None,
                "p_worse": judged.p_worse if judged else None,
            }
        )
    return found


def _below(report: Report) -> str:
    models, days = len(report.rows) - 1, count(report.rows[0]["rows"], "test day")
    below = below_naive(report.rows)
    who = (
        f"{below} of {models} forecasters had a" if below else f"None of {models} forecasters had a"
    )
    if models == 1:
        who = f"{report.rows[1]['forecaster']} had {'a' if below else 'no'}"
    ahead = report.outcome.search.walk_forward.horizon
    says = (
        "tomorrow's close is today's" if ahead == 1 else f"the close in {ahead} sessions is today's"
    )
    return (
        f"{who} lower error on the {days} than naive, which says that {says} and has a "
        f"MAPE of {points(report.naive_mape)}."
    )


def _choices(report: Report) -> list[str]:
    """Return both choices and what their difference says."""
    honest, papers, models = report.honest, report.papers, len(report.rows) - 1
    told = []
    if models == 1:
        return ["There is one forecaster beside naive, so nothing was chosen."]
    if honest is None:
        kept = all(one.watched.any() for one in report.outcome.naive.inside)
        why = "No validation row can be judged" if kept else "There are no validation rows"
        told.append(
            f"{why}, so nothing could be chosen before the test was seen: name "
            f"{'other rows by --split or ' if kept else ''}--validation."
        )
    else:
        its = "its" if honest.place else "their joint"
        place = f", place {honest.place} of {models}" if honest.place else ""
        told.append(
            f"Chosen on the validation rows, before the test: {honest.label}. Judged once, {its} test MAPE is "
            f"{points(honest.metrics['mape'])}{place}{_verdict(report.judged)}."
        )
    if papers is None:
        return told
    told.append(
        f"The lowest test MAPE, {points(papers.metrics['mape'])}, is that of {papers.label}. S3 chooses so; it is "
        f"in-sample: picked after the test was seen, and of {models} one is always lowest."
    )
    if honest and honest.label == papers.label:
        told.append("Both choices fell on the same forecaster.")
    elif honest:
        gap = float(honest.metrics["mape"]) - float(papers.metrics["mape"])
        more, less = (
            "Choosing on the test rows makes the result look {} points better.",
            "The choice made anew before each fold has an error {} points lower than any one over all folds.",
        )
        size = number(abs(gap)) if abs(gap) >= 0.005 else "less than 0.01"
        if gap:
            told.append((more if gap > 0 else less).format(size))
        else:
            told.append("Both choices have the same test MAPE.")
    if report.correlation is not None:
        told.append(
            f"Over all {models}, validation MAPE and test MAPE have a rank correlation of "
            f"{number(report.correlation, 2, sign=True)} (1 is the same order, 0 none)."
        )
    return told


def _verdict(judged: Judged | None) -> str:
    """Return the word on the choice, as `backtests/judging/verdict.py` has it, with its p."""
    if judged is None or (word := forecast_verdict(judged).word) == CANNOT_SAY:
        return ""
    than = "from" if word == SAME else "than"
    p = judged.absolute.p_worse if word == WORSE else judged.absolute.p_better
    return f", {word} {than} naive (p {p_text(p)})"


def _levels(rows: list[Row]) -> list[str]:
    """Return what Pearson's correlation of price levels is worth."""
    naive, *models = rows
    known = [row["pearson"] for row in models if row["pearson"] is not None]
    if not known or naive["pearson"] is None:
        return []
    low, high = number(min(known), 3), number(max(known), 3)
    span = low if low == high else f"{low} to {high}"
    return [
        f"Pearson's r of actual and forecast closes is {span}, and naive's is {number(naive['pearson'], 3)}: on price "
        "levels whatever stays near the last close comes near naive's, so it shows no skill."
    ]


def _beside_s3(outcome: GridOutcome, rows: list[Row]) -> list[str]:
    """Return what S3's figures beside ours are, whether the order is the same, what is not S3's."""
    search = outcome.search
    if not search.s3:
        return []
    told = [S3_DATA]
    both = [row for row in rows if row["published_mape"] is not None and row["base"] == "cnn"]
    alike = rank_correlation([(row["mape"], row["published_mape"]) for row in both])
    if alike is not None:
        best = min(both, key=lambda row: float(row["published_mape"]))
        told.append(
            f"Its order of the {len(both)} and ours have a rank correlation of {number(alike, 2, sign=True)}; its "
            f"best, {best['forecaster']}, is in place {best['rank']} here."
        )
    cnn = next(f for label, f in search.forecasters.items() if label != NAIVE)
    own = cnn.get_params()
    other = [
        f"{name} {own[name]} where S3 has {value}"
        for name, value in S3_TRAINING.items()
        if own[name] != value
    ]
    if {entry.variant.features for entry in outcome.models} != {"ohlcv+indicators"}:
        other.append("other inputs")
    return [*told, *([f"This is not S3's training: {', '.join(other)}."] if other else [])]
