"""What chance the days of a study gave a small true edge."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.statistics.power import chance_of_better, chance_of_timing

#: Correlation of the forecast with the next day's return: it knows 1% of the variance.
EDGE = 0.1


@dataclass(frozen=True)
class Power:
    """The chance of a forecast with a small true edge, and of a rule on it without costs.

    Attributes
    ----------
    edge : float
        Correlation of the forecast with the return.
    days : int
        Days that are judged.
    forecasters, rules : int
        How many share the 5%: forecasters, and rules with enough closed trades.
    better, timing : float or None
        Chances of the words "better" and "timing shown"; None without a forecaster or a rule to judge,
        or with too few days.
    """

    edge: float
    days: int
    forecasters: int
    rules: int
    better: float | None
    timing: float | None


def power_of(days: int, forecasters: int, rules: int) -> Power:
    """Return the chances that so many days gave an edge of `EDGE`, one session ahead, for one ticker.

    Examples
    --------
    >>> power = power_of(days=722, forecasters=4, rules=4)
    >>> round(power.better, 2), round(power.timing, 2)
    (0.1, 0.46)
    """
    return Power(
        edge=EDGE,
        days=days,
        forecasters=forecasters,
        rules=rules,
        better=chance_of_better(days, EDGE, forecasters) if forecasters else None,
        timing=chance_of_timing(days, EDGE, rules) if rules else None,
    )
