"""The verdict: each written rule leads to its word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.judging.verdict import (
    BETTER,
    CANNOT_SAY,
    FOLDS,
    IDLE,
    P_VALUE,
    SAME,
    TIMED,
    UNTESTED,
    UNTIMED,
    WORSE,
    forecast_verdict,
    rule_verdicts,
)
from backtests.statistics.diebold_mariano import diebold_mariano
from tests.backtests.example_studies import make_bars
from tests.backtests.verdict_cases import judged, result, timed


@pytest.fixture(scope="module")
def bars():
    return make_bars()


def test_better_needs_the_interval_the_adjusted_p_and_the_folds():
    good = {"gain": 0.04, "low": 0.01, "high": 0.07, "p_better": 0.01}
    verdict = forecast_verdict(judged(**good))
    assert (verdict.word, verdict.won, verdict.folds) == (BETTER, 4, 6)
    half = forecast_verdict(judged(**good, won=3))
    assert (half.word, half.lacks) == (SAME, FOLDS), "half of the folds is not more"
    assert forecast_verdict(judged(**good, won=0, folds=1)).word == BETTER, "one fold has no vote"
    alone = forecast_verdict(judged(**{**good, "p_better": 0.2}))
    assert (alone.word, alone.lacks) == (SAME, P_VALUE)
    below = forecast_verdict(judged(**{**good, "low": -0.001}))
    assert (below.word, below.lacks) == (SAME, "")
    assert forecast_verdict(judged(**{**good, "p_better": None})).word == SAME
    assert forecast_verdict(judged(**{**good, "p_better": 0.05})).word == SAME, "below, not at"


def test_worse_needs_the_interval_and_the_adjusted_p():
    bad = {"gain": -0.27, "low": -0.35, "high": -0.19, "p_worse": 0.0002}
    assert forecast_verdict(judged(**bad)).word == WORSE
    assert forecast_verdict(judged(**{**bad, "p_worse": 0.06})).word == SAME
    assert forecast_verdict(judged(**{**bad, "high": 0.0})).word == SAME


def test_too_few_days_and_an_undefined_test_cannot_say():
    short = diebold_mariano(np.full(19, 0.5) + 0.01 * np.arange(19), np.ones(19))
    few = replace(judged(), absolute=short, p_better=None, p_worse=None)
    assert forecast_verdict(few).word == CANNOT_SAY
    undefined = replace(
        judged().absolute, gain=0.0, low=None, high=None, p_better=None, p_worse=None,
        why="every error is that of naive",
    )  # fmt: skip
    equal = replace(judged(), absolute=undefined, p_better=None, p_worse=None)
    assert forecast_verdict(equal).word == CANNOT_SAY


def test_a_rule_is_judged_by_its_trades_then_by_its_timing(bars):
    every = [
        result(bars, "idle", 0), result(bars, "few", 29, still_open=1), result(bars, "timed", 30),
        result(bars, "luck", 31), result(bars, "constant", 40),
    ]  # fmt: skip
    timing = [timed("few", 0.0001), timed("timed", 0.003), timed("luck", 0.4, 0.01)]
    timing.append(timed("constant", None, why="its exposure never changed"))
    verdicts = {v.strategy: v for v in rule_verdicts(every, timing)}
    assert {name: v.word for name, v in verdicts.items()} == {
        "idle": IDLE, "few": CANNOT_SAY, "timed": TIMED, "luck": UNTIMED, "constant": UNTESTED,
    }  # fmt: skip
    assert verdicts["timed"].p == pytest.approx(0.006), "two results share the 5%"
    assert verdicts["luck"].p_before == pytest.approx(0.01), "after 0.003 of the other"
    assert verdicts["timed"].tests == 2
    assert verdicts["idle"].timed is None


def test_few_trades_take_no_part_in_the_adjustment(bars):
    pair = [result(bars, "few", 5), result(bars, "timed", 30)]
    timing = [timed("few", 0.001), timed("timed", 0.04)]
    assert [v.word for v in rule_verdicts(pair, timing)] == [CANNOT_SAY, TIMED]
    twice = [result(bars, "more", 30), result(bars, "timed", 30)]
    timing = [timed("more", 0.9), timed("timed", 0.04)]
    assert [v.word for v in rule_verdicts(twice, timing)] == [UNTIMED, UNTIMED]
