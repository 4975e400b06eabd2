"""The section that says why a rule bought or did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backtests.judging.diagnosis import Diagnosis
from backtests.writing.numbers import level


def _diagnoses(diagnoses: Mapping[str, Sequence[Diagnosis]]) -> list[dict[str, Any]]:
    """Return a group for each rule with a threshold: every forecaster's diagnosis."""
    groups = []
    for strategy, diagnosed in diagnoses.items():
        if not diagnosed:
            continue
        groups.append({
            "strategy": strategy, "all": diagnosed, "levels": [level(passed.level) for passed in diagnosed[0].passed],
            "market": diagnosed[-1].market(),
            "told": [d.own_sentences() for d in diagnosed],
        })  # fmt: skip
    return groups
