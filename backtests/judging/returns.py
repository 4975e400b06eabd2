"""How much of a return is chance: intervals, the probabilistic Sharpe ratio, backtest overfitting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backtests.account.performance import FEW_TRADES, net
from backtests.account.result import Result
from backtests.judging.sensitivity import Point
from backtests.statistics.bootstrap import Resampled, resample
from backtests.statistics.overfitting import Overfit, cscv
from backtests.statistics.sharpe import (
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_of,
)


@dataclass(frozen=True)
class ResultChance:
    """What chance could have made of one result. Sharpe ratios are yearly, except `daily_sharpe`.

    Attributes
    ----------
    reference : bool
        Whether it is buy and hold, with which the others are compared and which is no trial.
    closed : int
        Purchases that were sold again.
    few : bool
        Whether there are fewer than 30 of them: the figures are there, the verdict is "cannot say".
    sharpe : float or None
        As `performance` has it; `why` says why there is none.
    sharpe_low, sharpe_high, return_low, return_high : float or None
        Middle 95% of the bootstrap; `why_sharpe` and `why_return` say why there is none.
    total_return : float
        After costs, as a share.
    psr : float or None
        Probability that the true Sharpe ratio is above 0 (probabilistic Sharpe ratio). None where
        there is no interval either: the account moved on too few days to know the error.
    needed : int or None
        Number of such sessions that would show a ratio above 0 at 95%; None where the ratio is not
        above 0 or `psr` is None.
    n : int
        Number of daily returns, from the second session on.
    periods_per_year : float
        Sessions a year.
    daily_sharpe, skewness, kurtosis : float or None
        Of the daily returns; kurtosis is 3 for a normal distribution.
    block : int or None
        Mean length of a block of the bootstrap, in sessions.
    """

    account: str
    forecaster: str | None
    strategy: str
    reference: bool
    closed: int
    few: bool
    sharpe: float | None
    sharpe_low: float | None
    sharpe_high: float | None
    total_return: float
    return_low: float | None
    return_high: float | None
    psr: float | None
    needed: int | None
    n: int
    periods_per_year: float
    daily_sharpe: float | None
    skewness: float | None
    kurtosis: float | None
    block: int | None
    why: str
    why_sharpe: str
    why_return: str


@dataclass(frozen=True)
class Chance:
    """What chance could have made of all results of an account, whatever the ledger of trials holds."""

    results: tuple[ResultChance, ...]
    overfit: Overfit


def judge_returns(
    results: Sequence[Result],
    points: Sequence[Point] = (),
    held: Result | None = None,
    seed: int = 0,
) -> Chance:
    """Return what chance could have made of each result, and the probability of overfitting.

    Parameters
    ----------
    results : sequence of Result
        All results of one account, over the same sessions.
    points : sequence of Point
        The accounts of the sweep. They count only in the probability of overfitting.
    held : Result or None
        Buy and hold. It is judged last and is no trial.
    seed : int
        Seed of the bootstrap.
    """
    every = [*results, held] if held is not None else list(results)
    if not every:
        return Chance((), Overfit(None, 0, 0, 0, 0, "nothing was traded"))
    daily = np.stack([result.returns[1:] for result in every], axis=1)
    resampled = resample(daily, seed)
    judged = tuple(
        _judge(result, draws, result is held)
        for result, draws in zip(every, resampled, strict=True)
    )
    tried = [result.returns[1:] for result in results]
    tried += [point.daily[1:] for point in points if point.daily.size]
    columns = np.stack(tried, axis=1) if tried else np.empty((daily.shape[0], 0))
    return Chance(judged, cscv(columns))


def _judge(result: Result, resampled: Resampled, reference: bool) -> ResultChance:
    daily = result.returns[1:]
    sharpe = sharpe_of(daily)
    year = math.sqrt(result.periods_per_year)
    psr = needed = None
    if (
        resampled.sharpe.low is not None
        and sharpe.value is not None
        and sharpe.skewness is not None
        and sharpe.kurtosis is not None
    ):
        psr = probabilistic_sharpe(sharpe.value, sharpe.n, sharpe.skewness, sharpe.kurtosis)
        record = minimum_track_record(sharpe.value, sharpe.skewness, sharpe.kurtosis)
        needed = None if record is None else math.ceil(record)
    first = 1 + float(result.returns[0])  # the first session stands outside the resamples

    def with_first(end: float | None) -> float | None:
        return None if end is None else first * (1 + end) - 1

    def yearly(value: float | None) -> float | None:
        return None if value is None else value * year

    return ResultChance(
        account=result.account,
        forecaster=result.forecaster,
        strategy=result.strategy,
        reference=reference,
        closed=result.closed,
        few=result.closed < FEW_TRADES and not reference,
        sharpe=yearly(sharpe.value),
        sharpe_low=yearly(resampled.sharpe.low),
        sharpe_high=yearly(resampled.sharpe.high),
        total_return=net(result),
        return_low=with_first(resampled.total.low),
        return_high=with_first(resampled.total.high),
        psr=psr,
        needed=needed,
        n=sharpe.n,
        periods_per_year=result.periods_per_year,
        daily_sharpe=sharpe.value,
        skewness=sharpe.skewness,
        kurtosis=sharpe.kurtosis,
        block=resampled.block,
        why=sharpe.why,
        why_sharpe=resampled.sharpe.why,
        why_return=resampled.total.why,
    )
