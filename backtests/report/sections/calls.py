"""The section on the calls of rules with a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.judging.calls import Calls
from backtests.writing.numbers import level


def section(calls: Sequence[Calls]) -> dict[str, Any] | None:
    """Return what the page shows: a group a rule; None where no rule has a threshold."""
    groups: dict[str, list[Calls]] = {}
    for one in calls:
        groups.setdefault(one.strategy, []).append(one)
    if not groups:
        return None
    return {
        "groups": [
            {
                "strategy": strategy,
                "threshold": level(own[0].threshold),
                "from_open": own[0].fill == "open",
                "rows": [one for one in own if one.calls],
                "idle": [one.forecaster for one in own if not one.calls],
                "told": [one.sentence for one in own if one.calls],
            }
            for strategy, own in groups.items()
        ]
    }
