"""The readings of the exit side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.account.performance import performance
from backtests.account.result import Result


def section(exits: Sequence[Result]) -> dict[str, Any]:
    """Return a row for each forecaster that bought under one of the exits, with a cell an exit.

    Parameters
    ----------
    exits : sequence of Result
        One rule under each of its exits, for each forecaster; `strategy` says ``exit=<name>``.
    """
    by_forecaster: dict[str, dict[str, Result]] = {}
    names: dict[str, None] = {}
    for result in exits:
        name = result.strategy.partition("exit=")[2].split(",")[0]
        names[name] = None
        by_forecaster.setdefault(result.forecaster or result.strategy, {})[name] = result
    bought = {
        forecaster: results
        for forecaster, results in by_forecaster.items()
        if any(result.trades for result in results.values())
    }
    rows = [
        (forecaster, [performance(results[name]) if name in results else None for name in names])
        for forecaster, results in bought.items()
    ]
    return {
        "names": list(names),
        "rows": rows,
        "idle": [forecaster for forecaster in by_forecaster if forecaster not in bought],
    }
