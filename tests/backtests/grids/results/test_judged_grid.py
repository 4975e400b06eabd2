"""A judged grid: one test of the choice, no choice without validation rows, the rank correlation."""

from __future__ import annotations

import pytest

from backtests.grids.pages.choices import describe_selections
from backtests.grids.pages.sentences import finding_sentences
from backtests.grids.results.judged_grid import judge_grid
from backtests.grids.results.selection import select_on_validation
from backtests.judging.skill import judge_forecasts
from tests.backtests.example_outcomes import make_outcome

#: The lowest error before the test is not the lowest on it.
VALIDATION = {"filters=2": 0.02, "filters=4": 0.01, "filters=8": 0.03}
TEST = {"filters=2": 0.02, "filters=4": 0.05, "filters=8": 0.04}


def test_the_honest_choice_is_one_test_that_nothing_adjusts(outcome, grid):
    """Holm over three forecasters multiplies a p value; the choice made before the test is one."""
    alone = judge_forecasts({"x": (grid.by_validation.forecasts,)}).judged[0].absolute
    assert grid.choice.absolute.p_worse == alone.p_worse
    among = {one.forecaster: one for one in grid.skill.judged}["cnn:filters=4"]
    assert among.absolute.statistic == pytest.approx(alone.statistic)
    assert among.p_worse >= alone.p_worse


def test_without_validation_rows_nothing_can_be_chosen_honestly():
    outcome = make_outcome(VALIDATION, TEST, cross=("filters=2,4,8",), validation=0.0)
    assert select_on_validation(outcome) is None
    grid = judge_grid(outcome)
    assert grid.by_validation is None and grid.choice is None and grid.correlation is None
    assert any("no validation rows" in sentence for sentence in finding_sentences(grid))
    assert [one["by"] for one in describe_selections(grid)] == ["test"]


def test_the_rank_correlation_by_hand(grid):
    """Validation 2, 1, 3 against test 1, 3, 2: 1 - 6 (1 + 4 + 1) / (3 (9 - 1)) = -0.5 (Spearman 1904)."""
    assert grid.correlation == pytest.approx(-0.5)
    assert "rank correlation of -0.50" in " ".join(finding_sentences(grid))
    assert judge_grid(make_outcome(VALIDATION, TEST)).correlation is None, "two always agree"
