"""Skill where none can be is found, and the bound on false alarms holds."""

import numpy as np
import pytest

from backtests.auditing.checks.no_skill import BOUND, Outcomes
from backtests.auditing.finding import Status
from tests.backtests.auditing.planted import assert_found, verdict_and_text


@pytest.mark.parametrize(
    ("leak", "check", "words"),
    [
        ("later_window", "white noise", "random walks"),
        ("later_window", "drawn future", "it sees later bars"),
        ("climbs_the_stack", "white noise", "random walks"),
        ("ignores_labels", "wrong labels", "of its skill"),
    ],
)
def test_skill_where_none_can_be_is_found(trial_of_file, leak, check, words):
    assert_found(check, trial_of_file(leak), words)


def test_where_nothing_was_learned_wrong_labels_cannot_say(trial_of_file):
    verdict, text = verdict_and_text("wrong labels", trial_of_file("mean"))
    assert verdict is Status.CANNOT_SAY
    assert "too little skill" in text


def test_chance_reaches_the_bound_no_more_often_than_is_stated():
    """The bound holds for heavy tails and forecasts that follow the past: 4,000 audits, none over."""
    rng = np.random.default_rng(0)
    over = 0
    for _ in range(4000):
        realised = rng.standard_t(3, 60) * 0.01
        forecast = np.concatenate([[0.0], np.cumsum(realised)[:-1]])
        over += Outcomes(forecast, realised).agreement >= BOUND
    assert over <= 4  # 0.1% of 4,000


def test_skill_is_the_reduction_of_the_squared_error_of_naive():
    realised = np.array([0.01, -0.02, 0.02])
    assert Outcomes(realised, realised).skill == 1.0
    assert Outcomes(np.zeros(3), realised).skill == 0.0
    assert Outcomes(2 * realised, realised).skill == pytest.approx(0.0)
    assert Outcomes(-realised, realised).skill == pytest.approx(-3.0)
    assert Outcomes(realised, realised).agreement == pytest.approx(9 / 33**0.5)  # 1+4+4, 1+16+16
