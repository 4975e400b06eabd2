"""The sentences of a grid: its verdict, both choices and what their difference says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.grids.pages.choices import describe_selections
from backtests.grids.pages.sentences import finding_sentences, verdict_sentences
from backtests.grids.results.judged_grid import judge_grid
from tests.backtests.example_outcomes import make_outcome


def test_their_difference_and_which_is_in_sample_are_told(grid):
    text = " ".join(finding_sentences(grid))
    assert "Chosen on the validation rows, before the test: cnn:filters=4." in text
    assert "its test MAPE is 5.00%, place 3 of 3, worse than naive (p <0.001)" in text
    assert "The lowest test MAPE, 2.00%, is that of cnn:filters=2" in text
    assert "in-sample: it was made after the test was seen" in text
    assert "Choosing on the test rows makes the result look 3.00 points better." in text
    rows = {one["by"]: one for one in describe_selections(grid)}
    assert rows["test"]["in_sample"] is True and rows["validation"]["in_sample"] is False
    assert rows["test"]["p_better"] is None, "no test of what was picked after seeing the test"
    assert rows["validation"]["p_worse"] < 0.001
    assert rows["validation"]["mape"] == pytest.approx(5.0)


def test_the_verdict_on_the_choice_is_that_of_one_test(grid):
    everyone, choice = verdict_sentences(grid)
    assert choice.startswith("Chosen on the validation rows, judged once: cnn:filters=4 is worse")
    assert "adjusted" not in choice
    assert everyone.startswith("None of 3 forecasters is better than naive")


def test_one_forecaster_is_not_called_a_choice():
    alone = judge_grid(make_outcome({}, {"filters=2": 0.02}, cross=("filters=2",)))
    (text,) = verdict_sentences(alone)
    assert text.startswith("cnn:filters=2 is worse than naive")
    assert "adjusted" not in text
    assert finding_sentences(alone)[0].startswith(
        "cnn:filters=2 had no lower error on the 98 test days than"
    )
    assert "There is one forecaster beside naive, so nothing was chosen." in finding_sentences(
        alone
    )
    assert alone.luck is None, "the lowest of one was not picked"
    better = judge_grid(make_outcome({}, {"filters=2": 0.001}, cross=("filters=2",)))
    assert finding_sentences(better)[0].startswith(
        "cnn:filters=2 had a lower error on the 98 test days than"
    )


def test_two_choices_with_one_error_do_not_differ():
    same = judge_grid(make_outcome({"filters=2": 0.02, "filters=4": 0.01}, {"filters=": 0.03}))
    text = " ".join(finding_sentences(same))
    assert same.by_validation.labels != same.by_test.labels
    assert "Both choices have the same test MAPE." in text
    assert "points" not in text
    near = {"filters=2": 0.03, "filters=4": 0.030001}
    close = judge_grid(make_outcome({"filters=2": 0.02, "filters=4": 0.01}, near))
    assert "makes the result look less than 0.01 points better." in " ".join(
        finding_sentences(close)
    )


def test_validation_rows_that_are_all_halts_are_not_called_missing(outcome):
    halted = [
        replace(
            entry,
            inside=tuple(
                replace(o, by_seed=np.where(o.watched, np.nan, o.by_seed)) for o in entry.inside
            ),
        )
        for entry in outcome.entries
    ]
    text = " ".join(finding_sentences(judge_grid(replace(outcome, entries=tuple(halted)))))
    assert "No validation row can be judged, so nothing could be chosen" in text
    assert "There are no validation rows" not in text
