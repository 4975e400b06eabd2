"""The verdict in words: each sentence says its figures, and the headline counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.judging.power import power_of
from backtests.judging.verdict import forecast_verdict, rule_verdicts
from backtests.report.sections.verdict import (
    forecast_sentence,
    headline,
    power_sentences,
    rule_sentence,
)
from backtests.statistics.diebold_mariano import diebold_mariano
from tests.backtests.example_studies import make_bars
from tests.backtests.verdict_cases import judged, result, timed


@pytest.fixture(scope="module")
def bars():
    return make_bars()


def said(variants=2, **figures):
    return forecast_sentence(forecast_verdict(judged(**figures), variants))


def short(name):
    """Return a forecaster that was judged on 19 days."""
    few = diebold_mariano(np.full(19, 0.5) + 0.01 * np.arange(19), np.ones(19))
    return replace(judged(name), absolute=few, p_better=None, p_worse=None)


GOOD = {"gain": 0.04, "low": 0.01, "high": 0.07, "p_better": 0.01}
BAD = {"gain": -0.27, "low": -0.35, "high": -0.19, "p_worse": 0.0002}


def test_better_and_worse_say_the_error_its_interval_the_p_and_the_folds():
    assert said(**GOOD) == (
        "cnn is better than naive: its error is 4.0% smaller (90% interval 1.0% to 7.0% smaller, adjusted p 0.010, "
        "4 of 6 folds won)."
    )
    assert said(**BAD) == (
        "cnn is worse than naive: its error is 27.0% larger (90% interval 19.0% to 35.0% larger, adjusted p <0.001)."
    )


def test_what_is_missing_to_be_better_is_named():
    assert "not after the adjustment for all variants (p 0.20)" in said(**{**GOOD, "p_better": 0.2})
    assert said(**GOOD, won=3).endswith("lies above zero, but only 3 of 6 folds were won.")


def test_a_p_value_of_a_single_test_is_not_called_adjusted(bars):
    for figures in (BAD, GOOD):
        assert ", adjusted p " in said(2, **figures)
        assert ", p " in said(1, **figures)
    pair = [result(bars, name, 30) for name in ("a", "b")]
    timing = [timed("a", 0.4), timed("b", 0.4)]
    for many, text in ((2, "(adjusted p 0.80)"), (1, "(p 0.40)")):
        assert text in rule_sentence(rule_verdicts(pair[:many], timing[:many])[0])


def test_not_distinguishable_says_its_power():
    assert said(gain=-0.034, low=-0.09, high=0.02) == (
        "cnn cannot be distinguished from naive: 369 days could have shown an error smaller by 4.8% or more; it was "
        "3.4% larger."
    )
    near = said(gain=-0.0002, detectable=0.0003)
    assert "an error smaller by less than 0.1% or more; it was less than 0.1% larger" in near
    weak = said(gain=0.1, low=-2, high=2, n=40, detectable=1.3)
    assert "40 days could not have shown any smaller error; it was 10.0% smaller" in weak


def test_what_cannot_be_said_gives_the_reason():
    assert forecast_sentence(forecast_verdict(short("cnn"))) == (
        "cnn: cannot say, 19 days: a test needs 20."
    )


def test_the_headline_counts_the_forecasters():
    every = [
        judged("a", gain=-0.3, low=-0.4, high=-0.2, p_worse=0.001),
        judged("b", gain=-0.01, detectable=0.021),
        judged("c", gain=-0.02),
    ]
    assert headline([forecast_verdict(j) for j in every]) == [
        "None of 3 forecasters is better than naive: 1 is worse and 2 cannot be distinguished from it (b: 369 days "
        "could have shown an error smaller by 2.1% or more; it was 1.0% larger)."
    ]
    (first,) = headline([forecast_verdict(j) for j in (*every, judged("d", **GOOD))])
    assert first.startswith("1 of 4 forecasters is better than naive: d; 1 is worse")


def test_forecasters_that_cannot_be_judged_are_not_said_to_be_no_better():
    every = [short("a"), short("b")]
    assert headline([forecast_verdict(j) for j in every]) == [
        "Whether any of 2 forecasters is better than naive cannot be said: 19 days: a test needs 20."
    ]
    (first,) = headline([forecast_verdict(j) for j in (*every, judged("c"))])
    assert first.endswith("and 2 cannot be judged.")


def test_each_rule_says_its_trades_and_its_timing(bars):
    every = [
        result(bars, "idle", 0), result(bars, "few", 29, still_open=1), result(bars, "timed", 30),
        result(bars, "luck", 31), result(bars, "constant", 40),
    ]  # fmt: skip
    timing = [timed("few", 0.0001), timed("timed", 0.003), timed("luck", 0.4, 0.3, gain=-0.02)]
    timing.append(timed("constant", None, why="its exposure never changed"))
    verdicts = rule_verdicts(every, timing)
    words = {v.strategy: rule_sentence(v) for v in verdicts}
    assert words["idle"] == "cnn with idle: it never bought."
    assert words["few"] == "cnn with few: 29 closed trades, -30.3% after costs: cannot say."
    assert words["timed"] == (
        "cnn with timed: the timing earned more than chance gives: +10.0% a year after costs beside the same exposure "
        "held evenly (adjusted p 0.006)."
    )
    assert words["luck"] == (
        "cnn with luck: the timing shows nothing: -2.0% a year after costs beside the same exposure held evenly "
        "(adjusted p 0.40); 368 days could have shown +30.0% or more."
    )
    assert words["constant"].endswith("not tested, its exposure never changed.")
    assert headline((), verdicts) == [
        "1 of 5 combinations of forecaster and rule shows timing: cnn with timed; of the others 1 never bought, "
        "1 closed fewer than 30 trades (cannot say), 1 earned no more by timing, after costs, than chance gives "
        "and 1 was not tested against chance."
    ]


def test_timing_that_does_not_earn_its_costs_is_not_said_to_show_nothing(bars):
    (verdict,) = rule_verdicts([result(bars, "a", 30)], [timed("a", 0.3, 0.01)])
    assert rule_sentence(verdict) == (
        "cnn with a: the timing does not earn its costs: +10.0% a year after costs beside the same exposure held "
        "evenly (p 0.30); before costs +25.0% a year (p 0.010), more than chance gives; 368 days could have shown "
        "+30.0% or more."
    )


def test_what_chance_the_days_gave_is_one_sentence():
    (both,) = power_sentences(power_of(722, forecasters=4, rules=4))
    assert both == (
        "722 days gave a small true edge (a correlation of 0.1 between forecast and return) a chance of 10% to be "
        "called better than naive (as one of 4 forecasters) and 46% to have its timing shown before costs (as one of "
        "4 rules)."
    )
    (alone,) = power_sentences(power_of(1500, forecasters=1, rules=0))
    assert alone.endswith("a chance of 45% to be called better than naive.")
    assert power_sentences(power_of(19, forecasters=1, rules=1)) == []
    assert power_sentences(power_of(722, forecasters=0, rules=0)) == []
    assert power_sentences(None) == []


def test_a_page_without_rules_or_forecasters_says_nothing_of_them():
    assert headline((), ()) == []
