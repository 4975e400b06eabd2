"""The section on shifted forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from backtests.judging.shifts import Shifted
from backtests.writing.numbers import count, percent


def section(shifted: Sequence[Shifted]) -> dict[str, Any] | None:
    """Return the rows of the section; None where nothing was shifted."""
    if not shifted:
        return None
    slow = [test for test in shifted if test.via == "backtrader"]
    return {
        "rows": [{**asdict(test), "sentence": sentence(test)} for test in shifted],
        "slow": sorted({test.why for test in slow}),
        "slow_shifts": max((test.shifts for test in slow), default=0),
    }


def sentence(test: Shifted) -> str:
    """Return where a result lies among its shifts, in one sentence."""
    if test.at_least is None:
        return f"Nothing was shifted: {test.why}."
    return (
        f"Of {count(test.shifts, 'shift')} of the same forecasts through the same rule and costs, "
        f"{percent(test.at_least, 0, sign=False)} earned at least as much."
    )
