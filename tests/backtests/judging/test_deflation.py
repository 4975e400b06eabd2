"""The deflated Sharpe ratio: the published example, and what more trials do to it."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from backtests.judging.deflation import deflate
from backtests.judging.returns import judge_returns
from backtests.runs.manifest import digest_of
from backtests.statistics.sharpe import expected_maximum
from tests.backtests.drawn_returns import N, counted, noise, result_of
from tests.backtests.example_studies import make_study


def test_the_hurdle_is_that_of_the_mission():
    """The best of 54 settings without skill over four years: a yearly ratio of about 1.15."""
    (judged,) = judge_returns([result_of(noise(8, n=4 * 246 + 1))]).results
    (deflated,) = deflate([judged], counted(54)).results
    assert deflated.expected == pytest.approx(1.15, abs=0.005)


def test_the_deflated_ratio_is_that_of_the_paper():
    """Bailey and Lopez de Prado (2014): 2.5 a year, 1,250 days, variance of the trials 1/2 a year."""
    (judged,) = judge_returns([result_of(noise(9))]).results
    judged = replace(
        judged, n=1250, periods_per_year=250.0, daily_sharpe=2.5 / 250**0.5, skewness=-3.0, kurtosis=10.0
    )  # fmt: skip
    spread = math.sqrt(0.5 / 250)  # of two trials one apart by sqrt(2) of it
    sharpes = (0.0, math.sqrt(2) * spread)
    (deflated,) = deflate([judged], counted(100, sharpes)).results
    assert deflated.dsr == pytest.approx(0.9004, abs=5e-5)
    assert deflated.expected / math.sqrt(250) == pytest.approx(0.1132, abs=5e-5)


def test_near_copies_cannot_talk_the_hurdle_down():
    (judged,) = judge_returns([result_of(noise(10))]).results
    alone = expected_maximum(200, 1 / math.sqrt(N - 1)) * math.sqrt(246)
    copies = deflate([judged], counted(200, tuple(0.05 + 1e-6 * np.arange(100)))).results[0]
    apart = deflate([judged], counted(200, (-0.2, 0.0, 0.2))).results[0]
    assert copies.expected == pytest.approx(alone)
    assert apart.expected > 2 * alone
    assert apart.dsr < copies.dsr < judged.psr


def test_more_trials_leave_less():
    (judged,) = judge_returns([result_of(noise(11, mean=0.001))]).results
    left = [deflate([judged], counted(trials)).results[0].dsr for trials in (0, 1, 2, 50, 5000)]
    assert left[0] == left[1] == judged.psr
    assert left[1] > left[2] > left[3] > left[4]


def test_the_ledger_is_no_part_of_the_judgement_or_the_digest():
    study = make_study()
    chance = judge_returns(study.ruled, study.sensitivity, study.held)
    fields = set(asdict(chance.results[0])) | set(asdict(chance.overfit))
    assert not fields & {"trials", "dsr", "expected", "since"}
    before = digest_of([study])
    deflate(chance.results, counted(99))
    assert digest_of([study]) == before
