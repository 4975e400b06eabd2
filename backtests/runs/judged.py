"""The judgement of a study as the manifest has it: every figure, and the verdicts in words."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from backtests.judging.judgement import Judgement
from backtests.report.sections.verdict import forecast_sentence, headline, rule_sentence


def describe_judgement(judgement: Judgement) -> dict[str, Any]:
    """Return all of a judgement as JSON has it."""
    skill = asdict(judgement.skill)
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
                "shifts": shifts.get((verdict.forecaster, verdict.strategy)),
            }
            for verdict in judgement.rules
        ],
        "returns": asdict(judgement.chance),
    }
