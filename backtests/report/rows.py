"""The columns of metrics.csv: a row for each result, and a row for each forecaster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backtests.account.performance import FIGURES, Figures
from backtests.account.result import Result
from backtests.studies.study import Study

Value = str | int | float | bool | None

#: The columns of a row, in order. Shares are shares, not percent; `mape*` and `nrmse*` are in percent;
#: `mae`, `rmse` and `costs` are in the currency of the listing, `cost_return` of the cash at the start; `cost_bps` and
#: `break_even_bps` are a side, in basis points of the value traded; `turnover` is times a year. `gain` is
#: 1 less the mean absolute error of the log return over naive's, with its 90% interval; `p_better`,
#: `p_worse` and `p_clark_west` are adjusted for all forecasters of the account (Holm). The
#: Sharpe ratio's interval is of 95%; `psr` is the probability that it is above 0; the three
#: of timing are a year's gain from timing after costs, and its p value after and before them, not adjusted.
_ORDER = (
    "ticker", "simulated", "forecaster", "strategy", "label", "start", "end", "sessions",
    "mape", "mape_naive", "beats_naive", "mape_seed_min", "mape_seed_max", "seeds", "tickers", "below_naive",
    "mae", "rmse", "nrmse", "nrmse_range", "mase", "theil_u", "r2_return", "correlation",
    "direction", "direction_low", "direction_high", "majority", "lag0", "lag1",
    "gain", "gain_low", "gain_high", "p_better", "p_worse", "p_clark_west", "forecast_verdict",
    "total_return", "gross_return", "cost_return", "cost_bps", "break_even_bps", "turnover", "cagr", "sharpe",
    "sharpe_low", "sharpe_high", "psr", "timing_gain", "timing_p", "timing_p_before", "shift_percentile", "verdict",
    "calls", "hits", "base_rate", "precision", "precision_low", "precision_high", "precision_needed", "after_call",
    "max_drawdown", "exposure", "trades", "closed_trades", "costs", "rejected", "expired", "unaffordable", "blocked",
)  # fmt: skip
#: All columns; a figure of `performance` that the order above does not name comes last.
COLUMNS = (*_ORDER, *(name for name in FIGURES if name not in _ORDER))


def result_row(
    study: Study, result: Result, figures: Figures, errors: Mapping[str, Value]
) -> dict[str, Value]:
    """Return the row of one result of the study, with the keys of `COLUMNS`.

    `ticker` is the account. Of a universe `mape`, `mape_naive` and those of the seeds are medians
    over the `tickers` that can be judged; on `below_naive` of them the MAPE is below naive's. Errors
    in a currency, direction and lags are of one ticker only.

    A rule without forecasts (buy_and_hold) has None where a forecast is needed. A figure without a
    meaning is None too: the Sharpe ratio of an account that never traded, errors of forecasts
    before any outcome is known. `beats_naive` says that the MAPE is strictly below naive's on the
    same rows; it is None for naive itself.

    Parameters
    ----------
    figures : mapping
        The performance of the result.
    errors : mapping
        `error_columns` of its forecaster; empty for a rule without forecasts.
    """
    row: dict[str, Value] = {
        "ticker": study.account,
        "simulated": study.simulated,
        "forecaster": result.forecaster,
        "strategy": result.strategy,
        "label": result.label,
        "start": str(result.sessions[0]),
        "end": str(result.sessions[-1]),
        "sessions": int(result.sessions.size),
        **errors,
        **_skill(study, result.forecaster),
        **figures,
        **_chance(study, result),
        **_calls(study, result),
    }
    return {name: row.get(name) for name in COLUMNS}


def forecaster_row(study: Study, forecaster: str, errors: Mapping[str, Value]) -> dict[str, Value]:
    """Return the row of one forecaster, whether a rule uses it or not.

    The keys are those of `COLUMNS`; what needs an account is None.
    """
    return {
        **dict.fromkeys(COLUMNS),
        "ticker": study.account,
        "simulated": study.simulated,
        "forecaster": forecaster,
        **errors,
        **_skill(study, forecaster),
    }


def _skill(study: Study, forecaster: str | None) -> dict[str, Value]:
    """Return the columns that hold a forecaster against naive."""
    judged = study.judgement.skill.judged if study.judgement else ()
    tested = next((test for test in judged if test.forecaster == forecaster), None)
    if tested is None or study.judgement is None:
        return {}
    return {
        "gain": tested.absolute.gain,
        "gain_low": tested.absolute.low,
        "gain_high": tested.absolute.high,
        "p_better": tested.p_better,
        "p_worse": tested.p_worse,
        "p_clark_west": tested.p_clark_west,
        "forecast_verdict": study.judgement.word(forecaster),
    }


def _chance(study: Study, result: Result) -> dict[str, Value]:
    """Return the columns that hold a result against chance."""
    if study.judgement is None:
        return {}
    pair = result.forecaster, result.strategy
    chances = {(c.forecaster, c.strategy): c for c in study.judgement.chance.results}
    timing = {(t.forecaster, t.strategy): t for t in study.judgement.timing}
    shifts = {(s.forecaster, s.strategy): s for s in study.judgement.shifted}
    columns: dict[str, Value] = {"verdict": study.judgement.word(*pair)}
    if chance := chances.get(pair):
        columns["sharpe_low"], columns["sharpe_high"] = chance.sharpe_low, chance.sharpe_high
        columns["psr"] = chance.psr
    if timed := timing.get(pair):
        columns["timing_gain"] = timed.gain
        columns["timing_p"], columns["timing_p_before"] = timed.p, timed.p_before
    if shift := shifts.get(pair):
        columns["shift_percentile"] = shift.percentile
    return columns


def _calls(study: Study, result: Result) -> dict[str, Value]:
    """Return the columns of a rule with a threshold; `after_call` is the mean return from the fill on."""
    pair = result.forecaster, result.strategy
    calls = next((c for c in study.calls if (c.forecaster, c.strategy) == pair), None)
    if calls is None:
        return {}
    return {
        "calls": calls.calls,
        "hits": calls.hits,
        "base_rate": calls.base_rate,
        "precision": calls.precision,
        "precision_low": calls.low,
        "precision_high": calls.high,
        "precision_needed": calls.needed,
        "after_call": calls.mean_return,
    }


#: Of one ticker only: a median over currencies, or of shares of days, has no meaning.
_SINGLE = ("mae", "rmse", "nrmse_range", "mase", "correlation")
#: A median over tickers has a meaning.
_RATIOS = ("nrmse", "theil_u", "r2_return")


def error_columns(
    name: str, seeds: int, by_ticker: Mapping[str, Mapping[str, Any]]
) -> dict[str, Value]:
    """Return the columns that judge a forecaster over its tickers.

    Parameters
    ----------
    name : str
        The forecaster.
    seeds : int
        How many seeds it was trained with; the only column where no row can be judged.
    by_ticker : mapping
        Ticker to its `forecast_metrics`.
    """
    judged = [errors for errors in by_ticker.values() if errors["rows"]]
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
        **(_single_ticker(judged[0]) if len(judged) == 1 else {}),
    }


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _single_ticker(errors: Mapping[str, Any]) -> dict[str, Value]:
    """Return the columns of a single ticker."""
    direction, lag = errors["direction"], errors["lag"]
    return {
        **{key: errors[key] for key in _SINGLE},
        "direction": direction["share"],
        "direction_low": direction["low"],
        "direction_high": direction["high"],
        "majority": direction["majority"],
        "lag0": lag["lag0"],
        "lag1": lag["lag1"],
    }
