"""The section on chance: intervals, deflated Sharpe ratios, overfitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backtests.account.performance import FEW_TRADES
from backtests.judging.deflation import Deflated, DeflatedChance, Deflation
from backtests.judging.returns import ResultChance
from backtests.judging.verdict import CANNOT_SAY
from backtests.report.blocks import Block, Section, Text
from backtests.report.table import Cell, Column, Table, signed
from backtests.statistics.bootstrap import DRAWS
from backtests.statistics.overfitting import Overfit
from backtests.writing.numbers import DASH, between, count, listed, number, percent, probability


def values_of(judged: DeflatedChance) -> dict[str, Any] | None:
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
        "sentences": [
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
    trials = (
        f"{count(deflation.trials, 'trial')} on these prices{since}, counted in {deflation.file}"
    )
    trials += (
        " (forecasters, results, other thresholds and exits, seeds and windows, grids, each once; "
        f"{deflation.new or 'none'} new with this run)"
    )
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


Row = Mapping[str, Any]
#: (forecaster, rule) to the `word` and the `sentence` of its verdict.
Words = Mapping[tuple[str | None, str | None], Mapping[str, str]]


def section(judged: DeflatedChance, words: Words) -> Section | None:
    """Return the section on chance; None without a result.

    Parameters
    ----------
    words : mapping
        The verdicts; a result without one has the word of its row.
    """
    chance = values_of(judged)
    if chance is None:
        return None
    blocks: list[Block] = [Text(sentence) for sentence in chance["sentences"]]
    if chance["warning"]:
        blocks.append(Text(chance["warning"], key=True, note=True))
    rows: list[Row] = chance["rows"]
    if rows:
        note = (
            f"Intervals: the middle 95% of {chance['draws']:,} resamples of the daily returns, drawn in blocks "
            "(stationary bootstrap). The probabilities allow for the skewness and the tails of the returns. A rule "
            "that is mostly invested earns the market, so compare with buy and hold."
        )
        columns = [*COLUMNS, *([DEFLATED] if chance["deflated"] else []), _verdicts(words)]
        blocks += [Table(columns, rows, "chances", row_class=_row_class), Text(note, faint=True)]
    blocks += [Text(sentence, faint=True) for sentence in chance["idle"]]
    return Section("How much of it is chance", "chance", blocks)


def _row_class(row: Row) -> str:
    return "reference" if row["reference"] else "faint" if row["few"] else ""


def _verdicts(words: Words) -> Column[Row]:
    def cell(row: Row) -> Cell:
        verdict = words.get((row["forecaster"], row["strategy"]))
        return Cell(verdict["word"], title=verdict["sentence"]) if verdict else Cell(row["word"])

    return Column("Verdict" if words else "", cell, left=True)


COLUMNS: tuple[Column[Row], ...] = (
    Column(
        "Forecaster",
        lambda row: Cell(row["forecaster"] or DASH, "this rule needs no forecast"),
        name=True,
    ),
    Column("Rule", lambda row: row["strategy"], name=True),
    Column("Closed trades", lambda row: row["closed"], "purchases that were sold again"),
    Column("Sharpe", lambda row: row["sharpe"], "a year's, after costs, without a risk-free rate"),
    Column(
        "95% interval",
        lambda row: Cell(row["sharpe_interval"], row["why_sharpe"]),
        "the middle 95% of the resamples",
    ),
    Column("Net", lambda row: signed(row["total_return"]), "return after costs"),
    Column(
        "95% interval",
        lambda row: Cell(row["return_interval"], row["why_return"]),
        "the middle 95% of the resamples",
    ),
    Column(
        "Above 0",
        lambda row: Cell(row["psr"], row["why_sharpe"], row["needed"]),
        "probability that the true Sharpe ratio is above 0 (probabilistic Sharpe ratio)",
    ),
)
#: Where the ledger of trials is known.
DEFLATED = Column[Row](
    "Deflated",
    lambda row: Cell(row["dsr"], row["why_deflated"]),
    "probability that the true Sharpe ratio is above the one expected of the best of all trials without skill "
    "(deflated Sharpe ratio)",
)
