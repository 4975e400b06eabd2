"""The lag test names a forecast that repeats the last close, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.stattools import acf

from forecasters.bars import Bars
from forecasters.features import make_features
from forecasters.forecasts import Forecasts
from forecasters.measures.lag import lag_test
from forecasters.models.naive import Naive
from forecasters.walk_forward import WalkForward

NAN = np.nan


def forecasts(closes: Any, said: Any) -> Forecasts:
    """Return forecasts of a day ahead: `said[i]` for `closes[i + 1]`."""
    n = len(said)
    days = np.datetime64("2015-01-01") + np.arange(n + 1)
    closes = np.array(closes, float)
    return Forecasts(
        "TEST", "f", days[np.zeros(n, int)], days[:-1], days[1:], closes[:-1].copy(),
        np.array([said], float), closes[1:].copy(), np.zeros(n, bool),
    )  # fmt: skip


def walk(n: int = 600) -> Any:
    return 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.02, n)))


def test_naive_repeats_yesterday_exactly() -> None:
    closes = walk()
    made = lag_test(forecasts(closes, closes[:-1]))
    moves = np.diff(np.log(closes))
    assert made.n == 598
    assert made.lag1 == pytest.approx(1.0)
    assert made.lag0 == pytest.approx(acf(moves, nlags=1)[1], abs=0.005), (
        "the autocorrelation of the moves"
    )
    assert (made.repeats, made.ahead) == (True, False)
    assert made.sentence.startswith("The forecast repeats the last close")
    assert "1.00 with the last day it knew" in made.sentence


def test_the_two_lags_by_an_independent_correlation() -> None:
    closes = walk()
    rng = np.random.default_rng(0)
    said = closes[:-1] * np.exp(rng.normal(0, 0.02, closes.size - 1))
    made = lag_test(forecasts(closes, said))
    moves = np.diff(np.log(closes))  # moves[t] is that of session t + 1
    of_forecast = np.diff(np.log(said))  # for session t + 2, made at t + 1
    assert made.lag0 == pytest.approx(np.corrcoef(of_forecast, moves[1:])[0, 1], abs=1e-12)
    assert made.lag1 == pytest.approx(np.corrcoef(of_forecast, moves[:-1])[0, 1], abs=1e-12)


def test_who_knows_the_day_is_not_said_to_repeat() -> None:
    closes = walk()
    made = lag_test(forecasts(closes, closes[1:]))
    assert made.lag0 == pytest.approx(1.0)
    assert (made.repeats, made.ahead) == (False, True)
    assert "audit" in made.sentence


def test_a_price_that_trends_from_day_to_day_is_followed_on_both() -> None:
    """Then the last move is a good forecast of the next: that is no mere repeating."""
    moves = np.zeros(600)
    noise = np.random.default_rng(2).normal(0, 0.001, 600)
    for t in range(1, 600):
        moves[t] = 0.9 * moves[t - 1] + noise[t]
    closes = 100 * np.exp(np.cumsum(moves))
    made = lag_test(forecasts(closes, closes[:-1]))
    assert made.lag1 == pytest.approx(1.0)
    assert made.lag0 == pytest.approx(0.9, abs=0.05)
    assert (made.repeats, made.ahead) == (False, True)


def test_noise_follows_neither() -> None:
    closes = walk()
    said = closes.mean() * np.exp(np.random.default_rng(1).normal(0, 0.3, closes.size - 1))
    made = lag_test(forecasts(closes, said))
    assert (made.repeats, made.ahead) == (False, False)
    assert made.sentence.startswith("The forecast moves neither")


def test_a_pair_needs_two_neighbours_that_can_be_judged() -> None:
    closes = walk(8)
    said = closes[:-1] * 1.01
    made = lag_test(forecasts(closes, said))
    assert made.n == 6
    said[3] = NAN  # a halt: neither its move nor the next can be taken
    assert lag_test(forecasts(closes, said)).n == 4


def test_further_ahead_the_last_day_known_lies_further_back(bars_of: Any) -> None:
    bars: Bars = bars_of(np.round(walk(300) * 1000))
    plan = WalkForward(train_size=60, step=30, horizon=5, validation=0.0)
    made = lag_test(plan.predict(Naive(), make_features(bars, horizon=5)))
    assert made.lag1 == pytest.approx(1.0), "naive repeats the close of 5 sessions before"
    assert made.repeats


@pytest.mark.parametrize(
    ("said", "why"),
    [([1.0, -1.0, 2.0, 3.0], "not above 0"), ([5.0, 5.0, 5.0, 5.0], "too few moves")],
)
def test_what_has_no_moves_has_no_lags(said: list[float], why: str) -> None:
    made = lag_test(forecasts([1, 2, 3, 5, 4], said))
    assert (made.lag0, made.lag1, made.repeats) == (None, None, False)
    assert why in made.sentence
    none = replace(forecasts([1, 2], [1]), actual=np.array([NAN]))
    assert lag_test(none).n == 0
