"""The section on shifted forecasts: a picture that says it is no test."""

from dataclasses import replace

from backtests.judging.shifts import Shifted
from backtests.report.rendering import render
from backtests.report.sections.shifts import section, sentence

SHOWN = Shifted(
    "A.KS", "cnn", "direction", 0.136, 67, 66, 723, 722, 0.41, 0.59, 0.08, -0.2, 0.4, 66.0, "replay"
)  # fmt: skip


def test_a_result_that_was_not_shifted_says_why():
    none = Shifted("A.KS", "gru", "rank", 0.1, 0, 0, why="it never bought")
    assert sentence(none) == "Nothing was shifted: it never bought."


def test_the_sentence_says_the_share_and_no_judgement():
    assert sentence(SHOWN) == (
        "Of 722 shifts of the same forecasts through the same rule and costs, 41% earned at least as much."
    )


def test_the_section_shows_each_result_and_says_that_it_is_no_test():
    slow = replace(
        SHOWN, strategy="./own.py", shifts=99, via="backtrader", why="the rule is the user's own"
    )
    none = Shifted("A.KS", "gru", "rank", 0.1, 1, 0, why="19 forecasts leave too few shifts")
    html = render("shifts.html", value=section((SHOWN, slow, none)))
    assert html.count('<td class="l name">') == 6
    assert "a picture of chance, no test" in html
    assert "59%" in html
    assert "-20.0% to +40.0%" in html
    assert "19 forecasts leave too few shifts" in html
    assert "with 99 shifts at most: the rule is the user&#39;s own." in html
    assert section(()) is None
