"""Both verdicts on the page: the one that counts everything first, that of the page alone beside it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from backtests.judging.overall import Looked, Overall
from backtests.judging.timing import Timed
from backtests.judging.verdict import TIMED, UNTIMED, RuleVerdict
from backtests.report.rendering import render_section
from backtests.report.sections.overall import COLUMNS, headline, section, words

DAYS = np.arange("2017-01-01", "2018-12-24", dtype="datetime64[D]")
OWN = Timed(
    "A", "cnn", "direction", 40, DAYS, np.zeros(DAYS.size), 0.5, 0.3, 0.4, 0.2, 2.5, 0.006, 0.004
)
ALONE = RuleVerdict("cnn", "direction", TIMED, 0.1, 40, OWN, 0.006, 0.004, 1)
COUNTED = replace(ALONE, word=UNTIMED, p=0.11, tests=2)
PAGE = SimpleNamespace(forecasts=(), rules=(ALONE,), verdicts=(ALONE,), power=None)


@pytest.fixture
def overall():
    none = Looked(0, 0, 3)
    return Overall((), (COUNTED,), none, Looked(1, 24, 3, 1.0, 3.96))


def test_the_headline_is_the_verdict_that_counts_everything(overall):
    first, how_much, alone = headline(overall, PAGE, 31)
    assert first.startswith("cnn with direction: the timing does not earn its costs")
    assert how_much == (
        "That counts 31 trials on these prices (rules: 25 looks, worth 4.0 independent ones, and 3 earlier trials "
        "without a daily series)."
    )
    assert alone.startswith(
        "This page alone: cnn with direction: the timing earned more than chance gives"
    )


def test_a_first_page_has_one_verdict():
    first = Overall((), (ALONE,), Looked(0, 0, 0), Looked(1, 0, 0))
    (sentence,) = headline(first, PAGE, 1)
    assert sentence.startswith("cnn with direction: the timing earned more than chance gives")
    assert section(PAGE, first) is None and section(PAGE, None) is None
    assert words(PAGE, first)["cnn", "direction"]["word"] == TIMED


def test_the_table_has_both_words_and_all_p_values(overall):
    shown = section(PAGE, overall)
    html = render_section(shown)
    assert shown.heading == "Everything that was looked at"
    cells = html[html.index("<tbody>") :].split("<td")[1:]
    values = [cell.split(">", 1)[1].split("</td")[0] for cell in cells]
    row = dict(zip([column.heading for column in COLUMNS], values, strict=True))
    assert (row["This page alone"], row["Everything counted"]) == (TIMED, UNTIMED)
    assert (row["p"], row["p of this page"], row["p of everything"]) == ("0.006", "0.006", "0.11")


def test_the_other_tables_have_the_word_that_counts(overall):
    said = words(PAGE, overall)["cnn", "direction"]
    assert said["word"] == UNTIMED
    assert said["sentence"].endswith(f"This page alone: {TIMED}.")
