"""The section on skill: each forecaster against naive."""

from __future__ import annotations

from typing import Any

from backtests.judging.skill import LEVEL, NAIVE, Judged, Skill, p_text
from backtests.statistics.confidence_set import ConfidenceSet
from backtests.statistics.superior import Superior
from backtests.writing.numbers import DASH, count, listed, percent


def section(skill: Skill) -> dict[str, Any] | None:
    """Return what the page shows; None without a forecaster that can be judged."""
    if not skill.judged:
        return None
    return {
        "n": skill.n,
        "rows": [_row(one) for one in skill.judged],
        "told": [*_told_superior(skill.superior, len(skill.judged)), *_told_kept(skill.kept)],
        "many": len(skill.judged) > 1,
    }


def _row(one: Judged) -> dict[str, Any]:
    absolute, folds = one.absolute, one.folds
    interval = DASH
    if absolute.low is not None:
        interval = f"{percent(absolute.low)} to {percent(absolute.high)}"
    return {
        "name": one.forecaster,
        "gain": absolute.gain,
        "interval": interval,
        "why": absolute.why,
        "detectable": absolute.detectable,
        "squared": one.squared.gain,
        "better": p_text(absolute.p_better),
        "better_adjusted": p_text(one.p_better),
        "worse": p_text(absolute.p_worse),
        "worse_adjusted": p_text(one.p_worse),
        "is_better": one.p_better is not None and one.p_better < LEVEL,
        "is_worse": one.p_worse is not None and one.p_worse < LEVEL,
        "content": p_text(one.clark_west.p),
        "content_adjusted": p_text(one.p_clark_west),
        "content_why": one.clark_west.why,
        "folds": DASH if folds.statistic is None else f"{folds.statistic:.0f} of {folds.n}",
        "folds_p": p_text(folds.p),
        "folds_why": folds.why,
        "direction": p_text(one.direction.p),
        "direction_why": one.direction.why,
    }


def _told_superior(superior: Superior | None, judged: int) -> list[str]:
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
            f"A test over {among} speaks for the best of them ({figures}). The verdict asks more: each alone, "
            "adjusted for their number, and most of the folds."
        ]
    return [f"A test over {among} does not speak for the best of them ({figures})."]


def _told_kept(kept: ConfidenceSet | None) -> list[str]:
    if kept is None:
        return []
    if not kept.kept:
        return [f"No model confidence set: {kept.why}."]
    of, level = len(kept.p), percent(1 - kept.size, 0, sign=False)
    if kept.no_power:
        return [
            f"The model confidence set at {level} keeps all {of}, naive among them: no power. These sessions "
            "tell none of them from the best, which speaks for none."
        ]
    if kept.kept == (NAIVE,):
        return [
            f"The model confidence set at {level} keeps naive alone of {of}: at {percent(kept.size, 0, sign=False)} "
            "this test drops each of the others."
        ]
    naive = "naive among them" if NAIVE in kept.kept else "and naive is not among them"
    which = f": {listed(list(kept.kept))}" if len(kept.kept) <= 6 else ""
    return [f"The model confidence set at {level} keeps {len(kept.kept)} of {of}, {naive}{which}."]
