"""The deflated Sharpe ratio: a Sharpe ratio beside the number of trials that were looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.judging.returns import Chance, ResultChance
from backtests.statistics.sharpe import deflated_sharpe, expected_maximum
from backtests.trials.ledger import Counted


@dataclass(frozen=True)
class Deflated:
    """The Sharpe ratio of one result beside the best that so many trials give without skill.

    Attributes
    ----------
    expected : float or None
        Yearly Sharpe ratio that the best of so many trials without skill is expected to show.
    dsr : float or None
        Probability that the true Sharpe ratio is above `expected` (deflated Sharpe ratio). None
        where there is no `psr`, and for buy and hold, which is no trial.
    """

    forecaster: str | None
    strategy: str
    expected: float | None
    dsr: float | None


@dataclass(frozen=True)
class Deflation:
    """What depends on the ledger of trials. It is not part of the digest.

    Attributes
    ----------
    trials, new : int
        Trials of the ledger on these prices, and how many of them are new with this run.
    since : str
        Day of the first of them; empty without one.
    warning : str
        What is wrong with the ledger; empty if nothing is.
    file : str
        Name of the ledger.
    results : tuple of Deflated
        One a result, in the order of `Chance.results`.
    """

    trials: int
    new: int
    since: str
    warning: str
    file: str
    results: tuple[Deflated, ...]


@dataclass(frozen=True)
class DeflatedChance:
    """All that is known of chance: what the returns say and, where trials were counted, the deflation."""

    chance: Chance
    deflation: Deflation | None = None


def deflate(judged: Sequence[ResultChance], counted: Counted) -> Deflation:
    """Return the Sharpe ratio of each result, deflated by the trials that were counted.

    The spread of the trials' Sharpe ratios is that of the ledger. It is never below the standard
    error of one ratio without skill, 1 / sqrt(n - 1): otherwise a hundred near copies of one
    setting would lower the hurdle. With near copies the hurdle is too high rather than too low.

    Source: Bailey and Lopez de Prado (2014), equations 1 and 2.
    """
    seen = float(np.std(counted.sharpes, ddof=1)) if len(counted.sharpes) > 1 else 0.0
    trials = max(counted.trials, 1)
    deflated = []
    for result in judged:
        expected = dsr = None
        if result.n > 1 and not result.reference:
            spread = max(seen, 1 / math.sqrt(result.n - 1))
            expected = expected_maximum(trials, spread) * math.sqrt(result.periods_per_year)
            if (
                result.psr is not None
                and result.daily_sharpe is not None
                and result.skewness is not None
                and result.kurtosis is not None
            ):
                dsr = deflated_sharpe(
                    result.daily_sharpe, result.n, trials, spread, result.skewness, result.kurtosis
                )
        deflated.append(Deflated(result.forecaster, result.strategy, expected, dsr))
    return Deflation(
        counted.trials, counted.new, counted.since, counted.warning, counted.file, tuple(deflated)
    )
