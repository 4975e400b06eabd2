"""The page of a study, and the overview of several: all that a run found, in one look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from backtests.account.performance import performance
from backtests.account.result import REASONS, Result
from backtests.command.values import rows_of
from backtests.judging.calls import section as calls_section
from backtests.judging.diagnosis import Diagnosis, diagnose
from backtests.judging.returns import Deflation
from backtests.judging.returns import section as chance_section
from backtests.judging.sensitivity import section
from backtests.judging.shift_test import section as shifts_section
from backtests.judging.skill import section as skill_section
from backtests.report.charts.study import draw_figures
from backtests.report.lead import findings, net, who
from backtests.report.rendering import render
from backtests.report.sections.errors import errors_by_fold, errors_of
from backtests.report.sections.errors import section as error_section
from backtests.report.sections.facts import facts
from backtests.report.sections.members import timeline
from backtests.report.sections.trades import WHYS, trade_table, unfilled, unfilled_table
from backtests.report.summary import Value, forecaster_rows, summary_rows
from backtests.report.tables import paper as report_tables
from backtests.studies.study import HELD, Study
from backtests.writing.atomic import write_text
from backtests.writing.numbers import count, level, listed, percent, points

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
    study: Study,
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
    rows, judgement = _rows(study), study.judgement
    whys, unfilled_rows = unfilled_table(study.results)
    html = render(
        "index.html",
        heading=_heading(study.heading, study.simulated), simulated=study.simulated,
        span=_span(study, rows), pooled=study.pooled,
        verdict=judgement.headline if judgement else [],
        words={(v.forecaster, v.strategy): v for v in judgement.verdicts} if judgement else {},
        skill=skill_section(judgement.skill) if judgement else None,
        chance=chance_section(judgement.chance, deflation) if judgement else None,
        shifts=shifts_section(judgement.shifted) if judgement else None,
        found=findings(study), tiles=_tiles(study), facts=facts(study),
        rows=sorted(rows, key=lambda row: row["strategy"] != HELD), worse=_worse(rows),
        links={label: quote(path, safe="/=,@+~:") for label, path in tearsheets.items()},
        currency=study.currency, horizon=study.horizon,
        figures={"returns": "", "losses": "", "closes": "", **draw_figures(folder / "figures", study)},
        readings=list(study.readings.items()), exits=_exits(study), diagnoses=_diagnoses(study),
        trades=trade_table(study), unfilled_whys=whys, unfilled_words=WHYS, unfilled_rows=unfilled_rows,
        members=timeline(study), errors=errors_of(study), measures=error_section(study),
        calls=calls_section(study.calls),
        sensitivity=section(study.sensitivity, study.held),
        folds=errors_by_fold(study), costs_note=study.costs_note,
        conventions=_conventions(study), digests=[(bars.ticker, bars.digest) for bars in study.bars.values()],
        **_run(manifest, root),
    )  # fmt: skip
    return write_text(folder / "index.html", html)


def write_overview(folder: Path, studies: Sequence[Study], manifest: Mapping[str, Any]) -> Path:
    """Write the ``index.html`` over several tickers, each with its page in ``<ticker>/``."""
    if not studies:
        raise ValueError("no studies, so no overview; a run has one ticker at least")
    simulated = [study.account for study in studies if study.simulated]
    rows = [{**row, "page": _page(study)} for study in studies for row in _rows(study)]
    tickers = [_ticker(study) for study in studies]
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


def _rows(study: Study) -> list[dict[str, Value]]:
    """Return the rows of the summary, with what was not filled in words."""
    rows = summary_rows(study)
    for row, result in zip(rows, study.results, strict=True):
        told = unfilled(result)
        row["unfilled"] = ", ".join(f"{told[why]:,} {why}" for why in REASONS if told[why])
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


def _tiles(study: Study) -> list[dict[str, str]]:
    """Return the four figures that a reader looks for first."""
    judged = [
        row
        for row in forecaster_rows(study)
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


def _exits(study: Study) -> dict[str, Any]:
    """Return the exits side by side: a row for each forecaster that bought under one of them."""
    by_name: dict[str, dict[str, Result]] = {}
    names: dict[str, None] = {}
    for result in study.exits:
        name = result.strategy.partition("exit=")[2].split(",")[0] or "entry"
        names[name] = None
        by_name.setdefault(result.forecaster or result.strategy, {})[name] = result
    bought = {who: exits for who, exits in by_name.items() if any(r.trades for r in exits.values())}
    cells = [
        (who, [performance(exits[name]) if name in exits else None for name in names])
        for who, exits in bought.items()
    ]
    return {
        "names": list(names),
        "rows": cells,
        "idle": [who for who in by_name if who not in bought],
    }


def _diagnoses(study: Study) -> list[dict[str, Any]]:
    """Return a group for each rule with a threshold: every forecaster's diagnosis."""
    groups = []
    for strategy, threshold in study.thresholds.items():
        results = {
            result.forecaster: result for result in study.results if result.strategy == strategy
        }
        foresight = next(
            (result for result in study.foresight if result.strategy == strategy), None
        )
        diagnosed: list[Diagnosis] = [
            diagnose(own, threshold, results.get(name), foresight)
            for name, own in study.by_forecaster.items()
        ]
        if not diagnosed:
            continue
        groups.append({
            "strategy": strategy, "all": diagnosed, "levels": [level(passed.level) for passed in diagnosed[0].passed],
            "market": diagnosed[-1].market(),
            "told": [d.own_sentences() for d in diagnosed],
        })  # fmt: skip
    return groups


def _conventions(study: Study) -> list[str]:
    bars = next(iter(study.bars.values()))
    a_year = study.results[0].periods_per_year if study.results else bars.periods_per_year
    return [
        "CAGR runs over calendar days, 365.25 a year. The Sharpe ratio is that of daily returns without a risk-free "
        f"rate, times the root of the {a_year:.1f} a year that the out-of-sample sessions show.",
        "Gross gives commission, tax and slippage of the same fills back; it is not a run without costs. Costs are a "
        "share of the cash at the start; gross less costs is net. Break-even is the cost of a side, in basis points of "
        "the value traded, at which the same fills would have earned nothing; beside it stands what they paid.",
        "Exposure is the mean share of the equity in stocks at the close. Trades counts purchases, one still held too.",
        "A day is judged where both the forecast and the close exist. Halts are left out: a repeated close flatters "
        "naive. Naive is judged on the same days as each forecaster.",
        *(
            [
                f"Forecasts look {study.horizon} sessions ahead: a rule compares such a forecast with the close it was "
                "made at, and trades day by day."
            ]
            if study.horizon > 1
            else []
        ),
        "Equity, and buy and hold beside it, cover the out-of-sample sessions only.",
        *(
            [
                "The account begins with the first forecast of any ticker; a ticker listed later joins with its own "
                "first forecast. Buy and hold holds every ticker of the account in equal parts from its first open on, "
                "whichever of them the rules may buy: the line of the market."
            ]
            if study.pooled
            else []
        ),
    ]


def _ticker(study: Study) -> dict[str, Any]:
    """Return one ticker's row of the overview."""
    rows = summary_rows(study)
    errors = {
        row["forecaster"]: row
        for row in forecaster_rows(study)
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
