"""The verdict that counts everything: what it adds, what it leaves, and that it is never milder."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from backtests.judging.looks import timing_look
from backtests.judging.overall import Looked, judge_overall, looked_at, overall_forecast
from backtests.judging.skill import Judged
from backtests.judging.timing import Timed
from backtests.judging.verdict import (
    BETTER,
    CANNOT_SAY,
    IDLE,
    SAME,
    TIMED,
    UNFILLABLE,
    UNTIMED,
    RuleVerdict,
    forecast_verdict,
)
from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.outcome import Outcome
from backtests.trials.look import FORECAST, TIMING, Look
from tests.backtests.drawn_returns import counted

DAYS = np.arange("2017-01-01", "2018-12-24", dtype="datetime64[D]")
NONE = Outcome(None, None, 0)


def looks(n, kind=TIMING, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((n, DAYS.size))
    return tuple(Look(kind, DAYS, daily) for daily in drawn)


def after(earlier, without=0):
    return replace(counted(99), looks=tuple(earlier), without_series=without)


def timed(p, closed=40, strategy="direction"):
    (look,) = looks(1, seed=9)
    return Timed("A", "cnn", strategy, closed, look.sessions, look.daily, 0.5, p=p, p_before=p / 2)


def rule(own, p=None, word=TIMED):
    return RuleVerdict("cnn", own.strategy, word, 0.1, own.closed, own, p or own.p, own.p_before, 1)


def judgement(*rules, forecasts=()):
    timing = tuple(v.timed for v in rules if v.timed)
    return SimpleNamespace(timing=timing, rules=rules, forecasts=forecasts)


def forecaster(p_of=0.3, seed=1):
    """Return a forecaster whose losses are smaller than naive's by a share of their deviation."""
    rng = np.random.default_rng(seed)
    naive = np.abs(rng.standard_normal(DAYS.size))
    loss = naive - rng.normal(p_of, 1.0, DAYS.size) * 0.1
    comparison = diebold_mariano(loss, naive)
    folds = Outcome(5.0, 0.03, 5)
    p = comparison.p_better, comparison.p_worse
    return Judged("cnn", comparison, comparison, NONE, folds, NONE, *p), Look(
        FORECAST, DAYS, naive - loss
    )


def test_a_first_page_is_judged_as_by_itself():
    verdicts = (rule(timed(0.04)), rule(timed(0.03, strategy="quantile"), p=0.06, word=UNTIMED))
    overall = judge_overall(judgement(*verdicts), {}, after(()))
    assert overall.alone
    assert overall.rules == verdicts


def test_what_was_looked_at_before_raises_the_p_of_a_rule():
    before = rule(timed(0.002))
    overall = judge_overall(judgement(before), {}, after(looks(9)))
    (verdict,) = overall.rules
    assert overall.timing.everything == pytest.approx(10, rel=0.1)
    assert verdict.p == pytest.approx(1 - 0.998 ** (overall.timing.everything**2))
    assert (before.word, verdict.word) == (TIMED, UNTIMED)
    assert verdict.p_before == pytest.approx(1 - 0.999 ** (overall.timing.everything**2))
    assert overall.word("cnn", "direction") == UNTIMED


def test_copies_of_the_own_look_take_nothing_away():
    own = timed(0.04)
    copies = [Look(TIMING, own.sessions, own.daily)] * 30
    (verdict,) = judge_overall(judgement(rule(own)), {}, after(copies)).rules
    assert (verdict.p, verdict.word) == (pytest.approx(0.04), TIMED)


def test_forecasters_and_rules_are_counted_apart():
    judged, look = forecaster()
    page = judgement(rule(timed(0.04)), forecasts=(forecast_verdict(judged, 1),))
    overall = judge_overall(page, {"cnn": look}, after(looks(20, FORECAST)))
    assert overall.timing.earlier == 0 and overall.forecasters.earlier == 20
    assert overall.rules[0].word == TIMED
    assert overall.forecasts[0].judged.p_better > judged.p_better


def test_a_forecaster_that_is_better_alone_is_not_among_many():
    judged, look = forecaster(0.1)
    assert 0.001 < judged.p_better < 0.05
    assert forecast_verdict(judged, 1).word == BETTER
    looked = looked_at([look], after(looks(19, FORECAST)), FORECAST)
    verdict = overall_forecast(judged, 1, looked)
    assert (verdict.word, verdict.lacks) == (SAME, "p value")
    assert verdict.judged.absolute is judged.absolute, "its own test is what it was"


def test_trials_without_a_series_count_as_independent():
    looked = looked_at(looks(1), after((), without=24), TIMING)
    assert (looked.everything, looked.independent) == (1.0, 25.0)
    assert looked.adjusted(0.001, 0.001) == pytest.approx(1 - 0.999**25)


@pytest.mark.parametrize("p", [1e-12, 0.001, 0.03, 0.9, 1.0])
def test_the_page_alone_is_never_milder(p):
    on_page = min(1.0, 4 * p)
    for looked in (
        Looked(4, 1, 0, 3.9, 4.0),
        Looked(4, 0, 1, 1.0, 1.0),
        Looked(4, 90, 9, 3.0, 60.0),
    ):
        adjusted = looked.adjusted(p, on_page)
        assert on_page <= adjusted <= 1.0
    assert Looked(4, 5, 0).adjusted(None, None) is None


def test_all_pages_that_will_ever_be_made_err_in_a_bounded_share():
    """Independent looks, one a page: the levels are 5%, 1/4 of it, 1/9 of it, ..."""
    pages = [Looked(1, n - 1, 0, 1.0, float(n)) for n in range(1, 2001)]
    levels = [0.05 / n**2 for n in range(1, 2001)]
    for looked, level in zip(pages, levels, strict=True):
        assert looked.adjusted(level, level) == pytest.approx(0.05, rel=0.03)
    assert sum(levels) < 0.083


def test_words_that_no_test_gave_stay():
    idle = RuleVerdict("cnn", "a", IDLE, 0.0, 0)
    few = rule(timed(0.001, closed=12, strategy="b"), word=CANNOT_SAY)
    few = replace(few, p=None)
    overall = judge_overall(judgement(idle, few), {}, after(looks(3)))
    assert [v.word for v in overall.rules] == [IDLE, CANNOT_SAY]
    assert timing_look(few.timed) is None and overall.timing.own == 0


def test_what_no_market_could_have_filled_stays_so():
    large = replace(rule(timed(0.001), word=UNFILLABLE), large=0.5)
    (verdict,) = judge_overall(judgement(large), {}, after(looks(3))).rules
    assert verdict.word == UNFILLABLE
