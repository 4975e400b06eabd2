"""The worlds of the tables of size and power: what moves like the product, and what is known of it."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from backtests.judging.verdict import BETTER, CANNOT_SAY, IDLE, TIMED, UNTESTED, WORSE
from benchmarks.noise import DAILY, PAST, ROUND_TRIP, held, means_of, p_values, walks, words
from benchmarks.power import word_of
from strategies.direction import DirectionRule
from strategies.rule import Side
from strategies.situation import Situation


@pytest.mark.parametrize("round_trip", [0.0, ROUND_TRIP])
def test_the_exposure_is_that_of_the_direction_rule(round_trip):
    said = np.random.default_rng(0).normal(0, 0.004, 200)
    rule, holding, by_hand = DirectionRule(), False, []
    for forecast in said:
        situation = Situation(
            datetime.date(2019, 1, 7), 1.0, 1.0, 1.0 + forecast, holding, entry_price=1.0,
            decision_close=1.0, sessions_since_decision=1, round_trip=round_trip,
        )  # fmt: skip
        side = rule.decide(situation).side
        holding = side is Side.BUY or (holding and side is not Side.SELL)
        by_hand.append(float(holding))
    assert held(said[:, None], round_trip)[:, 0].tolist() == by_hand


def test_the_walks_have_the_deviation_the_drift_and_the_memory_they_say():
    white = walks(200, 500, seed=0, drift=0.05)
    assert white.shape == (PAST + 500, 200)
    assert white.std() == pytest.approx(DAILY, rel=0.01)
    assert white.mean() == pytest.approx(0.05 * DAILY, abs=0.01 * DAILY)
    lasting = walks(200, 500, seed=0, memory=0.2)
    assert lasting.std() == pytest.approx(DAILY, rel=0.01)
    assert np.corrcoef(lasting[1:].ravel(), lasting[:-1].ravel())[0, 1] == pytest.approx(
        0.2, abs=0.01
    )
    clustered = walks(200, 500, seed=0, clustered=True)
    assert clustered.std() == pytest.approx(DAILY, rel=0.1)
    assert (clustered**4).mean() / (clustered**2).mean() ** 2 > 4.5


def test_a_follower_knows_no_later_return():
    returns = walks(5, 50, seed=1)
    changed = returns.copy()
    changed[400:] = 0.0
    assert np.array_equal(means_of(returns, 60)[:400], means_of(changed, 60)[:400])
    assert not np.array_equal(means_of(returns, 60)[400], means_of(changed, 60)[400])


def test_the_words_are_those_of_the_verdict():
    exposure = np.zeros((100, 4))
    exposure[1::2, :2] = 1.0  # 50 purchases, the last of them kept
    exposure[50:, 2] = 1.0  # one
    assert words(exposure, np.array([0.01, np.nan, 0.01, np.nan])) == [
        TIMED,
        UNTESTED,
        CANNOT_SAY,
        IDLE,
    ]


def test_a_forecast_of_the_truth_is_better_and_loud_noise_is_worse():
    rng = np.random.default_rng(3)
    realised = rng.normal(0, 0.01, 722)
    assert word_of(realised, 0.5 * realised) == BETTER
    assert word_of(realised, rng.normal(0, 0.02, 722)) == WORSE


def test_a_series_without_a_p_value_is_nan():
    p = p_values(np.ones((50, 1)), np.zeros((50, 1)))
    assert np.isnan(p).all()
