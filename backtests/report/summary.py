"""The summary of a study: one row a result, for the page, metrics.csv, the terminal and --json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backtests.account.performance import performance
from backtests.account.result import Result
from backtests.studies.study import Study
from forecasters.forecasts import Forecasts
from forecasters.measures.metrics import forecast_metrics

Value = str | int | float | bool | None

#: The columns of a row, in order. Shares are shares, not percent; `mape*` and `nrmse*` are in percent;
#: `mae`, `rmse` and `costs` are in the currency of the listing, `cost_return` of the cash at the start; `cost_bps` and
#: `break_even_bps` are a side, in basis points of the value traded; `turnover` is times a year. `gain` is
#: 1 less the mean absolute error of the log return over naive's, with its 90% interval; `p_better`,
#: `p_worse` and `p_clark_west` are adjusted for all forecasters of the account (Holm). The
#: Sharpe ratio's interval is of 95%; `psr` is the probability that it is above 0; `shift_p` is not adjusted.
COLUMNS = (
    "ticker", "simulated", "forecaster", "strategy", "label", "start", "end", "sessions",
    "mape", "mape_naive", "beats_naive", "mape_seed_min", "mape_seed_max", "seeds", "tickers", "below_naive",
    "mae", "rmse", "nrmse", "nrmse_range", "mase", "theil_u", "r2_return", "correlation",
    "direction", "direction_low", "direction_high", "majority", "lag0", "lag1",
    "gain", "gain_low", "gain_high", "p_better", "p_worse", "p_clark_west", "forecast_verdict",
    "total_return", "gross_return", "cost_return", "cost_bps", "break_even_bps", "turnover", "cagr", "sharpe",
    "sharpe_low", "sharpe_high", "psr", "shift_percentile", "shift_p", "verdict",
    "calls", "hits", "base_rate", "precision", "precision_low", "precision_high", "precision_needed", "after_call",
    "max_drawdown", "exposure", "trades", "closed_trades", "costs", "rejected", "expired", "unaffordable", "blocked",
)  # fmt: skip


def summary_rows(study: Study) -> list[dict[str, Value]]:
    """Return one row for each result of the study, in its order, with the keys of `COLUMNS`.

    `ticker` is the account. Of a universe `mape`, `mape_naive` and those of the seeds are medians
    over the `tickers` that can be judged; on `below_naive` of them the MAPE is below naive's. Errors
    in a currency, direction and lags are of one ticker only.

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
            **_skill(study, result.forecaster),
            **performance(result),
            **_chance(study, result),
            **_calls(study, result),
        }
        rows.append({name: row.get(name) for name in COLUMNS})
    return rows


def forecaster_rows(study: Study) -> list[dict[str, Value]]:
    """Return one row for each forecaster, naive first, whether a rule asked it or not.

    The keys are those of `COLUMNS`; what needs an account is None.
    """
    return [
        dict.fromkeys(COLUMNS)
        | {"ticker": study.account, "simulated": study.simulated, "forecaster": name}
        | _errors(own)
        | _skill(study, name)
        for name, own in study.by_forecaster.items()
    ]


def _skill(study: Study, forecaster: str | None) -> dict[str, Value]:
    """Return the columns that hold a forecaster against naive."""
    judged = study.judgement.skill.judged if study.judgement else ()
    own = next((one for one in judged if one.forecaster == forecaster), None)
    if own is None or study.judgement is None:
        return {}
    return {
        "gain": own.absolute.gain,
        "gain_low": own.absolute.low,
        "gain_high": own.absolute.high,
        "p_better": own.p_better,
        "p_worse": own.p_worse,
        "p_clark_west": own.p_clark_west,
        "forecast_verdict": study.judgement.word(forecaster),
    }


def _chance(study: Study, result: Result) -> dict[str, Value]:
    """Return the columns that hold a result against chance."""
    if study.judgement is None:
        return {}
    of = result.forecaster, result.strategy
    chances = {(own.forecaster, own.strategy): own for own in study.judgement.chance.results}
    shifts = {(own.forecaster, own.strategy): own for own in study.judgement.shifted}
    told: dict[str, Value] = {"verdict": study.judgement.word(*of)}
    if of in chances:
        own = chances[of]
        told |= {"sharpe_low": own.sharpe_low, "sharpe_high": own.sharpe_high, "psr": own.psr}
    if of in shifts:
        told |= {"shift_percentile": shifts[of].percentile, "shift_p": shifts[of].p}
    return told


def _calls(study: Study, result: Result) -> dict[str, Value]:
    """Return the columns of a rule with a threshold; `after_call` is the mean return from the fill on."""
    of = result.forecaster, result.strategy
    own = next((one for one in study.calls if (one.forecaster, one.strategy) == of), None)
    if own is None:
        return {}
    return {
        "calls": own.calls,
        "hits": own.hits,
        "base_rate": own.base_rate,
        "precision": own.precision,
        "precision_low": own.low,
        "precision_high": own.high,
        "precision_needed": own.needed,
        "after_call": own.mean_return,
    }


#: Of one ticker alone: a median over currencies, or of shares of days, would say nothing.
_ALONE = ("mae", "rmse", "nrmse_range", "mase", "correlation")
#: A median over tickers has a meaning.
_RATIOS = ("nrmse", "theil_u", "r2_return")


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
        **{key: _median([m[key] for m in judged]) for key in _RATIOS},
        **(_of_one(judged[0]) if len(judged) == 1 else {}),
    }


def _median(values: Sequence[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return float(np.median(told)) if told else None


def _of_one(errors: Mapping[str, Any]) -> dict[str, Value]:
    """Return the columns of a single ticker."""
    direction, lag = errors["direction"], errors["lag"]
    return {
        **{key: errors[key] for key in _ALONE},
        "direction": direction["share"],
        "direction_low": direction["low"],
        "direction_high": direction["high"],
        "majority": direction["majority"],
        "lag0": lag["lag0"],
        "lag1": lag["lag1"],
    }
