"""The exits of the rule side by side."""

from __future__ import annotations

from typing import Any

from backtests.account.performance import performance
from backtests.account.result import Result
from backtests.studies.study import Study


def _exits(study: Study) -> dict[str, Any]:
    """Return the exits side by side: a row for each forecaster that bought under one of them."""
    by_name: dict[str, dict[str, Result]] = {}
    names: dict[str, None] = {}
    for result in study.exits:
        name = result.strategy.partition("exit=")[2].split(",")[0] or "entry"
        names[name] = None
        by_name.setdefault(result.forecaster or result.strategy, {})[name] = result
    bought = {who: exits for who, exits in by_name.items() if any(r.trades for r in exits.values())}
    cells = [
        (who, [performance(exits[name]) if name in exits else None for name in names])
        for who, exits in bought.items()
    ]
    return {
        "names": list(names),
        "rows": cells,
        "idle": [who for who in by_name if who not in bought],
    }
