"""Errors by hand, in the units the tables print."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics
from statsmodels.tools import eval_measures

from forecasters.features import make_features
from forecasters.forecasts import Forecasts
from forecasters.measures.metrics import (
    forecast_metrics,
    mae,
    mape,
    mase,
    nrmse,
    pearson_level,
    r2_return,
    rmse,
    theil_u,
)
from forecasters.models.naive import Naive
from forecasters.walk_forward import WalkForward

ACTUAL = np.array([100.0, 200.0, 400.0, 300.0])
FORECAST = np.array([110.0, 190.0, 400.0, 330.0])


def test_mape_by_hand() -> None:
    # 10%, 5%, 0%, 10%
    assert mape(ACTUAL, FORECAST) == pytest.approx(6.25)


def test_rmse_by_hand() -> None:
    # squares 100, 100, 0, 900
    assert rmse(ACTUAL, FORECAST) == pytest.approx(np.sqrt(275.0))


def test_nrmse_is_over_the_mean_and_beside_it_over_the_range() -> None:
    # S3 never defines it; the mean (250) explains its tables, the range (300) is printed beside it.
    assert nrmse(ACTUAL, FORECAST) == pytest.approx(np.sqrt(275.0) / 250 * 100)
    assert nrmse(ACTUAL, FORECAST, by="range") == pytest.approx(np.sqrt(275.0) / 300 * 100)


def test_errors_are_relative_to_the_actual_close_not_the_forecast() -> None:
    assert mape(np.array([100.0]), np.array([150.0])) == pytest.approx(50)
    assert mape(np.array([150.0]), np.array([100.0])) == pytest.approx(100 / 3)


def forecasts(by_seed: Any, actual: Any, last_close: Any, outside: Any) -> Forecasts:
    n = len(actual)
    days = np.arange("2015-01-01", "2015-12-31", dtype="datetime64[D]")
    known = np.arange(n) < n - 1
    target = np.where(known, days[1 : n + 1], np.datetime64("NaT", "D"))
    return Forecasts(
        "TEST", "f", days[np.zeros(n, int)], days[:n], target, np.array(last_close),
        np.array(by_seed), np.array(actual), np.array(outside), tuple(range(len(by_seed))),
    )  # fmt: skip


def test_the_table_of_a_forecast_by_hand() -> None:
    nan = np.nan
    table = forecast_metrics(
        forecasts(
            # mean 110, 190, halt, 400 and, for the newest row, 330
            by_seed=[[120, 180, nan, 400, 330], [100, 200, nan, 400, 330]],
            actual=[100, 200, 50, nan, nan],  # row 3: the target is a halt; row 4: yet to come
            last_close=[100.0, 160.0, 50.0, 500.0, 300.0],
            outside=[True, False, True, False, False],
        )
    )
    assert table["rows"] == 2, "only rows with a forecast and an outcome"
    assert table["mape"] == pytest.approx((10 + 5) / 2)
    assert table["mape_naive"] == pytest.approx((0 + 20) / 2), "on the same rows"
    assert table["mape_by_seed"] == pytest.approx([(20 + 10) / 2, (0 + 0) / 2])
    assert table["relative_error"]["mean"] == pytest.approx((0.10 - 0.05) / 2), (
        "forecast less actual"
    )
    assert sum(table["relative_error"]["counts"]) == 2
    assert table["rmse"] == pytest.approx(10)
    assert table["nrmse"] == pytest.approx(10 / 150 * 100)
    assert table["nrmse_range"] == pytest.approx(10 / 100 * 100)
    # Forecast returns are of every forecast that was made, the newest one included.
    assert table["largest_forecast_return"] == pytest.approx(190 / 160 - 1)
    assert table["smallest_forecast_return"] == pytest.approx(400 / 500 - 1)
    assert table["outside_share"] == pytest.approx(1 / 4)


def test_one_judged_row_has_no_range() -> None:
    """The least number of sessions that a plan accepts gives exactly one judged forecast."""
    one = forecasts([[110.0, 120.0]], [100.0, np.nan], [90.0, 100.0], [False, False])
    table = forecast_metrics(one)
    assert (table["rows"], table["nrmse_range"]) == (1, None)
    assert table["mape"] == pytest.approx(10)
    assert np.isnan(nrmse(np.array([5.0, 5.0]), np.array([5.0, 6.0]), by="range"))


@pytest.mark.parametrize("made", [110.0, np.nan], ids=["no outcome yet", "halts alone"])
def test_without_a_row_to_judge_there_is_no_figure(made: float) -> None:
    """A ticker suspended through its whole test must not end the run of all others."""
    nothing = forecasts([[made, made]], [np.nan, np.nan], [100.0, 100.0], [True, False])
    table = forecast_metrics(nothing)
    for name in ("mape", "mape_naive", "rmse", "nrmse", "nrmse_range"):
        assert table[name] is None
    assert (table["rows"], table["mape_by_seed"]) == (0, [])
    if np.isnan(made):
        assert table["largest_forecast_return"] is table["smallest_forecast_return"] is None
        assert table["outside_share"] is None
    else:
        assert table["largest_forecast_return"] == pytest.approx(0.1)


LAST = np.array([90.0, 210.0, 390.0, 330.0])


def test_against_naive_by_hand_in_fractions() -> None:
    # its errors 10, 10, 0, 30; those of naive 10, 10, 10, 30
    assert mae(ACTUAL, FORECAST) == pytest.approx(float(Fraction(50, 4)))
    assert mase(ACTUAL, FORECAST, 25.0) == pytest.approx(float(Fraction(50, 4) / 25))
    assert theil_u(ACTUAL, FORECAST, LAST) == pytest.approx(float(Fraction(1100, 1200)) ** 0.5)
    assert theil_u(ACTUAL, LAST, LAST) == 1.0
    assert mase(ACTUAL, FORECAST, None) is None
    assert theil_u(LAST, FORECAST, LAST) is None, "naive made no error"


def test_the_r2_of_returns_by_hand() -> None:
    """Realised log returns 1, -1, 0, 2; forecast 0.5, -1, 1, 1: errors 0.25 + 0 + 1 + 1 over 6."""
    last = np.full(4, 100.0)
    actual, forecast = 100 * np.exp([1.0, -1, 0, 2]), 100 * np.exp([0.5, -1, 1, 1])
    assert r2_return(actual, forecast, last) == pytest.approx(1 - 2.25 / 6)
    assert r2_return(actual, last, last) == 0.0, "naive"
    assert r2_return(actual, actual, last) == pytest.approx(1.0)
    assert r2_return(last, forecast, last) is None, "nothing moved"
    assert r2_return(actual, np.array([100, 100, 100, -1.0]), last) is None


def test_against_other_implementations() -> None:
    rng = np.random.default_rng(5)
    last = 1e4 * np.exp(np.cumsum(rng.normal(0, 0.02, 300)))
    actual, forecast = (last * np.exp(rng.normal(0, 0.02, 300)) for _ in range(2))
    assert mape(actual, forecast) == pytest.approx(
        100 * metrics.mean_absolute_percentage_error(actual, forecast)
    )
    assert mae(actual, forecast) == pytest.approx(metrics.mean_absolute_error(actual, forecast))
    assert rmse(actual, forecast) == pytest.approx(eval_measures.rmse(actual, forecast))
    assert theil_u(actual, forecast, last) == pytest.approx(
        metrics.root_mean_squared_error(actual, forecast) / eval_measures.rmse(actual, last)
    )
    came, said = np.log(actual / last), np.log(forecast / last)
    # scikit-learn compares with the mean of what it is given: mirrored, that mean is zero
    both = metrics.r2_score(np.append(came, -came), np.append(said, -said))
    assert r2_return(actual, forecast, last) == pytest.approx(both)


def known(n: int = 60) -> Forecasts:
    """Return forecasts of a walk, one row without an outcome at the end, one halt."""
    rng = np.random.default_rng(0)
    closes = np.round(1000 * np.exp(np.cumsum(rng.normal(0, 0.02, n + 1))))
    said = closes[:-1] * np.exp(rng.normal(0, 0.01, n))
    said[7] = np.nan
    actual = np.append(closes[1:-1], np.nan)
    made = forecasts([said], actual, closes[:-1], np.zeros(n, bool))
    return replace(made, mase_scale=12.5)


def test_every_figure_is_of_the_judged_rows_and_can_be_written_as_json() -> None:
    made = known()
    table = forecast_metrics(made)
    rows = made.judged
    assert rows.sum() == table["rows"] == 58
    actual, close, last = made.actual[rows], made.close[rows], made.last_close[rows]
    assert table["mae"] == pytest.approx(metrics.mean_absolute_error(actual, close))
    assert table["mae_naive"] == pytest.approx(metrics.mean_absolute_error(actual, last))
    assert table["rmse_naive"] == pytest.approx(eval_measures.rmse(actual, last))
    assert table["mase"] == pytest.approx(table["mae"] / 12.5)
    assert table["theil_u"] == pytest.approx(table["rmse"] / table["rmse_naive"])
    assert table["correlation"] == pytest.approx(
        stats.pearsonr(close / last - 1, actual / last - 1).statistic
    )
    assert table["r2_return"] == r2_return(actual, close, last)
    signs = np.sign(actual - last)
    right = metrics.accuracy_score(signs[signs != 0], np.sign(close - last)[signs != 0])
    assert table["direction"]["share"] == pytest.approx(right)
    assert table["direction"]["unchanged"] == (signs == 0).sum() > 0
    assert table["lag"]["n"] == 56, "the halt takes two pairs"
    assert sum(table["deciles"]["n"]) == 58
    assert json.loads(json.dumps(table, allow_nan=False)) == table


def test_without_a_judged_row_the_keys_are_the_same_and_the_figures_none() -> None:
    waiting = replace(known(), actual=np.full(60, np.nan))
    table, other = forecast_metrics(waiting), forecast_metrics(known())
    assert set(table) == set(other)
    assert table["direction"] is table["lag"] is table["deciles"] is table["r2_return"] is None


def test_pearson_on_levels_is_near_one_for_naive_too() -> None:
    """What S3 prints says little: it is here for beside its tables."""
    made = known()
    rows = made.judged
    r, p = pearson_level(made)
    expected = stats.pearsonr(made.actual[rows], made.close[rows])
    assert r == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue, rel=1e-8)
    naive = replace(made, by_seed=made.last_close[None].copy(), seeds=())
    level, _ = pearson_level(naive)
    assert level is not None
    assert level > 0.85
    assert forecast_metrics(naive)["r2_return"] == 0


def test_the_scale_of_the_mase_is_naives_error_in_the_first_fit_rows(bars_of: Any) -> None:
    closes = np.array([100, 101, 103, 106, 110, 115, 115, 120, 140, 100, 100, 300, 50, 500], float)
    bars = bars_of(closes, volume={4: 0.0}, open={4: 0.0}, high={4: 0.0}, low={4: 0.0})
    assert not bars.tradable[4]
    plan = WalkForward(train_size=9, step=2, validation=2 / 9)
    assert plan.split(bars.sessions)[0].fit == range(7)
    made = plan.predict(Naive(), make_features(bars))
    # fit rows 0 to 6: |y - close| is 1, 2, 3, halt, halt, 0, 5; later folds fit on more
    assert made.mase_scale == pytest.approx(float(Fraction(1 + 2 + 3 + 0 + 5, 5)))
    assert forecast_metrics(made)["mase"] == pytest.approx(
        forecast_metrics(made)["mae_naive"] / 2.2
    )
    assert replace(made, mase_scale=None).digest == made.digest
    shorter = plan.predict(Naive(), make_features(bars.rows(slice(0, 12))))
    assert shorter.mase_scale == made.mase_scale, "what comes later does not move it"
    still = bars_of(np.full(14, 100.0))
    assert plan.predict(Naive(), make_features(still)).mase_scale is None
