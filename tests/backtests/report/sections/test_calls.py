"""The section on calls: whether they paid, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backtests.judging.calls import Calls
from backtests.report.rendering import render
from backtests.report.sections.calls import section, sentence


def call(**changes: Any) -> Calls:
    made = Calls(
        "cnn", "five_percent", 0.05, "open", 1, 366, 10, 40, 10, 10 / 366, 0.25, 0.14, 0.40, 40, 0.001,
        0.0002, 0.04, -0.012, 0.005, 0.327, "",
    )  # fmt: skip
    return replace(made, **changes)


def test_the_sentence_says_whether_the_calls_paid_and_when_that_is_open() -> None:
    assert sentence(call()) == (
        "cnn called +5.0% or more on 40 days and was right on 10: 25% (95% interval 14% to 40%), where "
        "2.7% of all days rose that much; a call returned +0.10% on average from the fill on, before a "
        "round trip of 0.50%; any day +0.02%; to pay, 33% had to be right, which the interval holds: "
        "too few calls to tell."
    )
    assert sentence(call(needed=0.5)).endswith("to pay, 50% had to be right: fewer were.")
    assert sentence(call(needed=0.1)).endswith("to pay, 10% had to be right: more were.")
    unknown = call(needed=None, why="no call came true")
    assert sentence(unknown).endswith(
        "how often it had to be right cannot be said: no call came true."
    )
    assert sentence(call(calls=0)) == ""
    unfilled = call(n=0, needed=None, why="no call could be filled")
    assert sentence(unfilled).endswith("cannot be said: no call could be filled.")
    assert "on 40 days of 3 tickers and was right" in sentence(call(tickers=3))


def test_the_page_shows_each_rule_and_who_never_called() -> None:
    low = call(
        strategy="five_percent:threshold=0.0125", threshold=0.0125, needed=None, why="why so"
    )
    calls = [call(), call(forecaster="rnn", calls=0), low]
    shown = section(calls)
    assert shown is not None
    first, second = shown["groups"]
    assert (first["idle"], len(first["rows"])) == (["rnn"], 1)
    html = render("calls.html", value=shown)
    assert html.count('class="calls"') == 2
    assert "Never called: rnn." in html
    assert "+1.25%" in html
    assert '<abbr title="why so">' in html
    assert sentence(call()) in html
    assert second["rows"] == [low]
    assert section([]) is None
