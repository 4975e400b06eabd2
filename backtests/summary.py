"""The summary of a study: one row a result, for the page, metrics.csv, the terminal and --json."""

from __future__ import annotations

from backtests.performance import performance
from backtests.study import Study
from forecasters.forecasts import Forecasts
from forecasters.metrics import forecast_metrics

Value = str | int | float | bool | None

#: The columns of a row, in order. Shares are shares, not percent; `mape*` are in percent;
#: `costs` is in the currency of the listing.
COLUMNS = (
    "ticker", "simulated", "forecaster", "strategy", "label", "start", "end", "sessions",
    "mape", "mape_naive", "beats_naive", "mape_seed_min", "mape_seed_max", "seeds",
    "total_return", "gross_return", "cagr", "sharpe", "max_drawdown", "exposure",
    "trades", "closed_trades", "costs", "rejected", "expired", "unaffordable",
)  # fmt: skip


def summary_rows(study: Study) -> list[dict[str, Value]]:
    """Return one row for each result of the study, in its order, with the keys of `COLUMNS`.

    What a rule without forecasts (buy_and_hold) cannot have is None, and so is a figure without
    meaning: the Sharpe ratio of an account that never traded, errors of forecasts that no session
    could judge. `beats_naive` says that the MAPE is strictly below naive's on the same rows; it is
    None for naive itself.
    """
    errors = {f.forecaster: _errors(f) for f in study.forecasts}
    rows = []
    for result in study.results:
        row: dict[str, Value] = {
            "ticker": study.ticker,
            "simulated": study.bars.origin.simulated,
            "forecaster": result.forecaster,
            "strategy": result.strategy,
            "label": result.label,
            "start": str(result.sessions[0]),
            "end": str(result.sessions[-1]),
            "sessions": int(result.sessions.size),
            **errors.get(result.forecaster or "", {}),
            **performance(result),
        }
        rows.append({name: row.get(name) for name in COLUMNS})
    return rows


def _errors(forecasts: Forecasts) -> dict[str, Value]:
    """Return the columns that judge a forecaster; without a judged row only its seeds."""
    seeds = len(forecasts.seeds)
    if not forecasts.judged.any():
        return {"seeds": seeds}
    metrics = forecast_metrics(forecasts)
    mape, naive, by_seed = metrics["mape"], metrics["mape_naive"], metrics["mape_by_seed"]
    assert isinstance(mape, float) and isinstance(naive, float) and isinstance(by_seed, list)
    return {
        "mape": mape,
        "mape_naive": naive,
        "beats_naive": None if forecasts.forecaster == "naive" else mape < naive,
        "mape_seed_min": min(by_seed) if seeds > 1 else None,
        "mape_seed_max": max(by_seed) if seeds > 1 else None,
        "seeds": seeds,
    }
