"""The section on shifted forecasts: what each share means, and what luck would give."""

from dataclasses import replace

import pytest

from backtests.judging.shift_test import Shifted
from backtests.report.rendering import render
from backtests.report.sections.shifts import section, sentence

SHOWN = Shifted(
    "A.KS", "cnn", "direction", 0.136, 67, 66, 723, 722, 0.41, 0.59, 0.41, 0.08, -0.2, 0.4, 66.0, "replay"
)  # fmt: skip


def test_a_result_that_was_not_shifted_says_why():
    none = Shifted("A.KS", "gru", "rank", 0.1, 0, 0, why="it never bought")
    assert sentence(none) == "Nothing was shifted: it never bought."


@pytest.mark.parametrize(
    ("at_least", "p", "closed", "end"),
    [
        (0.41, 0.41, 66, "41% earned at least as much: the timing shows nothing."),
        (0.99, 0.99, 66, "the forecasts would have earned more on nearly any other days."),
        (0.02, 0.0221, 66, "2% earned at least as much: taken alone, that is rare (p = 0.022)."),
        (0.04, 0.05, 66, "4% earned at least as much: the timing shows nothing."),
        (0.02, 0.0221, 8, "that is rare, but 8 closed trades: cannot say."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_the_share_means(at_least, p, closed, end):
    test = replace(SHOWN, at_least=at_least, p=p, percentile=1 - at_least, closed=closed)
    assert sentence(test).startswith(
        "Of 722 shifts of the same forecasts through the same rule and costs, "
    )
    assert sentence(test).endswith(end)


def test_the_section_shows_each_result_and_counts_what_luck_would_give():
    rare = replace(SHOWN, forecaster="rnn", at_least=0.01, p=0.012)
    slow = replace(
        SHOWN, strategy="./own.py", shifts=99, via="backtrader", why="the rule is the user's own"
    )
    none = Shifted("A.KS", "gru", "rank", 0.1, 1, 0, why="19 forecasts leave too few shifts")
    shown = section((SHOWN, rare, slow, none))
    assert shown["luck"].startswith("1 of 3 results has a p below 5%; ")
    assert shown["luck"].endswith("one would expect about 0.2 of them.")  # 3 x 5%
    assert [label for label, _ in shown["sentences"]] == ["rnn, " + SHOWN.strategy, "gru, rank"], (
        "the rare"
    )
    assert [label for label, _ in section((SHOWN,))["sentences"]] == [SHOWN.label], (
        "one is told anyway"
    )
    html = render("shifts.html", value=shown)
    assert html.count('<td class="l name">') == 8
    assert "59%" in html
    assert "0.410" in html
    assert "-20.0% to +40.0%" in html
    assert "19 forecasts leave too few shifts" in html
    assert "with 99 shifts at most: the rule is the user&#39;s own." in html
    assert section(()) is None
