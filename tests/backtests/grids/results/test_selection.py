"""Choosing one of many: on the validation rows or on the test rows, with planted errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from backtests.grids.pages.choices import describe_selections, label_of
from backtests.grids.pages.sentences import finding_sentences, verdict_sentences
from backtests.grids.results.judged_grid import judge_grid
from backtests.grids.results.selection import rank_correlation, select_on_test, select_on_validation
from tests.backtests.example_outcomes import make_outcome


def test_the_honest_choice_looks_at_the_validation_rows_alone(outcome):
    honest = select_on_validation(outcome)
    assert (honest.by, honest.labels) == ("validation", ("cnn:filters=4",))
    assert honest.metrics["mape"] == pytest.approx(5.0, rel=1e-12)
    assert honest.place == 3


def test_the_papers_choice_is_the_lowest_on_the_test(outcome):
    papers = select_on_test(outcome)
    assert (papers.by, papers.labels, papers.place) == ("test", ("cnn:filters=2",), 1)
    assert papers.metrics["mape"] == pytest.approx(2.0, rel=1e-12)


def test_a_walk_forward_chooses_anew_before_each_fold():
    """Fold 1 prefers one, fold 2 the other; one choice for both would have seen fold 1's test."""
    validation = {"filters=2": (0.01, 0.03), "filters=4": (0.02, 0.01)}
    outcome = make_outcome(validation, {"filters=2": 0.02, "filters=4": 0.04}, split=None)
    assert len(outcome.naive.inside) == 2
    honest = select_on_validation(outcome)
    assert [entry.label for entry in honest.chosen] == ["cnn:filters=2", "cnn:filters=4"]
    assert honest.place is None and label_of(honest) == "2 choices, fold by fold"
    f = honest.forecasts
    error = f.close[f.judged] / f.actual[f.judged] - 1
    first = (f.fold == f.fold[0])[f.judged]
    np.testing.assert_allclose(error, np.where(first, 0.02, 0.04), rtol=1e-9)
    assert select_on_test(outcome).labels == ("cnn:filters=2",)
    grid = judge_grid(outcome)
    assert ": the choice made anew for each fold is " in verdict_sentences(grid)[1]
    assert "2 choices, fold by fold. Judged once, their joint test MAPE is" in " ".join(
        finding_sentences(grid)
    )
    folds = describe_selections(grid)[0]["folds"]
    assert list(folds.values()) == ["cnn:filters=2", "cnn:filters=4"]


def test_equal_errors_are_chosen_by_name_whatever_order_they_were_typed_in():
    for values in ("2,4,8", "8,4,2"):
        outcome = make_outcome({}, {}, cross=(f"filters={values}",))
        assert select_on_validation(outcome).labels == ("cnn:filters=2",)
        assert select_on_test(outcome).labels == ("cnn:filters=2",)


@pytest.mark.parametrize(
    "pairs",
    [
        [(1.0, 3.0), (2.0, 2.0), (2.0, 5.0), (4.0, 5.0), (9.0, 1.0)],  # equal values on both sides
        [(0.1, 0.2), (0.4, 0.3), (0.2, 0.9), (0.7, 0.8)],
    ],
)
def test_the_rank_correlation_is_that_of_scipy(pairs):
    expected = spearmanr(*zip(*pairs, strict=True)).statistic
    assert rank_correlation(pairs) == pytest.approx(expected)
    assert rank_correlation([(1.0, y) for _, y in pairs]) is None
    assert rank_correlation([*pairs, (None, 1.0)]) is None
