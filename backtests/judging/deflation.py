"""The Sharpe ratio after all that was looked at: the deflated Sharpe ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.judging.returns import ResultChance
from backtests.statistics.sharpe import deflated_sharpe, expected_maximum
from backtests.trials.ledger import Counted


@dataclass(frozen=True)
class Deflated:
    """One result after all that was looked at.

    Attributes
    ----------
    expected : float or None
        Yearly Sharpe ratio expected of the best of so many trials without skill.
    dsr : float or None
        Probability that the true Sharpe ratio is above that (deflated Sharpe ratio); None where
        there is no `psr`, and for buy and hold, which is no trial.
    """

    forecaster: str | None
    strategy: str
    expected: float | None
    dsr: float | None


@dataclass(frozen=True)
class Deflation:
    """What depends on the ledger of trials, and so stands outside the digest."""

    trials: int
    new: int
    since: str
    warning: str
    file: str
    results: tuple[Deflated, ...]


def deflate(judged: Sequence[ResultChance], counted: Counted) -> Deflation:
    """Return each result's Sharpe ratio deflated by the trials that were counted.

    The spread of the trials' Sharpe ratios is that of the ledger, but never below that of one
    ratio without skill, 1 / sqrt(n - 1): otherwise a hundred near copies of one setting would talk
    the hurdle down. With near copies the hurdle is rather too high.

    Source: Bailey and Lopez de Prado (2014), equations 1 and 2.
    """
    seen = float(np.std(counted.sharpes, ddof=1)) if len(counted.sharpes) > 1 else 0.0
    trials = max(counted.trials, 1)
    deflated = []
    for own in judged:
        expected = dsr = None
        if own.n > 1 and not own.reference:
            spread = max(seen, 1 / math.sqrt(own.n - 1))
            expected = expected_maximum(trials, spread) * math.sqrt(own.periods_per_year)
            if (
                own.psr is not None
                and own.daily_sharpe is not None
                and own.skewness is not None
                and own.kurtosis is not None
            ):
                dsr = deflated_sharpe(
                    own.daily_sharpe, own.n, trials, spread, own.skewness, own.kurtosis
                )
        deflated.append(Deflated(own.forecaster, own.strategy, expected, dsr))
    return Deflation(
        counted.trials, counted.new, counted.since, counted.warning, counted.file, tuple(deflated)
    )  # fmt: skip
