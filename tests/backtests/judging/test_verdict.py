"""The verdict: each written rule leads to its word, and the sentence says the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.judging.shift_test import Shifted
from backtests.judging.skill import Judged
from backtests.judging.verdict import (
    BETTER,
    CANNOT_SAY,
    IDLE,
    SAME,
    TIMED,
    UNTESTED,
    UNTIMED,
    WORSE,
    forecast_verdict,
    headline,
    rule_verdicts,
)
from backtests.statistics.diebold_mariano import Comparison, diebold_mariano
from backtests.statistics.outcome import Outcome
from tests.backtests.example_studies import make_bars, make_result

NONE = Outcome(None, None, 0, "not looked at")


def comparison(gain=0.0, low=-0.05, high=0.05, n=369, detectable=0.048):
    return Comparison(
        n=n, lag=25, loss=1 - gain, benchmark_loss=1.0, gain=gain, low=low, high=high,
        statistic=0.0, p_better=0.5, p_worse=0.5, detectable=detectable,
    )  # fmt: skip


def judged(name="cnn", p_better=0.5, p_worse=0.5, won=4, folds=6, **figures):
    c = comparison(**figures)
    return Judged(
        forecaster=name, absolute=c, squared=c, clark_west=NONE, folds=Outcome(won, 0.5, folds),
        direction=NONE, p_better=p_better, p_worse=p_worse, p_clark_west=None,
    )  # fmt: skip


def test_better_needs_the_interval_the_adjusted_p_and_the_folds():
    good = {"gain": 0.04, "low": 0.01, "high": 0.07, "p_better": 0.01}
    assert forecast_verdict(judged(**good)).word == BETTER
    assert "4 of 6 folds won" in forecast_verdict(judged(**good)).sentence
    assert forecast_verdict(judged(**good, won=3)).word == SAME, "half of the folds is not more"
    assert forecast_verdict(judged(**good, won=0, folds=1)).word == BETTER, "one fold has no vote"
    alone = forecast_verdict(judged(**{**good, "p_better": 0.2}))
    assert alone.word == SAME
    assert "not after the adjustment for all variants (p 0.20)" in alone.sentence
    assert forecast_verdict(judged(**{**good, "low": -0.001})).word == SAME
    assert forecast_verdict(judged(**{**good, "p_better": None})).word == SAME
    assert forecast_verdict(judged(**{**good, "p_better": 0.05})).word == SAME, "below, not at"


def test_worse_needs_the_interval_and_the_adjusted_p():
    bad = {"gain": -0.27, "low": -0.35, "high": -0.19, "p_worse": 0.0002}
    verdict = forecast_verdict(judged(**bad))
    assert verdict.word == WORSE
    assert (
        "27.0% larger (90% interval 19.0% to 35.0% larger, adjusted p <0.001)" in verdict.sentence
    )
    assert "<0.001" in verdict.sentence
    assert forecast_verdict(judged(**{**bad, "p_worse": 0.06})).word == SAME
    assert forecast_verdict(judged(**{**bad, "high": 0.0})).word == SAME


def test_a_p_value_of_one_test_alone_is_not_called_adjusted(bars):
    bad = judged(gain=-0.27, low=-0.35, high=-0.19, p_worse=0.0002)
    good = judged(gain=0.04, low=0.01, high=0.07, p_better=0.01)
    for one in (bad, good):
        assert ", adjusted p " in forecast_verdict(one, among=2).sentence
        assert ", p " in forecast_verdict(one, among=1).sentence
    pair = [result(bars, name, 30) for name in ("a", "b")]
    shifted = [shift("a", 0.4), shift("b", 0.4)]
    for many, text in ((2, "(adjusted p 0.80)"), (1, "(p 0.40)")):
        assert text in rule_verdicts(pair[:many], shifted[:many])[0].sentence


def test_not_distinguishable_says_its_power():
    sentence = forecast_verdict(judged(gain=-0.034, low=-0.09, high=0.02)).sentence
    assert sentence == (
        "cnn cannot be told from naive: 369 days could have shown an error smaller by 4.8% or more; it was 3.4% larger."
    )
    near = forecast_verdict(judged(gain=-0.0002, detectable=0.0003)).sentence
    assert "an error smaller by less than 0.1% or more; it was less than 0.1% larger" in near
    weak = forecast_verdict(judged(gain=0.1, low=-2, high=2, n=40, detectable=1.3)).sentence
    assert "40 days could not have shown any smaller error; it was 10.0% smaller" in weak


def test_too_few_days_and_an_undefined_test_cannot_say():
    short = diebold_mariano(np.full(19, 0.5) + 0.01 * np.arange(19), np.ones(19))
    verdict = forecast_verdict(replace(judged(), absolute=short, p_better=None, p_worse=None))
    assert verdict.word == CANNOT_SAY
    assert verdict.sentence == "cnn: cannot say, 19 days: a test needs 20."
    flat = judged()
    undefined = replace(
        flat.absolute, gain=0.0, low=None, high=None, p_better=None, p_worse=None,
        why="every error is that of naive",
    )  # fmt: skip
    verdict = forecast_verdict(replace(flat, absolute=undefined, p_better=None, p_worse=None))
    assert verdict.word == CANNOT_SAY
    assert "every error is that of naive" in verdict.sentence


def test_the_headline_counts_the_forecasters():
    every = [
        judged("a", gain=-0.3, low=-0.4, high=-0.2, p_worse=0.001),
        judged("b", gain=-0.01, detectable=0.021),
        judged("c", gain=-0.02),
    ]
    told = headline([forecast_verdict(j) for j in every], (), every)
    assert told == [
        "None of 3 forecasters is better than naive: 1 is worse and 2 cannot be told from it (b: 369 days could "
        "have shown an error smaller by 2.1% or more; it was 1.0% larger)."
    ]
    good = judged("d", gain=0.04, low=0.01, high=0.07, p_better=0.01)
    told = headline([forecast_verdict(j) for j in (*every, good)], (), (*every, good))
    assert told[0].startswith("1 of 4 forecasters is better than naive: d; 1 is worse")


def test_forecasters_that_cannot_be_judged_are_not_said_to_be_no_better():
    short = diebold_mariano(np.full(19, 0.5) + 0.01 * np.arange(19), np.ones(19))
    every = [
        replace(judged(name), absolute=short, p_better=None, p_worse=None) for name in ("a", "b")
    ]
    assert headline([forecast_verdict(j) for j in every], (), every) == [
        "Whether any of 2 forecasters is better than naive cannot be said: 19 days: a test needs 20."
    ]
    every.append(judged("c"))
    told = headline([forecast_verdict(j) for j in every], (), every)
    assert told[0].endswith("and 2 cannot be judged.")


@pytest.fixture(scope="module")
def bars():
    return make_bars()


def result(bars, strategy, trades, still_open=0):
    first = len(bars) - 300
    holds = [(4 * i + 1, 4 * i + 3) for i in range(trades)]
    holds += [(4 * trades + 1, None)] * still_open
    return make_result(bars, "cnn", strategy, first, holds=holds)


def shift(strategy, p, at_least=0.4):
    return Shifted(
        "T", "cnn", strategy, real=0.1, trades=30, closed=30, shifts=365, at_least=at_least, p=p, via="replay",
    )  # fmt: skip


def test_a_rule_is_judged_by_its_trades_then_by_its_shifts(bars):
    every = [
        result(bars, "idle", 0), result(bars, "few", 29, still_open=1), result(bars, "timed", 30),
        result(bars, "luck", 31), result(bars, "untested", 40),
    ]  # fmt: skip
    shifted = [shift("few", 0.0001), shift("timed", 0.003, 0.0), shift("luck", 0.4)]
    verdicts = {v.strategy: v for v in rule_verdicts(every, shifted)}
    assert {name: v.word for name, v in verdicts.items()} == {
        "idle": IDLE, "few": CANNOT_SAY, "timed": TIMED, "luck": UNTIMED, "untested": UNTESTED,
    }  # fmt: skip
    assert "29 closed trades, -30.3% after costs: cannot say." in verdicts["few"].sentence
    assert (
        "40% of 365 shifts of the same forecasts earned at least its" in verdicts["luck"].sentence
    )
    assert "adjusted p 0.006" in verdicts["timed"].sentence, "two results share the 5%"
    told = headline((), list(verdicts.values()))
    assert told == [
        "1 of 5 combinations of forecaster and rule shows timing: cnn with timed; of the others 1 never bought, "
        "1 closed fewer than 30 trades (cannot say), 1 did not stand out among the same forecasts moved to other days "
        "and 1 was not tested against chance."
    ]


def test_few_trades_take_no_part_in_the_adjustment(bars):
    pair = [result(bars, "few", 5), result(bars, "timed", 30)]
    shifted = [shift("few", 0.001), shift("timed", 0.04)]
    assert [v.word for v in rule_verdicts(pair, shifted)] == [CANNOT_SAY, TIMED]
    twice = [result(bars, "more", 30), result(bars, "timed", 30)]
    shifted = [shift("more", 0.9), shift("timed", 0.04)]
    assert [v.word for v in rule_verdicts(twice, shifted)] == [UNTIMED, UNTIMED]


def test_too_few_shifts_for_so_many_results_show_nothing_and_are_not_called_a_failure(bars):
    pair = [result(bars, "a", 30), result(bars, "b", 30)]
    few = [replace(shift(name, 1 / 20, 0.0), shifts=19) for name in ("a", "b")]
    verdicts = rule_verdicts(pair, few)
    assert [v.word for v in verdicts] == [UNTESTED, UNTESTED]
    assert "19 shifts could not show it among 2 results" in verdicts[0].sentence
    enough = [replace(one, p=1 / 41, shifts=40) for one in few]
    assert [v.word for v in rule_verdicts(pair, enough)] == [TIMED, TIMED]


def test_a_page_without_rules_or_forecasters_says_nothing_of_them():
    assert headline((), ()) == []
