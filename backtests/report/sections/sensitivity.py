"""The section on other thresholds and exits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backtests.account.performance import net
from backtests.account.result import Result
from backtests.judging.sensitivity import Point, Sweep, by_forecaster
from backtests.writing.numbers import count, level, listed, percent


def sentences(points: Sequence[Point], held: Result | None) -> list[str]:
    """Return how many trials the table holds, what the best of them is worth, and the others beside it.

    Each point is a trial, whether it bought or not: it was looked at.
    """
    names, thresholds, exits = (
        list(dict.fromkeys(getattr(p, name) for p in points))
        for name in ("forecaster", "threshold", "exit")
    )
    trials = (
        f"{count(len(points), 'trial')} ({count(len(thresholds), 'threshold')} x "
        f"{count(len(exits), 'exit')} x {count(len(names), 'forecaster')})"
    )
    first = (
        "In-sample exploration: every threshold and exit is judged on the same sessions, and none on "
        "sessions kept aside."
    )
    bought = [p for p in points if p.trades]
    if not bought:
        return [first, f"None of {trials} ever bought."]
    returns = [p.total_return for p in bought]
    worth = (
        f"{trials}, {len(bought):,} of which bought: the highest return, {percent(max(returns))}, was "
        f"picked after seeing all {len(points):,} and says nothing about skill."
    )
    beside = (
        f"Of those that bought the median is {percent(float(np.median(returns)))} and the lowest "
        f"{percent(min(returns))}, all after costs"
    )
    if held and held.trades:
        passive = net(held)
        above = sum(value > passive for value in returns)
        beside += f"; {above:,} of {len(bought):,} ended above buy and hold ({percent(passive)})"
    return [first, worth, f"{beside}."]


def section(sweep: Sweep) -> dict[str, Any] | None:
    """Return the table and the sentences of a sweep; None without a point.

    Each forecaster that bought has a row for each threshold with a cell for each exit, up to the
    last threshold at which it bought; the thresholds above share one row.
    """
    points = sweep.points
    if not points:
        return None
    bought = by_forecaster(points)
    idle = list(dict.fromkeys(p.forecaster for p in points if p.forecaster not in bought))
    return {
        "sentences": sentences(points, sweep.held),
        "strategy": sweep.strategy,
        "exits": list(dict.fromkeys(point.exit for point in points)),
        "groups": [_group(name, of_forecaster) for name, of_forecaster in bought.items()],
        "idle": listed(idle) if idle else "",
    }


def _group(name: str, points: Sequence[Point]) -> dict[str, Any]:
    """Return the rows of one forecaster."""
    last = max(point.threshold for point in points if point.trades)
    rows: dict[float, list[Point]] = {}
    for point in points:
        rows.setdefault(point.threshold, []).append(point)
    above = [level(threshold, sign=False) for threshold in rows if threshold > last]
    return {
        "name": name,
        "rows": [
            (level(threshold, sign=False), any(p.own for p in cells), cells)
            for threshold, cells in rows.items()
            if threshold <= last
        ],
        "above": " to ".join(dict.fromkeys((above[0], above[-1]))) if above else "",
    }
