"""The page of a study, and the overview of several: all that a run found, in one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from backtests.account.performance import net
from backtests.account.result import REASONS, who
from backtests.command.values import rows_of
from backtests.judging.deflation import DeflatedChance, Deflation
from backtests.judging.sensitivity import Sweep
from backtests.report.charts.study import draw_figures
from backtests.report.lead import findings
from backtests.report.rendering import render
from backtests.report.rows import Value
from backtests.report.sections.calls import section as calls_section
from backtests.report.sections.chance import section as chance_section
from backtests.report.sections.conventions import _conventions
from backtests.report.sections.diagnosis import section as diagnosis_section
from backtests.report.sections.errors import errors_by_fold, errors_of
from backtests.report.sections.errors import section as error_section
from backtests.report.sections.exits import Exits
from backtests.report.sections.exits import section as exits_section
from backtests.report.sections.facts import facts
from backtests.report.sections.members import timeline
from backtests.report.sections.sensitivity import section as sensitivity_section
from backtests.report.sections.shifts import section as shifts_section
from backtests.report.sections.skill import section as skill_section
from backtests.report.sections.trades import WHYS, trade_table, unfilled, unfilled_table
from backtests.report.sections.verdict import section as verdict_section
from backtests.report.summary import Summary
from backtests.report.tables import paper as report_tables
from backtests.studies.study import HELD, Study
from backtests.writing.atomic import write_text
from backtests.writing.numbers import count, percent, points

FILES = (
    *report_tables.FILES,
    "manifest.json",
    "metrics.csv",
    "fills.csv",
    "trades.csv",
    "orders.csv",
    "sensitivity.csv",
    "forecasts.parquet",
    "equity.parquet",
)


def write_index(
    folder: Path,
    summary: Summary,
    manifest: Mapping[str, Any],
    tearsheets: Mapping[str, str],
    root: str = "",
    deflation: Deflation | None = None,
) -> Path:
    """Write ``index.html`` and ``figures/`` of a study into `folder`; return the page's path.

    Parameters
    ----------
    manifest : mapping
        Shown are `key`, `digest` and `config`.
    tearsheets : mapping
        Label of a result to the path of its tearsheet, relative to `folder`.
    root : str
        Where the run's files lie, relative to `folder`: ``../`` for one ticker of several.
    deflation : Deflation or None
        What the ledger of trials makes of the Sharpe ratios.
    """
    study = summary.study
    rows, judgement = _rows(summary), study.judgement
    verdict = verdict_section(judgement) if judgement else {"headline": [], "words": {}}
    whys, unfilled_rows = unfilled_table(study.results)
    html = render(
        "index.html",
        heading=_heading(study.heading, study.simulated), simulated=study.simulated,
        span=_span(study, rows), pooled=study.pooled,
        verdict=verdict["headline"], words=verdict["words"],
        skill=skill_section(judgement.skill) if judgement else None,
        chance=chance_section(DeflatedChance(judgement.chance, deflation)) if judgement else None,
        shifts=shifts_section(judgement.shifted) if judgement else None,
        found=findings(summary), tiles=_tiles(summary), facts=facts(study),
        rows=sorted(rows, key=lambda row: row["strategy"] != HELD), worse=_worse(rows),
        links={label: quote(path, safe="/=,@+~:") for label, path in tearsheets.items()},
        currency=study.currency, horizon=study.horizon,
        figures={"returns": "", "losses": "", "closes": "", **draw_figures(folder / "figures", study)},
        readings=list(study.readings.items()), exits=exits_section(Exits(study.exits, study.exit_meanings)),
        diagnoses=diagnosis_section(summary.diagnoses),
        trades=trade_table(study), unfilled_whys=whys, unfilled_words=WHYS, unfilled_rows=unfilled_rows,
        members=timeline(study), errors=errors_of(summary), measures=error_section(summary),
        calls=calls_section(study.calls),
        sensitivity=sensitivity_section(Sweep(study.sensitivity, study.swept, study.held)),
        folds=errors_by_fold(study), costs_note=study.costs_note,
        conventions=_conventions(study), digests=[(bars.ticker, bars.digest) for bars in study.bars.values()],
        **_run(manifest, root),
    )  # fmt: skip
    return write_text(folder / "index.html", html)


def _rows(summary: Summary) -> list[dict[str, Value]]:
    """Return the rows of the summary, with what was not filled in words."""
    rows = []
    for row, result in zip(summary.rows, summary.study.results, strict=True):
        counts = unfilled(result)
        words = ", ".join(f"{counts[why]:,} {why}" for why in REASONS if counts[why])
        rows.append({**row, "unfilled": words})
    return rows


def _heading(name: str, simulated: bool) -> str:
    return f"SIMULATED · {name}" if simulated else name


def _span(study: Study, rows: Sequence[Mapping[str, Value]]) -> str:
    first, last = (
        pick(bars.sessions[at] for bars in study.bars.values())
        for pick, at in ((min, 0), (max, -1))
    )
    what = f"One account for {count(len(study.tickers), 'ticker')}. " if study.pooled else ""
    traded = f"; traded out of sample {rows[0]['start']} to {rows[0]['end']}" if rows else ""
    return f"{what}Daily bars {first} to {last}{traded}."


def _page(study: Study) -> str:
    return f"{quote(study.account)}/index.html"


def _float(value: Value) -> float:
    return float(value or 0.0)


def _worse(rows: Sequence[Mapping[str, Value]]) -> bool:
    return any(
        row["mape"] is not None and _float(row["mape"]) > _float(row["mape_naive"]) for row in rows
    )


def _run(manifest: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Return what a page shows of the manifest; what it lacks is said, not an error."""
    return {
        "key": manifest.get("key", "not recorded"),
        "digest": manifest.get("digest", "not recorded"),
        "config": rows_of(manifest),
        "files": [root + name for name in FILES],
    }


def _tiles(summary: Summary) -> list[dict[str, str]]:
    """Return the four figures that a reader looks for first."""
    study = summary.study
    judged = [
        row
        for row in summary.forecaster_rows
        if row["mape"] is not None and row["forecaster"] != "naive"
    ]
    tiles = []
    if judged:
        over = ", median" if study.pooled else ""
        best = min(judged, key=lambda row: _float(row["mape"]))
        tiles += [
            {
                "name": f"MAPE of naive{over}",
                "value": points(_float(best["mape_naive"])),
                "note": study.naive_says,
            },
            {
                "name": f"Lowest MAPE{over}",
                "value": points(_float(best["mape"])),
                "note": f"{best['forecaster']}",
            },
        ]
    held, ruled = study.held, study.ruled
    if held:
        note = "after costs" if held.trades else "never bought"
        tiles.append({"name": "Buy and hold", "value": percent(net(held)), "note": note})
    traded = [result for result in ruled if result.trades]
    if traded:
        best_rule = max(traded, key=net)
        word = (
            study.judgement.word(best_rule.forecaster, best_rule.strategy)
            if study.judgement
            else None
        )
        note = f"{who(best_rule, ', ')}: highest of {len(ruled)}, after costs{f'; {word}' if word else ''}"
        tiles.append({"name": "Highest rule", "value": percent(net(best_rule)), "note": note})
    elif ruled:
        tiles.append(
            {
                "name": "Rules that bought",
                "value": f"0 of {len(ruled)}",
                "note": "see the diagnosis",
            }
        )
    return tiles
