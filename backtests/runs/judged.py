"""The judgement of a study as the manifest has it: every figure, and the verdicts in words."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from backtests.judging.judgement import Judgement
from backtests.judging.timing import Timed
from backtests.report.sections.verdict import forecast_sentence, headline, rule_sentence


def describe_judgement(judgement: Judgement) -> dict[str, Any]:
    """Return all of a judgement as JSON has it."""
    skill = asdict(judgement.skill)
    timing = {(test.forecaster, test.strategy): _figures(test) for test in judgement.timing}
    shifts = {(test.forecaster, test.strategy): asdict(test) for test in judgement.shifted}
    return {
        "headline": headline(judgement.forecasts, judgement.rules),
        "forecasters": [
            {"word": verdict.word, "sentence": forecast_sentence(verdict), **judged}
            for verdict, judged in zip(judgement.forecasts, skill.pop("judged"), strict=True)
        ],
        **skill,
        "rules": [
            {
                "forecaster": verdict.forecaster,
                "strategy": verdict.strategy,
                "word": verdict.word,
                "sentence": rule_sentence(verdict),
                "p": verdict.p,
                "p_before": verdict.p_before,
                "tests": verdict.tests,
                "timing": timing.get((verdict.forecaster, verdict.strategy)),
                "shifts": shifts.get((verdict.forecaster, verdict.strategy)),
            }
            for verdict in judgement.rules
        ],
        "returns": asdict(judgement.chance),
        "power": asdict(judgement.power) if judgement.power else None,
    }


def _figures(timed: Timed) -> dict[str, Any]:
    """Return the figures of a test of timing without its daily series."""
    names = (field.name for field in fields(timed) if field.name not in ("sessions", "daily"))
    return {name: getattr(timed, name) for name in names}
