"""The section on the calls of rules with a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.judging.calls import Calls
from backtests.writing.numbers import count, level, percent


def section(calls: Sequence[Calls]) -> dict[str, Any] | None:
    """Return a group for each rule, with a row for each forecaster that called; None without a rule."""
    by_rule: dict[str, list[Calls]] = {}
    for one_forecaster in calls:
        by_rule.setdefault(one_forecaster.strategy, []).append(one_forecaster)
    if not by_rule:
        return None
    return {"groups": [_group(strategy, group) for strategy, group in by_rule.items()]}


def _group(strategy: str, calls: Sequence[Calls]) -> dict[str, Any]:
    called = [one_forecaster for one_forecaster in calls if one_forecaster.calls]
    return {
        "strategy": strategy,
        "threshold": level(calls[0].threshold),
        "from_open": calls[0].fill == "open",
        "rows": called,
        "idle": [one_forecaster.forecaster for one_forecaster in calls if not one_forecaster.calls],
        "sentences": [sentence(one_forecaster) for one_forecaster in called],
    }


def sentence(calls: Calls) -> str:
    """Return what the calls of a forecaster were worth, in one sentence; empty without a call."""
    if not calls.calls:
        return ""
    tickers = f" of {calls.tickers} tickers" if calls.tickers > 1 else ""
    parts = [
        f"{calls.forecaster} called {level(calls.threshold)} or more on {count(calls.calls, 'day')}{tickers} and "
        f"was right on {calls.hits:,}: {percent(calls.precision, 0, sign=False)} (95% interval "
        f"{percent(calls.low, 0, sign=False)} to {percent(calls.high, 0, sign=False)}), where "
        f"{percent(calls.base_rate, 1, sign=False)} of all days rose that much"
    ]
    if calls.n:
        parts.append(
            f"a call returned {percent(calls.mean_return, 2)} on average from the fill on, before a round "
            f"trip of {percent(calls.round_trip, 2, sign=False)}; any day {percent(calls.any_return, 2)}"
        )
    return "; ".join([*parts, _worth(calls)]) + "."


def _worth(calls: Calls) -> str:
    """Return whether the precision was as high as the calls needed."""
    if calls.needed is None or calls.low is None or calls.high is None:
        return f"how often it had to be right cannot be said: {calls.why}"
    needed = f"to pay, {percent(calls.needed, 0, sign=False)} had to be right"
    if calls.high < calls.needed:
        return f"{needed}: fewer were"
    if calls.low > calls.needed:
        return f"{needed}: more were"
    return f"{needed}, which the interval holds: too few calls to tell"
