"""What luck makes of the best of many forecasters: overfitting, and a deflated gain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backtests.grids.crossing import NAIVE
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.judging.skill import absolute_errors
from backtests.statistics.overfitting import Overfit, cscv_of_errors
from backtests.statistics.sharpe import deflated_sharpe, expected_maximum, sharpe_of


@dataclass(frozen=True)
class Luck:
    """The forecaster with the lowest test error beside what so many without skill would show.

    A grid has no accounts, so there are no returns. Its daily figure is the gain on naive: naive's
    absolute error of the log return less the forecaster's, both of the same session.

    Attributes
    ----------
    overfit : Overfit
        How often the one with the lowest mean error in half of the test rows is not above the
        middle in the other half.
    forecaster : str
        The one with the lowest test MAPE.
    ratio : float or None
        Mean over standard deviation of its daily gains; `why` says why there is none.
    expected : float or None
        The ratio expected of the best of `trials` without skill.
    deflated : float or None
        Probability that the true ratio is above `expected`: the formula of the deflated Sharpe ratio,
        with gains in place of returns.
    trials, n : int
        Forecasters of the grid, and test rows.
    """

    overfit: Overfit
    forecaster: str
    ratio: float | None
    expected: float | None
    deflated: float | None
    trials: int
    n: int
    why: str = ""


def judge_luck(outcome: GridOutcome, lowest: str) -> Luck | None:
    """Return what luck makes of the forecaster `lowest`; None where there was nothing to choose from.

    The spread of the ratios is that of the grid's forecasters, and never below the standard error of one
    ratio without skill, 1 / sqrt(n - 1): near copies of one setting would lower the hurdle.

    Source: Bailey and Lopez de Prado (2014), equations 1 and 2; Bailey et al. (2017), section 3.
    """
    _, errors = absolute_errors({entry.label: (entry.forecasts,) for entry in outcome.entries})
    if len(errors) <= 2 or lowest not in errors:
        return None
    naive = errors.pop(NAIVE)
    n, trials = naive.size, len(errors)
    overfit = cscv_of_errors(np.column_stack(list(errors.values())))
    if outcome.search.walk_forward.horizon > 1:
        why = "forecasts over several sessions overlap, so their gains are not independent"
        return Luck(overfit, lowest, None, None, None, trials, n, why)
    gains = {label: sharpe_of(naive - error) for label, error in errors.items()}
    best = gains[lowest]
    if best.value is None or best.skewness is None or best.kurtosis is None:
        why = (
            "too few test rows"
            if n < 2
            else "its errors differ from naive's by nothing that varies"
        )
        return Luck(overfit, lowest, None, None, None, trials, n, why)
    ratios = [gain.value for gain in gains.values() if gain.value is not None]
    seen = float(np.std(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    spread = max(seen, 1 / math.sqrt(n - 1))
    deflated = deflated_sharpe(best.value, n, trials, spread, best.skewness, best.kurtosis)
    hurdle = expected_maximum(trials, spread)
    return Luck(overfit, lowest, best.value, hurdle, deflated, trials, n)
