"""What the ledger keeps of a judgement: the daily series that its tests are made on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backtests.account.performance import FEW_TRADES
from backtests.judging.skill import daily_gains
from backtests.judging.timing import Timed
from backtests.trials.look import FORECAST, TIMING, Look
from forecasters.forecasts import Forecasts


def forecast_looks(by_forecaster: Mapping[str, Sequence[Forecasts]]) -> dict[str, Look]:
    """Return the series of each forecaster but naive: naive's absolute error less its own, by session."""
    sessions, gains = daily_gains(by_forecaster)
    return {name: Look(FORECAST, sessions, gain) for name, gain in gains.items()}


def timing_look(timed: Timed) -> Look | None:
    """Return the series of a rule; None where it is not tested: it closed too few trades."""
    if timed.closed < FEW_TRADES or timed.p is None:
        return None
    return Look(TIMING, timed.sessions, timed.daily)
