"""What the page of a study opens with: heading, span of time, and the figures in large type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backtests.account.performance import net
from backtests.account.result import who
from backtests.judging.overall import Overall
from backtests.report.blocks import Tile
from backtests.report.rows import Value
from backtests.report.summary import Summary
from backtests.studies.study import Study
from backtests.writing.numbers import count, percent, points


def span_of(summary: Summary) -> str:
    """Return how long the bars reach, and over which sessions the account traded."""
    study, rows = summary.study, summary.rows
    first = min(bars.sessions[0] for bars in study.bars.values())
    last = max(bars.sessions[-1] for bars in study.bars.values())
    account = f"One account for {count(len(study.tickers), 'ticker')}. " if study.pooled else ""
    traded = f"; traded out of sample {rows[0]['start']} to {rows[0]['end']}" if rows else ""
    return f"{account}Daily bars {first} to {last}{traded}."


def judged_models(summary: Summary) -> list[Mapping[str, Value]]:
    """Return the rows of the forecasters that can be judged, naive left out."""
    return [
        row
        for row in summary.forecaster_rows
        if row["mape"] is not None and row["forecaster"] != "naive"
    ]


def mape_of(row: Mapping[str, Value]) -> float:
    """Return the MAPE of a row that has one, in percent."""
    return float(row["mape"] or 0.0)


def tiles_of(summary: Summary, overall: Overall | None = None) -> list[Tile]:
    """Return the figures that a reader looks for first: errors, buy and hold, the highest rule.

    Parameters
    ----------
    overall : Overall or None
        The verdicts that count everything; None: the word is that of the page alone.
    """
    study = summary.study
    return [*_error_tiles(summary), *_held_tiles(study), *_rule_tiles(study, overall)]


def _error_tiles(summary: Summary) -> Sequence[Tile]:
    models = judged_models(summary)
    if not models:
        return []
    over = ", median" if summary.study.pooled else ""
    best = min(models, key=mape_of)
    naive = points(float(best["mape_naive"] or 0.0))
    return [
        Tile(f"MAPE of naive{over}", naive, summary.study.naive_says),
        Tile(f"Lowest MAPE{over}", points(mape_of(best)), f"{best['forecaster']}"),
    ]


def _held_tiles(study: Study) -> Sequence[Tile]:
    held = study.held
    if held is None:
        return []
    return [
        Tile("Buy and hold", percent(net(held)), "after costs" if held.trades else "never bought")
    ]


def _rule_tiles(study: Study, overall: Overall | None) -> Sequence[Tile]:
    ruled = study.ruled
    traded = [result for result in ruled if result.trades]
    if not traded:
        idle = Tile("Rules that bought", f"0 of {len(ruled)}", "see the diagnosis")
        return [idle] if ruled else []
    best = max(traded, key=net)
    judged = overall or study.judgement
    word = judged.word(best.forecaster, best.strategy) if judged else None
    verdict = f"; {word}" if word else ""
    note = f"{who(best, ', ')}: highest of {len(ruled)}, after costs{verdict}"
    return [Tile("Highest rule", percent(net(best)), note)]
