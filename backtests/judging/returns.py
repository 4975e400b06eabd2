"""How much of a return is chance: intervals, the Sharpe ratio after all that was looked at, overfitting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests.account.performance import FEW_TRADES, performance
from backtests.account.result import Result
from backtests.judging.sensitivity import Point
from backtests.statistics.bootstrap import DRAWS, Resampled, resample
from backtests.statistics.overfitting import Overfit, cscv
from backtests.statistics.sharpe import (
    deflated_sharpe,
    expected_maximum,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_of,
)
from backtests.trials.ledger import Counted
from backtests.writing.numbers import count, listed, number, percent

CANNOT_SAY = "cannot say"


@dataclass(frozen=True)
class ResultChance:
    """What chance could have made of one result. Sharpe ratios are a year's, but for `daily_sharpe`.

    Attributes
    ----------
    reference : bool
        Buy and hold: what the others are compared with, and no trial.
    closed : int
        Purchases that were sold again.
    few : bool
        Fewer than 30 of them: the figures are there, the word is "cannot say".
    sharpe : float or None
        As `performance` has it; `why` says why not.
    sharpe_low, sharpe_high, return_low, return_high : float or None
        Middle 95% of the bootstrap; `why_sharpe` and `why_return` say why not.
    total_return : float
        After costs.
    psr : float or None
        Probability that the true Sharpe ratio is above 0 (probabilistic Sharpe ratio). None where
        there is no interval either: the account moved on too few days for an error to be known.
    needed : int or None
        Sessions like these that would show so at 95%; None where the ratio is not above 0 or `psr` None.
    n : int
        Daily returns, those after the first session.
    daily_sharpe, skewness, kurtosis : float or None
        Of them; kurtosis is 3 for a normal distribution.
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
    """All of an account that does not depend on the ledger of trials."""

    results: tuple[ResultChance, ...]
    overfit: Overfit


def judge_returns(
    results: Sequence[Result],
    points: Sequence[Point] = (),
    held: Result | None = None,
    seed: int = 0,
) -> Chance:
    """Return what chance could have made of each result, and how far the best was picked by luck.

    Parameters
    ----------
    results : sequence of Result
        What was tried on one account, over the same sessions.
    points : sequence of Point
        What else was looked at, for the probability of overfitting alone.
    held : Result or None
        Buy and hold, judged last and beside them.
    """
    every = [*results, held] if held is not None else list(results)
    if not every:
        return Chance((), Overfit(None, 0, 0, 0, 0, "nothing was traded"))
    daily = np.stack([result.returns[1:] for result in every], axis=1)
    resampled = resample(daily, seed)
    judged = tuple(
        _judge(result, own, result is held) for result, own in zip(every, resampled, strict=True)
    )
    tried = [result.returns[1:] for result in results]
    tried += [point.daily[1:] for point in points if point.daily.size]
    columns = np.stack(tried, axis=1) if tried else np.empty((daily.shape[0], 0))
    return Chance(judged, cscv(columns))


def _judge(result: Result, resampled: Resampled, reference: bool) -> ResultChance:
    daily = result.returns[1:]
    sharpe = sharpe_of(daily)
    figures = performance(result)
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
    first = 1 + float(result.returns[0])  # the first session, which no resample moves

    def whole(end: float | None) -> float | None:
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
        total_return=float(figures["total_return"] or 0.0),
        return_low=whole(resampled.total.low),
        return_high=whole(resampled.total.high),
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


def section(chance: Chance, deflation: Deflation | None = None) -> dict[str, Any] | None:
    """Return what the page shows: a row a result that moved, buy and hold first, and sentences.

    None where there is no result. Without `deflation` the columns of the ledger stay away.
    """
    if not chance.results:
        return None
    deflated = deflation.results if deflation else [None] * len(chance.results)
    rows = [
        _row(own, dsr)
        for own, dsr in zip(chance.results, deflated, strict=True)
        if own.sharpe is not None
    ]
    return {
        "rows": sorted(rows, key=lambda row: not row["reference"]),
        "deflated": deflation is not None,
        "told": [
            *_few(chance.results),
            *_counted(chance.results, deflation),
            _overfit(chance.overfit),
        ],
        "warning": deflation.warning if deflation else "",
        "idle": _idle(chance.results),
        "draws": DRAWS,
    }


