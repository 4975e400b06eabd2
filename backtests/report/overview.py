"""The page over several accounts of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from backtests.account.performance import net
from backtests.judging.overall import Overall
from backtests.report.blocks import Page, Section, Text
from backtests.report.opening import judged_models, mape_of
from backtests.report.rendering import render
from backtests.report.sections.files import files_section
from backtests.report.sections.results import result_rows, results_table
from backtests.report.summary import Summary
from backtests.report.table import Cell, Column, Table
from backtests.studies.study import Study
from backtests.writing.atomic import write_text
from backtests.writing.marks import marked, marks
from backtests.writing.names import folder_names
from backtests.writing.numbers import DASH, count, listed, percent, points

Row = Mapping[str, Any]
WAITING = "not judged yet"


def write_overview(
    folder: Path,
    summaries: Sequence[Summary],
    manifest: Mapping[str, Any],
    overalls: Mapping[str, Overall] | None = None,
) -> Path:
    """Write the ``index.html`` over several tickers, each with its page in ``<ticker>/``.

    Parameters
    ----------
    overalls : mapping or None
        Account to its verdicts that count everything; where there is none, those of its page count.
    """
    studies = [summary.study for summary in summaries]
    if not studies:
        raise ValueError("no studies, so no overview; a run has one ticker at least")
    simulated = [study.account for study in studies if study.simulated]
    as_is = [study.account for study in studies if study.as_is]
    pages = _pages(studies)
    rows = [{**row, "page": pages[s.study.account]} for s in summaries for row in result_rows(s)]
    tickers = [_ticker(summary, pages[summary.study.account]) for summary in summaries]
    below = sum(t["below"] > 0 for t in tickers)
    held = [t["held"] for t in tickers if t["held"] is not None]
    findings = [
        f"On {f'{below} of' if below else 'none of'} {count(len(studies), 'ticker')} did a forecaster have a lower "
        f"error than naive, which says that {studies[0].naive_says}.",
        f"{sum(t['traded'] for t in tickers)} of {sum(t['ruled'] for t in tickers)} combinations of ticker, "
        f"forecaster and rule bought; {sum(t['above'] for t in tickers)} of them ended above buy and hold.",
    ]
    if words := _words(studies, overalls or {}):
        findings.insert(1, words)
    if held:
        findings.append(
            f"The median of buy and hold after costs is {percent(float(np.median(held)))}."
        )
    note = (
        "A larger MAPE than naive on the same days. Each ticker has a separate account. "
        "Costs are in the currency of each listing."
    )
    page = Page(
        heading=marked(count(len(studies), "ticker"), bool(simulated), bool(as_is)),
        simulated=", ".join(simulated),
        as_is=", ".join(as_is),
        span=", ".join(study.account for study in studies),
        verdict=[],
        found=findings,
        tiles=[],
        facts=[],
        sections=[
            Section("By ticker", "", [Table(TICKERS, tickers, "tickers")]),
            Section(
                "Every result",
                "",
                [results_table(rows, {}, "", several=True), Text(note, faint=True, key=True)],
            ),
            files_section(manifest),
        ],
    )
    return write_text(folder / "index.html", render("page.html", page=page))


def _pages(studies: Sequence[Study]) -> dict[str, str]:
    """Return by account the address of its page."""
    folders = folder_names([study.account for study in studies])
    return {account: f"{quote(folder)}/index.html" for account, folder in folders.items()}


def _words(studies: Sequence[Study], overalls: Mapping[str, Overall]) -> str:
    """Return how often each verdict on a forecaster was given, over several tickers."""
    judged = [overalls.get(s.account) or s.judgement for s in studies]
    words = Counter(v.word for one in judged if one for v in one.forecasts)
    if not words:
        return ""
    counts = [f"{number:,} {word}" for word, number in words.most_common()]
    return (
        f"Beside naive, of {count(words.total(), 'pair')} of ticker and forecaster: {listed(counts)}, each adjusted "
        "for what was looked at on its ticker alone: among many tickers some are better by chance."
    )


def _ticker(summary: Summary, page: str) -> dict[str, Any]:
    """Return one ticker's row of the overview."""
    study, rows, models = summary.study, summary.rows, judged_models(summary)
    held, ruled = study.held, study.ruled
    traded = [result for result in ruled if result.trades]
    lowest = min(models, key=mape_of, default=None)
    return {
        "ticker": study.account,
        "page": page,
        "marks": marks(study.simulated, study.as_is),
        "source": next(iter(study.bars.values())).origin.source,
        "start": rows[0]["start"],
        "end": rows[0]["end"],
        "held": net(held) if held else None,
        "below": sum(row["beats_naive"] is True for row in models),
        "models": len(models),
        "naive": lowest["mape_naive"] if lowest else None,
        "lowest": lowest["mape"] if lowest else None,
        "lowest_name": lowest["forecaster"] if lowest else None,
        "ruled": len(ruled),
        "traded": len(traded),
        "above": sum(net(result) > net(held) for result in traded) if held else 0,
    }


TICKERS: tuple[Column[Row], ...] = (
    Column(
        "Ticker",
        lambda row: Cell(row["ticker"], href=row["page"], mark=row["marks"]),
        name=True,
    ),
    Column("Source", lambda row: row["source"], left=True),
    Column("Sessions traded", lambda row: f"{row['start']} to {row['end']}", left=True),
    Column("Buy and hold", lambda row: Cell(percent(row["held"]), "not run")),
    Column(
        "Below naive",
        lambda row: f"{row['below']} of {row['models']}",
        "forecasters with a lower MAPE than naive",
    ),
    Column("MAPE of naive", lambda row: Cell(points(row["naive"]), WAITING)),
    Column("Lowest MAPE", lambda row: Cell(points(row["lowest"]), WAITING)),
    Column("by", lambda row: Cell(row["lowest_name"] or DASH, WAITING), name=True),
    Column("Rules that bought", lambda row: f"{row['traded']} of {row['ruled']}"),
    Column("Above buy and hold", lambda row: f"{row['above']}", "of those, after costs"),
)
