"""The summary of a study: one row a result, for the page, metrics.csv, the terminal and --json."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backtests.performance import performance
from backtests.study import Study
from forecasters.forecasts import Forecasts
from forecasters.metrics import forecast_metrics

Value = str | int | float | bool | None

#: The columns of a row, in order. Shares are shares, not percent; `mape*` are in percent;
#: `costs` is in the currency of the listing, `cost_return` of the cash at the start; `cost_bps` and
#: `break_even_bps` are a side, in basis points of the value traded; `turnover` is times a year.
COLUMNS = (
    "ticker", "simulated", "forecaster", "strategy", "label", "start", "end", "sessions",
    "mape", "mape_naive", "beats_naive", "mape_seed_min", "mape_seed_max", "seeds", "tickers", "below_naive",
    "total_return", "gross_return", "cost_return", "cost_bps", "break_even_bps", "turnover", "cagr", "sharpe",
    "max_drawdown", "exposure", "trades", "closed_trades", "costs", "rejected", "expired", "unaffordable", "blocked",
)  # fmt: skip


def summary_rows(study: Study) -> list[dict[str, Value]]:
    """Return one row for each result of the study, in its order, with the keys of `COLUMNS`.

    `ticker` is the account. Of a universe `mape`, `mape_naive` and those of the seeds are medians
    over the `tickers` that can be judged; on `below_naive` of them the MAPE is below naive's.

    What a rule without forecasts (buy_and_hold) cannot have is None, and so is a figure without
    meaning: the Sharpe ratio of an account that never traded, errors of forecasts that no session
    could judge. `beats_naive` says that the MAPE is strictly below naive's on the same rows; it is
    None for naive itself.
    """
    errors = {name: _errors(own) for name, own in study.by_forecaster.items()}
    rows = []
    for result in study.results:
        row: dict[str, Value] = {
            "ticker": study.account,
            "simulated": study.simulated,
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


def _errors(forecasts: Sequence[Forecasts]) -> dict[str, Value]:
    """Return the columns that judge a forecaster over its tickers; without a judged row its seeds."""
    seeds, name = len(forecasts[0].seeds), forecasts[0].forecaster
    judged = [forecast_metrics(f) for f in forecasts if f.judged.any()]
    if not judged:
        return {"seeds": seeds}
    mape, naive = (np.array([m[key] for m in judged], float) for key in ("mape", "mape_naive"))
    by_seed = np.median(np.array([m["mape_by_seed"] for m in judged], float), axis=0)  # [S]
    median, bar = float(np.median(mape)), float(np.median(naive))
    return {
        "mape": median,
        "mape_naive": bar,
        "beats_naive": None if name == "naive" else median < bar,
        "mape_seed_min": float(by_seed.min()) if seeds > 1 else None,
        "mape_seed_max": float(by_seed.max()) if seeds > 1 else None,
        "seeds": seeds,
        "tickers": len(judged),
        "below_naive": None if name == "naive" else int((mape < naive).sum()),
    }