def _name(own: ResultChance) -> str:
    return f"{own.forecaster} {own.strategy}" if own.forecaster else own.strategy


def _row(own: ResultChance, deflated: Deflated | None) -> dict[str, Any]:
    needed = "the Sharpe ratio is not above 0"
    if own.needed is not None:
        needed = (
            f"at 95% it would take {count(own.needed, 'session')} like these; there are {own.n:,}"
        )
    return {
        "forecaster": own.forecaster,
        "strategy": own.strategy,
        "reference": own.reference,
        "few": own.few,
        "closed": f"{own.closed:,}",
        "sharpe": number(own.sharpe),
        "sharpe_interval": between(own.sharpe_low, own.sharpe_high, number),
        "why_sharpe": own.why_sharpe,
        "total_return": own.total_return,
        "return_interval": between(own.return_low, own.return_high, percent),
        "why_return": own.why_return,
        "psr": probability(own.psr),
        "needed": "" if own.psr is None else needed,
        "dsr": probability(deflated.dsr if deflated else None),
        "why_deflated": "buy and hold is no trial" if own.reference else own.why_sharpe,
        "word": CANNOT_SAY if own.few else "",
    }


def between(low: float | None, high: float | None, written: Any) -> str:
    """Return an interval, ``-0.31 to 1.20``; a dash where there is none."""
    return number(None) if low is None or high is None else f"{written(low)} to {written(high)}"


def probability(p: float | None) -> str:
    """Return a probability as percent that never rounds to certainty; a dash for None."""
    if p is None:
        return percent(None)
    if p < 0.001 or p > 0.999:
        return "<0.1%" if p < 0.5 else ">99.9%"
    return percent(p, 1, sign=False)


def _few(judged: Sequence[ResultChance]) -> list[str]:
    """Return how many of the results that traded have too few trades to be spoken of."""
    tried = [own for own in judged if not own.reference and own.sharpe is not None]
    few = sum(own.few for own in tried)
    if not few:
        return []
    have = "has" if few == 1 else "have"
    return [
        f"{few:,} of {count(len(tried), 'result')} that traded {have} fewer than {FEW_TRADES} closed trades: "
        f"the word is \u201c{CANNOT_SAY}\u201d, whatever the figures."
    ]


def _idle(judged: Sequence[ResultChance]) -> list[str]:
    """Return which results have no Sharpe ratio, by reason."""
    whys: dict[str, list[str]] = {}
    for own in judged:
        if own.sharpe is None:
            whys.setdefault(own.why, []).append(_name(own))
    return [f"No Sharpe ratio, because {why}: {listed(names)}." for why, names in whys.items()]


def _counted(judged: Sequence[ResultChance], deflation: Deflation | None) -> list[str]:
    if deflation is None:
        return []
    hurdles = [own.expected for own in deflation.results if own.expected is not None]
    since = f" since {deflation.since}" if deflation.since else ""
    told = f"{count(deflation.trials, 'trial')} on these prices{since}, counted in {deflation.file} beside the runs"
    told += f" (results, other thresholds and exits, grids, each once; {deflation.new or 'none'} new with this run)"
    if deflation.trials < 2 or not hurdles:
        return [f"{told}."]
    return [
        f"{told}: the best of so many without skill is expected to show a yearly Sharpe ratio of "
        f"{number(max(hurdles))}. The column Deflated says how likely a true ratio above that is."
    ]


def _overfit(overfit: Overfit) -> str:
    if overfit.pbo is None:
        return f"The probability of backtest overfitting is not told: {overfit.why}."
    return (
        f"Probability of backtest overfitting: {percent(overfit.pbo, 0, sign=False)}. In that share of the "
        f"{overfit.splits:,} ways to halve the sessions, the best of {count(overfit.variants, 'variant')} in one half "
        "is not above the middle of them in the other; variants without skill give 50%. A low share says that the "
        "order of the variants lasts, not that any of them earns."
    )
