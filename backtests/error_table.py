"""The forecast errors of a study as a page shows them: by forecaster, fold and ticker."""

from __future__ import annotations

from typing import Any

import numpy as np

from backtests.study import Study
from forecasters.forecasts import Forecasts
from forecasters.metrics import forecast_metrics, mape


def errors_of(study: Study) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the errors of each forecaster on the one ticker; nothing of a universe."""
    if study.pooled:
        return []
    return [(name, _metrics(f)) for name, (f,) in study.by_forecaster.items()]


def _metrics(forecasts: Forecasts) -> dict[str, Any] | None:
    return dict(forecast_metrics(forecasts)) if forecasts.judged.any() else None


def errors_over_tickers(study: Study) -> dict[str, Any]:
    """Return the errors of each forecaster over the tickers of a universe, and by ticker."""
    if not study.pooled:
        return {}
    errors = {
        name: {f.ticker: metrics for f in own if (metrics := _metrics(f))}
        for name, own in study.by_forecaster.items()
    }
    by_ticker = [
        (
            ticker,
            errors["naive"].get(ticker, {}).get("rows"),
            [own.get(ticker, {}).get("mape") for own in errors.values()],
        )
        for ticker in study.tickers
    ]
    rows = [_over(name, list(own.values())) for name, own in errors.items()]
    return {"rows": rows, "names": list(errors), "tickers": by_ticker}


def _over(name: str, errors: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one forecaster's medians over the tickers that can be judged."""
    if not errors:
        return {"name": name, "tickers": 0}
    own, naive, nrmse = (
        np.array([m[key] for m in errors], dtype=np.float64)
        for key in ("mape", "mape_naive", "nrmse")
    )
    ratio = own / naive
    return {
        "name": name,
        "tickers": len(errors),
        "days": sum(m["rows"] for m in errors),
        "mape": float(np.median(own)),
        "naive": float(np.median(naive)),
        "ratio": float(np.median(ratio)),
        "low": float(ratio.min()),
        "high": float(ratio.max()),
        "below": int((own < naive).sum()),
        "nrmse": float(np.median(nrmse)),
        "smallest": min(m["smallest_forecast_return"] for m in errors),
        "largest": max(m["largest_forecast_return"] for m in errors),
    }


def errors_by_fold(study: Study) -> list[dict[str, Any]]:
    """Return each fold's test sessions and every forecaster's MAPE there; nothing of a universe."""
    if study.pooled:
        return []
    (own,) = study.forecasts.values()
    folds = []
    for name in np.unique(own[0].fold):
        rows = own[0].fold == name
        days = own[0].as_of[rows]
        errors = []
        for f in own:
            judged = f.judged & rows  # the same sessions, whatever its own folds are
            errors.append(mape(f.actual[judged], f.close[judged]) if judged.any() else None)
        judged_days = int((own[0].judged & rows).sum())
        folds.append(
            {"first": str(days[0]), "last": str(days[-1]), "judged": judged_days, "mape": errors}
        )
    return folds
