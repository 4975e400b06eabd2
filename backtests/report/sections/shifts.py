"""The section on shifted forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.judging.shift_test import LEVEL, Shifted
from backtests.writing.numbers import count as counted


def section(shifted: Sequence[Shifted]) -> dict[str, Any] | None:
    """Return what the page shows of the shifts; None where nothing bought on forecasts."""
    if not shifted:
        return None
    tested = [one for one in shifted if one.p is not None]
    low = sum(one.p is not None and one.p < LEVEL for one in tested)
    expected = LEVEL * len(tested)
    luck = (
        f"{low} of {counted(len(tested), 'result')} {'has' if low == 1 else 'have'} a p below 5%; "
        f"without any skill one would expect about {expected:.1f} of them."
    )
    rare = [one for one in shifted if one.p is None or not LEVEL <= one.p <= 1 - LEVEL]
    return {
        "rows": list(shifted),
        "told": [(one.label, one.sentence) for one in (rare if len(shifted) > 1 else shifted)],
        "luck": luck if len(tested) > 1 else "",
        "slow": sorted({one.why for one in shifted if one.via == "backtrader"}),
        "slow_shifts": max((one.shifts for one in shifted if one.via == "backtrader"), default=0),
    }
