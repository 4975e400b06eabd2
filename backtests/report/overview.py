"""The page over several accounts of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backtests.account.performance import net
from backtests.report.page import _float, _heading, _page, _rows, _run
from backtests.report.rendering import render
from backtests.report.summary import Summary
from backtests.studies.study import Study
from backtests.writing.atomic import write_text
from backtests.writing.numbers import count, listed, percent


def write_overview(folder: Path, summaries: Sequence[Summary], manifest: Mapping[str, Any]) -> Path:
    """Write the ``index.html`` over several tickers, each with its page in ``<ticker>/``."""
    studies = [summary.study for summary in summaries]
    if not studies:
        raise ValueError("no studies, so no overview; a run has one ticker at least")
    simulated = [study.account for study in studies if study.simulated]
    rows = [{**row, "page": _page(s.study)} for s in summaries for row in _rows(s)]
    tickers = [_ticker(summary) for summary in summaries]
    below = sum(t["below"] > 0 for t in tickers)
    held = [t["held"] for t in tickers if t["held"] is not None]
    found = [
        f"On {f'{below} of' if below else 'none of'} {count(len(studies), 'ticker')} did a forecaster have a lower "
        f"error than naive, which says that {studies[0].naive_says}.",
        f"{sum(t['traded'] for t in tickers)} of {sum(t['ruled'] for t in tickers)} combinations of ticker, "
        f"forecaster and rule bought; {sum(t['above'] for t in tickers)} of them ended above buy and hold.",
    ]
    if words := _words(studies):
        found.insert(1, words)
    if held:
        found.append(
            f"The median of buy and hold after costs is {percent(float(np.median(held)))}."
        )
    html = render(
        "overview.html", heading=_heading(count(len(studies), "ticker"), bool(simulated)),
        simulated=", ".join(simulated), span=", ".join(study.account for study in studies),
        found=found, tickers=tickers, rows=rows,
        **_run(manifest, ""),
    )  # fmt: skip
    return write_text(folder / "index.html", html)


def _words(studies: Sequence[Study]) -> str:
    """Return how often each verdict on a forecaster was said, over several tickers."""
    said = Counter(v.word for s in studies if s.judgement for v in s.judgement.forecasts)
    if not said:
        return ""
    told = [f"{number:,} {word}" for word, number in said.most_common()]
    return (
        f"Beside naive, of {count(said.total(), 'pair')} of ticker and forecaster: {listed(told)}, each adjusted "
        "for the forecasters of its ticker alone: among many tickers some are better by chance."
    )


def _ticker(summary: Summary) -> dict[str, Any]:
    """Return one ticker's row of the overview."""
    study, rows = summary.study, summary.rows
    errors = {
        row["forecaster"]: row
        for row in summary.forecaster_rows
        if row["mape"] is not None and row["forecaster"] != "naive"
    }
    held, ruled = study.held, study.ruled
    traded = [result for result in ruled if result.trades]
    lowest = min(errors.values(), key=lambda row: _float(row["mape"]), default=None)
    return {
        "ticker": study.account, "page": _page(study), "simulated": study.simulated,
        "source": next(iter(study.bars.values())).origin.source, "start": rows[0]["start"], "end": rows[0]["end"],
        "held": net(held) if held else None,
        "below": sum(row["beats_naive"] is True for row in errors.values()), "models": len(errors),
        "naive": lowest["mape_naive"] if lowest else None, "lowest": lowest["mape"] if lowest else None,
        "lowest_name": lowest["forecaster"] if lowest else None,
        "ruled": len(ruled), "traded": len(traded),
        "above": sum(net(result) > net(held) for result in traded) if held else 0,
    }  # fmt: skip
