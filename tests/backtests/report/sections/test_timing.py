"""The section on timing: every figure in its column, and the verdict beside it."""

from dataclasses import replace

from backtests.report.rendering import render_section
from backtests.report.sections.timing import section
from tests.backtests.report.read_page import table_of
from tests.backtests.verdict_cases import timed

WORDS = {
    ("cnn", name): {"word": word, "sentence": f"about {name}"}
    for name, word in (("a", "timing shown"), ("b", "not tested"))
} | {(None, "sma_cross"): {"word": "cannot say", "sentence": "about sma_cross"}}


def test_each_figure_stands_in_its_column():
    short = replace(
        timed("b", None, why="14 days: a test needs 20"),
        gain=None,
        gain_before=None,
        detectable=None,
    )
    plain = replace(timed("sma_cross", 0.3), forecaster=None)
    page = render_section(section((timed("a", 0.003, 0.001), short, plain), WORDS))
    shown, untested, of_plain = table_of(page, "timing-table").rows
    known = {
        "Forecaster": "cnn", "Rule": "a", "Closed trades": "30", "Exposure": "50%", "Before costs": "+25.0%",
        "p before": "0.001", "After costs": "+10.0%", "p after": "0.003", "Could be shown": "+30.0%",
        "Verdict": "timing shown",
    }  # fmt: skip
    assert dict(shown) == known
    assert (untested["p before"], untested["After costs"], untested["p after"]) == ("–", "–", "–")
    assert untested["Verdict"] == "not tested"
    assert (of_plain["Forecaster"], of_plain["Rule"]) == ("–", "sma_cross")


def test_a_figure_that_is_missing_says_why():
    short = timed("b", None, why="14 days: a test needs 20")
    assert '<abbr title="14 days: a test needs 20">' in render_section(section((short,), WORDS))


def test_nothing_bought_shows_no_section():
    assert section((), WORDS) is None
