"""The section on skill: each forecaster against naive."""

from __future__ import annotations

from typing import Any

from backtests.judging.skill import LEVEL, NAIVE, Judged, Skill
from backtests.statistics.confidence_set import ConfidenceSet
from backtests.statistics.superior import Superior
from backtests.writing.numbers import DASH, between, count, listed, p_text, percent


def section(skill: Skill) -> dict[str, Any] | None:
    """Return the rows and the sentences of the section; None without a forecaster that can be judged."""
    if not skill.judged:
        return None
    return {
        "n": skill.n,
        "rows": [_row(judged) for judged in skill.judged],
        "told": sentences(skill),
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
