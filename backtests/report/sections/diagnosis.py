"""The section that says why a rule bought or did not."""

from __future__ import annotations

from typing import Any

from backtests.judging.diagnosis import Diagnosis, diagnose
from backtests.studies.study import Study
from backtests.writing.numbers import level


def _diagnoses(study: Study) -> list[dict[str, Any]]:
    """Return a group for each rule with a threshold: every forecaster's diagnosis."""
    groups = []
    for strategy, threshold in study.thresholds.items():
        results = {
            result.forecaster: result for result in study.results if result.strategy == strategy
        }
        foresight = next(
            (result for result in study.foresight if result.strategy == strategy), None
        )
        diagnosed: list[Diagnosis] = [
            diagnose(own, threshold, results.get(name), foresight)
            for name, own in study.by_forecaster.items()
        ]
        if not diagnosed:
            continue
        groups.append({
            "strategy": strategy, "all": diagnosed, "levels": [level(passed.level) for passed in diagnosed[0].passed],
            "market": diagnosed[-1].market(),
            "told": [d.own_sentences() for d in diagnosed],
        })  # fmt: skip
    return groups
