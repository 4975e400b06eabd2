"""The section on shifted forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from backtests.account.performance import FEW_TRADES
from backtests.judging.shift_test import LEVEL, Shifted
from backtests.writing.numbers import count, percent


def section(shifted: Sequence[Shifted]) -> dict[str, Any] | None:
    """Return the rows and the sentences of the section; None where nothing bought on forecasts.

    Of several results only the rare ones have a sentence: those with a p near 0 or near 1, and
    those that were not shifted.
    """
    if not shifted:
        return None
    tested = [test for test in shifted if test.p is not None]
    low = sum(test.p is not None and test.p < LEVEL for test in tested)
    expected = LEVEL * len(tested)
    luck = (
        f"{low} of {count(len(tested), 'result')} {'has' if low == 1 else 'have'} a p below 5%; "
        f"without any skill one would expect about {expected:.1f} of them."
    )
    rare = [test for test in shifted if test.p is None or not LEVEL <= test.p <= 1 - LEVEL]
    return {
        "rows": [{**asdict(test), "sentence": sentence(test)} for test in shifted],
        "sentences": [
            (test.label, sentence(test)) for test in (rare if len(shifted) > 1 else shifted)
        ],
        "luck": luck if len(tested) > 1 else "",
        "slow": sorted({test.why for test in shifted if test.via == "backtrader"}),
        "slow_shifts": max(
            (test.shifts for test in shifted if test.via == "backtrader"), default=0
        ),
    }


def sentence(test: Shifted) -> str:
    """Return what a shift test means, in one sentence."""
    if test.p is None or test.at_least is None or test.percentile is None:
        return f"Nothing was shifted: {test.why}."
    share = (
        f"Of {count(test.shifts, 'shift')} of the same forecasts through the same rule and costs, "
        f"{percent(test.at_least, 0, sign=False)} earned at least as much: "
    )
    if test.percentile < LEVEL:
        return share + "the forecasts would have earned more on nearly any other days."
    if test.p >= LEVEL:
        return share + "the timing shows nothing."
    if test.closed < FEW_TRADES:
        return share + f"that is rare, but {count(test.closed, 'closed trade')}: cannot say."
    return share + f"taken alone, that is rare (p = {test.p:.3f})."
