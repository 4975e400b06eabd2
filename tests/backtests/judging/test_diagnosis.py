"""Why a rule bought or not, with counts known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.judging.diagnosis import diagnose
from backtests.judging.rises import at_least
from forecasters.forecasts import Forecasts
from strategies.rule import risen
from tests.backtests.example_studies import make_bars, make_forecasts, make_result, make_study, told

NAT = np.datetime64("NaT", "D")


def forecasts(
    last: list[float], close: list[float], actual: list[float], outside: int = 0
) -> Forecasts:
    n = len(last)
    days = np.datetime64("2019-01-01") + np.arange(n + 1)
    target = days[1:].copy()
    target[-1] = NAT if np.isnan(actual[-1]) else target[-1]
    return Forecasts(
        "T", "cnn", np.repeat(days[:1], n), days[:n], target, np.array(last), np.array([close]),
        np.array(actual), np.arange(n) < outside,
    )  # fmt: skip


def test_counts_are_those_of_the_rule_and_exactly_five_percent_counts() -> None:
    # 1.05 x 101 is 106.05000000000001 in binary: 106.05 is 5% above 101 all the same.
    f = forecasts(
        [101, 100, 100, 100, 100, 100],
        [106.05, 105, 104.9, 101, 99, 120],
        [106.05, 100, 106, 100, np.nan, np.nan],
        outside=3,
    )
    d = diagnose([f], 0.05, None, None)
    assert (d.days, d.signals) == (4, 2), "a halt and a day still to come are not judged"
    here = d.at_threshold
    assert (here.forecast, here.came, here.both) == (2, 2, 1)
    assert here.mean_realised == pytest.approx(0.025)
    assert [(p.level, p.forecast, p.came) for p in d.passed] == [
        (0.01, 4, 2), (0.02, 3, 2), (0.03, 3, 2), (0.05, 2, 2),
    ]  # fmt: skip
    assert d.largest == pytest.approx(0.2)
    assert (d.largest_made, d.largest_for) == ("2019-01-06", None)
    assert d.outside_share == 0.5


def test_all_days_at_once_are_told_what_the_rule_tells_one_by_one() -> None:
    rng = np.random.default_rng(0)
    last = np.concatenate([np.arange(1.0, 400), rng.uniform(1, 1e6, 400)])
    for share in (0.0125, 0.05, 0.07):
        exact = np.array([float(f"{close * (1 + share):.10g}") for close in last])
        for price in (exact, exact * (1 - 1e-11), exact * (1 + 1e-13), last * 1.06, last * np.nan):
            one_by_one = [risen(p, close, share) for p, close in zip(price, last, strict=True)]
            assert at_least(price, last, share).tolist() == one_by_one
    assert at_least(exact, last, 0.07).mean() > 0.5


def test_a_rule_that_never_bought_is_told_why() -> None:
    study = make_study(traded=False)
    f, result = told(study)[1], study.results[1]
    d = diagnose([f], 0.05, result, study.foresight[0])
    text = d.sentences()
    top = np.nanargmax(f.forecast_return)
    largest = f"{f.forecast_return[top]:+.1%} (for {f.target[top]})"
    assert (
        text[0]
        == f"stacked_lstm never bought: its largest forecast was {largest} where the rule needs +5.0%."
    )
    assert text[1].startswith(
        "The price itself rose 5.0% or more on 2 of 366 days; a perfect forecaster"
    )
    assert text[1].endswith("after costs.")
    assert any("outside the range the model was trained on" in sentence for sentence in text)
    assert text[1] not in d.own_sentences()
    assert len(d.own_sentences()) == len(text) - 1


def test_a_rule_that_bought_is_judged_by_what_followed_its_calls() -> None:
    study = make_study()
    text = " ".join(diagnose([told(study)[2]], 0.05, study.results[2], None).sentences())
    assert "rnn forecast +5.0% or more on 5 days and bought 2 times" in text
    assert "rose that much on 0 of 5 such days" in text
    assert "never bought" not in text


def test_why_nothing_was_bought_is_read_from_the_account_not_guessed() -> None:
    bars = make_bars()
    f = make_forecasts(bars, "cnn", 530, spread=0.03)
    idle = make_result(bars, "cnn", "five_percent", 530, cash=100_000.0)

    def first(**counts: int) -> str:
        return diagnose([f], 0.05, replace(idle, **counts), None).sentences()[0]  # type: ignore[arg-type]

    assert diagnose([f], 0.05, replace(idle, unaffordable=3), None).too_poor
    assert "on 3 of its signals the 100,000 of cash did not buy one share" in first(unaffordable=3)
    assert "Raise --cash" in first(unaffordable=3)
    assert not diagnose([f], 0.05, idle, None).too_poor
    assert first().endswith("but bought nothing: the rule's other conditions held it back.")
    assert "cash" not in first()
    assert "2 orders rejected for want of cash" in first(rejected=2)
    assert "1 order expired unfilled" in first(expired=1)
    both = first(expired=1, unaffordable=1)
    assert "on 1 of its signals" in both
    assert "1 order expired unfilled" in both
    elsewhere = diagnose(
        [make_forecasts(bars, "cnn", 530, spread=0.001)], 0.05, replace(idle, unaffordable=2), None
    )
    assert elsewhere.sentences()[0].startswith("cnn bought nothing: on 2 of its signals")


def test_a_rule_that_buys_without_its_threshold_is_not_said_to_have_bought_nothing() -> None:
    study = make_study()
    quiet, result = told(study)[1], study.results[2]
    text = diagnose([quiet], 0.05, result, None).sentences()[0]
    assert text.startswith("stacked_lstm bought 2 times, never on a forecast of +5.0% or more")
    flat = diagnose([told(study)[0]], 0.05, result, None).sentences()
    assert "not to trade" not in flat[0]


def test_a_forecast_just_below_the_threshold_does_not_read_as_reaching_it() -> None:
    d = diagnose([forecasts([100.0] * 3, [104.996, 101, 99], [100, 101, 102])], 0.05, None, None)
    assert "its largest forecast was +4.996% (for 2019-01-02)" in d.sentences()[0]
    d = diagnose([forecasts([100.0] * 3, [101.24, 101, 99], [100, 101, 102])], 0.0125, None, None)
    assert d.largest_text == "+1.2%"
    assert "where the rule needs +1.25%" in d.sentences()[0]


def test_foresight_that_could_not_pay_earned_nothing_and_is_told_why() -> None:
    study = make_study(traded=False)
    idle = replace(study.foresight[0], trades=())
    market = diagnose([told(study)[1]], 0.05, study.results[1], idle).market()
    assert market.endswith("; even a perfect forecaster would not have traded.")
    poor = replace(idle, unaffordable=2)
    market = diagnose([told(study)[1]], 0.05, study.results[1], poor).market()
    assert market.endswith("; even a perfect forecaster could not have paid for one share.")


def test_naive_takes_one_line() -> None:
    study = make_study(traded=False)
    d = diagnose([told(study)[0]], 0.05, study.results[0], study.foresight[0])
    assert (d.correlation, d.direction, d.flat, len(d.sentences())) == (None, None, True, 1)


def test_forecasts_without_an_outcome_or_a_forecast_still_speak() -> None:
    waiting = diagnose([forecasts([100.0], [101.0], [np.nan])], 0.05, None, None)
    assert "No day can be judged yet: no forecast has its outcome." in waiting.sentences()
    halted = diagnose([forecasts([100.0], [np.nan], [np.nan])], 0.05, None, None)
    assert halted.sentences() == ["cnn made no forecast: every session was a halt."]


def test_direction_and_correlation_judge_returns_not_levels() -> None:
    f = forecasts([100] * 4, [101, 102, 99, 98], [101, 102, 99, 98])
    perfect = diagnose([f], 0.05, None, None)
    assert perfect.correlation == pytest.approx(1.0)
    assert perfect.direction == 1.0
    assert perfect.up_share == 0.5
    assert (
        diagnose(
            [forecasts([100] * 4, [101] * 4, [101, 99, 102, 98])], 0.05, None, None
        ).correlation
        is None
    )
