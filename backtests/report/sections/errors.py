"""The forecast errors of a study as a page shows them: by forecaster, fold and ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backtests.report.summary import Summary
from backtests.studies.study import Study
from backtests.writing.numbers import listed, percent
from forecasters.measures.metrics import mape


def section(summary: Summary) -> dict[str, Any] | None:
    """Return what the page shows of the errors; None of a study without forecasts.

    `rows` are those of `errors_of`, `over` that of `errors_over_tickers`, `sentences` what the direction
    and the lag test say of all of them.
    """
    if not summary.errors:
        return None
    rows = errors_of(summary)
    models = {name: errors for name, errors in rows if name != "naive" and errors}
    return {"rows": rows, "over": errors_over_tickers(summary), "sentences": _sentences(models)}


def _sentences(models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return in words which forecasters pass the majority, and which repeat the last close."""
    sentences = []
    signs = {n: m["direction"] for n, m in models.items() if m["direction"]["share"] is not None}
    if signs:
        above = [name for name, d in signs.items() if d["low"] > d["majority"]]
        who = listed(above) if above else f"None of {len(signs)} forecasters"
        if len(signs) == 1 and not above:
            (who,) = signs
        had = "did not have" if len(signs) == 1 and not above else "had"
        most = max(d["majority"] for d in signs.values())
        sentences.append(
            f"{who} {had} the direction right more often than the more frequent sign would "
            f"({percent(most, 0, sign=False)} of the days that moved), with all of the 95% interval above it."
        )
    if late := [name for name, m in models.items() if m["lag"]["repeats"]]:
        sentences.append(
            f"The line of {listed(late)} is the line of the price, late. In a chart of prices, a forecast that "
            "only repeats the last close looks good, and so does a forecast with a small true skill. R2 and the "
            "correlation of returns show the difference."
        )
    if ahead := [name for name, m in models.items() if m["lag"]["ahead"]]:
        sentences.append(
            f"{listed(ahead)} moved with the day that was forecast. With daily prices this is rarely real: "
            "audit the forecaster for look-ahead."
        )
    return sentences


def errors_of(summary: Summary) -> list[tuple[str, Mapping[str, Any] | None]]:
    """Return the errors of each forecaster on the one ticker; nothing of a universe.

    None stands for a forecaster without a judged row.
    """
    if summary.study.pooled:
        return []
    return [
        (name, errors if errors["rows"] else None)
        for name, by_ticker in summary.errors.items()
        for errors in by_ticker.values()
    ]


def errors_over_tickers(summary: Summary) -> dict[str, Any]:
    """Return the errors of each forecaster over the tickers of a universe, and by ticker."""
    if not summary.study.pooled:
        return {}
    errors = {
        name: {ticker: judged for ticker, judged in by_ticker.items() if judged["rows"]}
        for name, by_ticker in summary.errors.items()
    }
    tickers = [
        (
            ticker,
            errors["naive"].get(ticker, {}).get("rows"),
            [by_ticker.get(ticker, {}).get("mape") for by_ticker in errors.values()],
        )
        for ticker in summary.study.tickers
    ]
    rows = [_over(name, list(by_ticker.values())) for name, by_ticker in errors.items()]
    return {"rows": rows, "names": list(errors), "tickers": tickers}


def _over(name: str, errors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one forecaster's medians over the tickers that can be judged."""
    if not errors:
        return {"name": name, "tickers": 0}
    error, naive, nrmse = (
        np.array([m[key] for m in errors], dtype=np.float64)
        for key in ("mape", "mape_naive", "nrmse")
    )
    ratio = error / naive
    signs = [m["direction"] for m in errors]
    moved = sum(d["moved"] for d in signs)
    return {
        "name": name,
        "tickers": len(errors),
        "days": sum(m["rows"] for m in errors),
        "mape": float(np.median(error)),
        "naive": float(np.median(naive)),
        "ratio": float(np.median(ratio)),
        "low": float(ratio.min()),
        "high": float(ratio.max()),
        "below": int((error < naive).sum()),
        "nrmse": float(np.median(nrmse)),
        "mase": _median(errors, "mase"),
        "theil_u": _median(errors, "theil_u"),
        "r2_return": _median(errors, "r2_return"),
        "repeats": sum(m["lag"]["repeats"] for m in errors),
        "direction": sum(d["hits"] for d in signs) / moved
        if moved and any(d["share"] is not None for d in signs)
        else None,
        "majority": sum(d["majority"] * d["moved"] for d in signs if d["moved"]) / moved
        if moved
        else None,
        "smallest": min(m["smallest_forecast_return"] for m in errors),
        "largest": max(m["largest_forecast_return"] for m in errors),
    }


def _median(errors: Sequence[Mapping[str, Any]], key: str) -> float | None:
    """Return the median over the tickers that have the figure."""
    known = [m[key] for m in errors if m[key] is not None]
    return float(np.median(known)) if known else None


def errors_by_fold(study: Study) -> list[dict[str, Any]]:
    """Return each fold's test sessions and every forecaster's MAPE there; nothing of a universe."""
    if study.pooled:
        return []
    (forecasts,) = study.forecasts.values()
    folds = []
    for name in np.unique(forecasts[0].fold):
        rows = forecasts[0].fold == name
        days = forecasts[0].as_of[rows]
        errors = []
        for f in forecasts:
            judged = (
                f.judged & rows
            )  # the same sessions for all, also where the folds of `f` differ
            errors.append(mape(f.actual[judged], f.close[judged]) if judged.any() else None)
        judged_days = int((forecasts[0].judged & rows).sum())
        folds.append(
            {"first": str(days[0]), "last": str(days[-1]), "judged": judged_days, "mape": errors}
        )
    return folds
