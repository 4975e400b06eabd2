"""The section on chance: intervals, deflated Sharpe ratios, overfitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.account.performance import FEW_TRADES
from backtests.judging.deflation import Deflated, DeflatedChance, Deflation
from backtests.judging.returns import ResultChance
from backtests.judging.verdict import CANNOT_SAY
from backtests.statistics.bootstrap import DRAWS
from backtests.statistics.overfitting import Overfit
from backtests.writing.numbers import between, count, listed, number, percent, probability


def section(judged: DeflatedChance) -> dict[str, Any] | None:
    """Return the rows and the sentences of the section; None without a result.

    There is a row for each result with a Sharpe ratio, buy and hold first. Without a deflation
    there are no columns of the ledger.
    """
    chance, deflation = judged.chance, judged.deflation
    if not chance.results:
        return None
    deflated = deflation.results if deflation else [None] * len(chance.results)
    rows = [
        _row(result, beside)
        for result, beside in zip(chance.results, deflated, strict=True)
        if result.sharpe is not None
    ]
    return {
        "rows": sorted(rows, key=lambda row: not row["reference"]),
        "deflated": deflation is not None,
        "told": [
            *_few(chance.results),
            *_counted(deflation),
            _overfit(chance.overfit),
        ],
        "warning": deflation.warning if deflation else "",
        "idle": _idle(chance.results),
        "draws": DRAWS,
    }


def _name(result: ResultChance) -> str:
    return f"{result.forecaster} {result.strategy}" if result.forecaster else result.strategy


def _row(result: ResultChance, deflated: Deflated | None) -> dict[str, Any]:
    needed = "the Sharpe ratio is not above 0"
    if result.needed is not None:
        needed = f"at 95% it would take {count(result.needed, 'session')} like these; there are {result.n:,}"
    return {
        "forecaster": result.forecaster,
        "strategy": result.strategy,
        "reference": result.reference,
        "few": result.few,
        "closed": f"{result.closed:,}",
        "sharpe": number(result.sharpe),
        "sharpe_interval": between(result.sharpe_low, result.sharpe_high, number),
        "why_sharpe": result.why_sharpe,
        "total_return": result.total_return,
        "return_interval": between(result.return_low, result.return_high, percent),
        "why_return": result.why_return,
        "psr": probability(result.psr),
        "needed": "" if result.psr is None else needed,
        "dsr": probability(deflated.dsr if deflated else None),
        "why_deflated": "buy and hold is no trial" if result.reference else result.why_sharpe,
        "word": CANNOT_SAY if result.few else "",
    }


def _few(judged: Sequence[ResultChance]) -> list[str]:
    """Return how many of the results that traded have too few trades for a verdict."""
    tried = [result for result in judged if not result.reference and result.sharpe is not None]
    few = sum(result.few for result in tried)
    if not few:
        return []
    have = "has" if few == 1 else "have"
    return [
        f"{few:,} of {count(len(tried), 'result')} that traded {have} fewer than {FEW_TRADES} closed trades: "
        f"the verdict is \u201c{CANNOT_SAY}\u201d, whatever the figures."
    ]


def _idle(judged: Sequence[ResultChance]) -> list[str]:
    """Return which results have no Sharpe ratio, by reason."""
    whys: dict[str, list[str]] = {}
    for result in judged:
        if result.sharpe is None:
            whys.setdefault(result.why, []).append(_name(result))
    return [f"No Sharpe ratio, because {why}: {listed(names)}." for why, names in whys.items()]


def _counted(deflation: Deflation | None) -> list[str]:
    """Return how many trials the ledger holds, and what the best of them shows without skill."""
    if deflation is None:
        return []
    hurdles = [result.expected for result in deflation.results if result.expected is not None]
    since = f" since {deflation.since}" if deflation.since else ""
    trials = f"{count(deflation.trials, 'trial')} on these prices{since}, counted in {deflation.file} beside the runs"
    trials += f" (results, other thresholds and exits, grids, each once; {deflation.new or 'none'} new with this run)"
    if deflation.trials < 2 or not hurdles:
        return [f"{trials}."]
    return [
        f"{trials}: the best of so many without skill is expected to show a yearly Sharpe ratio of "
        f"{number(max(hurdles))}. The column Deflated says how likely a true ratio above that is."
    ]


def _overfit(overfit: Overfit) -> str:
    if overfit.pbo is None:
        return f"The probability of backtest overfitting is not known: {overfit.why}."
    return (
        f"Probability of backtest overfitting: {percent(overfit.pbo, 0, sign=False)}. In that share of the "
        f"{overfit.splits:,} ways to halve the sessions, the best of {count(overfit.variants, 'variant')} in one half "
        "is not above the middle of them in the other; variants without skill give 50%. A low share says that the "
        "order of the variants lasts, not that any of them earns."
    )
