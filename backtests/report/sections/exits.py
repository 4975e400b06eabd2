"""The readings of the exit side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backtests.account.performance import performance
from backtests.account.result import Result


@dataclass(frozen=True)
class Exits:
    """One rule under each of its named exits.

    Attributes
    ----------
    results : sequence of Result
        For each forecaster one an exit; `strategy` is ``exit=<name>``.
    meanings : mapping
        Name of the exit to its meaning, in words.
    """

    results: Sequence[Result]
    meanings: Mapping[str, str] = field(default_factory=dict)


def section(exits: Exits) -> dict[str, Any]:
    """Return a row for each forecaster that bought under one of the exits, with a cell an exit."""
    by_forecaster: dict[str, dict[str, Result]] = {}
    names: dict[str, None] = {}
    for result in exits.results:
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
        "meanings": list(exits.meanings.items()),
        "rows": rows,
        "idle": [forecaster for forecaster in by_forecaster if forecaster not in bought],
    }
