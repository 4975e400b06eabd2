"""Errors by hand, in the units the tables print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecasters.forecasts import Forecasts
from forecasters.metrics import forecast_metrics, mape, nrmse, rmse

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
