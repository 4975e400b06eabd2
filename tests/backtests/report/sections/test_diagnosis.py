"""The words of a diagnosis: why a rule bought or did not buy, and what the account counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backtests.judging.diagnosis import diagnose
from backtests.report.sections.diagnosis import market, section, sentences
from tests.backtests.example_studies import (
    forecasts_of,
    make_bars,
    make_forecasts,
    make_result,
    make_study,
)
from tests.backtests.judging.test_diagnosis import forecasts


def test_a_rule_that_never_bought_is_told_why() -> None:
    study = make_study(traded=False)
    f, result = forecasts_of(study)[1], study.results[1]
    d = diagnose([f], 0.05, result, study.foresight[0])
    text = sentences(d)
    top = np.nanargmax(f.forecast_return)
    largest = f"{f.forecast_return[top]:+.1%} (for {f.target[top]})"
    assert (
        text[0]
        == f"stacked_lstm never bought: its largest forecast was {largest} where the rule needs +5.0%."
    )
    assert market(d).startswith(
        "The price itself rose 5.0% or more on 2 of 366 days; a perfect forecaster"
    )
    assert market(d).endswith("after costs.")
    assert market(d) not in text
    assert any("outside the range the model was trained on" in sentence for sentence in text)


def test_a_rule_that_bought_is_judged_by_what_followed_its_calls() -> None:
    study = make_study()
    text = " ".join(sentences(diagnose([forecasts_of(study)[2]], 0.05, study.results[2], None)))
    assert "rnn forecast +5.0% or more on 5 days and bought 2 times" in text
    assert "rose that much on 0 of 5 such days" in text
    assert "never bought" not in text


def test_why_nothing_was_bought_is_read_from_the_account_not_guessed() -> None:
    bars = make_bars()
    f = make_forecasts(bars, "cnn", 530, spread=0.03)
    idle = make_result(bars, "cnn", "five_percent", 530, cash=100_000.0)

    def first(**counts: int) -> str:
        return sentences(diagnose([f], 0.05, replace(idle, **counts), None))[0]  # type: ignore[arg-type]

    assert diagnose([f], 0.05, replace(idle, unaffordable=3), None).too_poor
    assert "on 3 of its signals the 100,000 of cash did not buy one share" in first(unaffordable=3)
    assert "Raise --cash" in first(unaffordable=3)
    assert not diagnose([f], 0.05, idle, None).too_poor
    assert first().endswith("but bought nothing: the other conditions of the rule held it back.")
    assert "cash" not in first()
    assert "2 orders rejected for want of cash" in first(rejected=2)
    assert "1 order expired unfilled" in first(expired=1)
    both = first(expired=1, unaffordable=1)
    assert "on 1 of its signals" in both
    assert "1 order expired unfilled" in both
    elsewhere = diagnose(
        [make_forecasts(bars, "cnn", 530, spread=0.001)], 0.05, replace(idle, unaffordable=2), None
    )
    assert sentences(elsewhere)[0].startswith("cnn bought nothing: on 2 of its signals")


def test_a_rule_that_buys_without_its_threshold_is_not_said_to_have_bought_nothing() -> None:
    study = make_study()
    quiet, result = forecasts_of(study)[1], study.results[2]
    text = sentences(diagnose([quiet], 0.05, result, None))[0]
    assert text.startswith("stacked_lstm bought 2 times, never on a forecast of +5.0% or more")
    flat = sentences(diagnose([forecasts_of(study)[0]], 0.05, result, None))
    assert "not to trade" not in flat[0]


def test_a_forecast_just_below_the_threshold_does_not_read_as_reaching_it() -> None:
    d = diagnose([forecasts([100.0] * 3, [104.996, 101, 99], [100, 101, 102])], 0.05, None, None)
    assert "its largest forecast was +4.996% (for 2019-01-02)" in sentences(d)[0]
    d = diagnose([forecasts([100.0] * 3, [101.24, 101, 99], [100, 101, 102])], 0.0125, None, None)
    assert section({"r": [d]})[0]["all"][0]["largest_text"] == "+1.2%"
    assert "where the rule needs +1.25%" in sentences(d)[0]


def test_foresight_that_could_not_pay_earned_nothing_and_is_told_why() -> None:
    study = make_study(traded=False)
    idle = replace(study.foresight[0], trades=())
    words = market(diagnose([forecasts_of(study)[1]], 0.05, study.results[1], idle))
    assert words.endswith("; even a perfect forecaster would not have traded.")
    poor = replace(idle, unaffordable=2)
    words = market(diagnose([forecasts_of(study)[1]], 0.05, study.results[1], poor))
    assert words.endswith("; even a perfect forecaster could not have paid for one share.")


def test_naive_takes_one_line() -> None:
    study = make_study(traded=False)
    d = diagnose([forecasts_of(study)[0]], 0.05, study.results[0], study.foresight[0])
    assert sentences(d) == [
        "naive forecasts no change on any day, so it cannot reach +5.0%: it stands here for its error, not to trade."
    ]


def test_forecasts_without_an_outcome_or_a_forecast_still_speak() -> None:
    waiting = diagnose([forecasts([100.0], [101.0], [np.nan])], 0.05, None, None)
    assert market(waiting) == "No day can be judged yet: no forecast has its outcome."
    halted = diagnose([forecasts([100.0], [np.nan], [np.nan])], 0.05, None, None)
    assert sentences(halted) == ["cnn made no forecast: every session was a halt."]


def test_each_rule_with_a_diagnosis_has_a_group_with_a_row_a_forecaster() -> None:
    study = make_study(traded=False)
    result, foresight = study.results[1], study.foresight[0]
    both = [diagnose([f], 0.05, result, foresight) for f in forecasts_of(study)[:2]]
    (group,) = section({"none": [], "five_percent": both})
    assert group["strategy"] == "five_percent"
    assert [row["forecaster"] for row in group["all"]] == ["naive", "stacked_lstm"]
    assert group["sentences"] == [sentences(d) for d in both]
    assert "+5.0%" in group["levels"]
    assert group["market"] == market(both[-1])


def test_of_several_tickers_the_one_with_the_largest_forecast_is_named() -> None:
    bars = {ticker: make_bars(ticker, seed=i) for i, ticker in enumerate(("A.KS", "B.KS"))}
    made = [make_forecasts(b, "cnn", 530, spread=0.001) for b in bars.values()]
    lifted = made[1].by_seed.copy()
    lifted[0, 7] = made[1].last_close[7] * 1.04
    made[1] = replace(made[1], by_seed=lifted)
    d = diagnose(made, 0.05, None, None)
    assert f"largest forecast was +4.0% (B.KS for {made[1].target[7]})" in sentences(d)[0]
    assert "days of 2 tickers" in market(d)
