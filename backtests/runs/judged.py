"""The judgement of a study as the manifest has it: every figure, and the verdicts in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from backtests.judging.judgement import Judgement
from backtests.judging.overall import Overall
from backtests.judging.timing import Timed
from backtests.report.sections.overall import headline as overall_headline
from backtests.report.sections.verdict import forecast_sentence, headline, rule_sentence
from backtests.studies.study import Study
from backtests.trials.ledger import Counted


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


def overall_of(
    studies: Sequence[Study], overalls: Mapping[str, Overall], counted: Mapping[str, Counted]
) -> dict[str, Any]:
    """Return the verdicts that count everything, which depend on the ledger, as the manifest has them.

    `verdict` is the headline by account; that of the page alone stands in `judgement`.
    """
    return {
        "verdict": {
            s.account: overall_headline(overalls[s.account], s.judgement, counted[s.account].trials)
            for s in studies
            if s.judgement
        },
        "overall": {account: describe_overall(overall) for account, overall in overalls.items()},
    }


def describe_overall(overall: Overall) -> dict[str, Any]:
    """Return the words and p values that count everything, as JSON has them."""
    return {
        "forecasters": [
            {
                "forecaster": verdict.forecaster,
                "word": verdict.word,
                "p_better": verdict.judged.p_better,
                "p_worse": verdict.judged.p_worse,
            }
            for verdict in overall.forecasts
        ],
        "rules": [
            {
                "forecaster": verdict.forecaster,
                "strategy": verdict.strategy,
                "word": verdict.word,
                "p": verdict.p,
            }
            for verdict in overall.rules
        ],
        "looked": {"forecasters": asdict(overall.forecasters), "rules": asdict(overall.timing)},
    }


def _figures(timed: Timed) -> dict[str, Any]:
    """Return the figures of a test of timing without its daily series."""
    names = (field.name for field in fields(timed) if field.name not in ("sessions", "daily"))
    return {name: getattr(timed, name) for name in names}
