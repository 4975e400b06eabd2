"""The section on chance: intervals, deflated Sharpe ratios, overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.account.performance import FEW_TRADES
from backtests.judging.deflation import Deflated, Deflation
from backtests.judging.returns import Chance, ResultChance
from backtests.statistics.bootstrap import DRAWS
from backtests.statistics.overfitting import Overfit
from backtests.writing.numbers import count, listed, number, percent

CANNOT_SAY = "cannot say"


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
