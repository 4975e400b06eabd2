"""The ranked rows: naive first, errors by hand, p values adjusted for all forecasters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.grids.pages.ranking_table import ranking_table
from backtests.grids.pages.sentences import finding_sentences
from backtests.grids.results.judged_grid import judge_grid
from backtests.grids.results.ranking import rank
from backtests.judging.skill import judge_forecasts
from tests.backtests.example_outcomes import make_outcome


def test_naive_is_the_first_row_and_the_rest_follow_by_test_error(outcome, grid):
    assert [row["forecaster"] for row in grid.rows] == [
        "naive", "cnn:filters=2", "cnn:filters=8", "cnn:filters=4",
    ]  # fmt: skip
    assert [row["rank"] for row in grid.rows] == [None, 1, 2, 3]
    naive, best, *_ = grid.rows
    assert best["mape"] == pytest.approx(2.0)
    assert best["mape_over_naive"] == pytest.approx(2.0 / naive["mape"])
    assert best["validation_mape"] == pytest.approx(2.0)
    assert naive["gain"] is None and best["gain"] < 0
    judged = naive["rows"]
    assert all(row["rows"] == judged for row in grid.rows), "all on the same rows"


def test_the_errors_of_a_row_are_those_of_its_forecasts(outcome, grid):
    """By hand: forecasts 2% too high have r 1, NRMSE over the mean 2% of the root mean square."""
    row = grid.rows[1]
    f = next(e.forecasts for e in outcome.models if e.label == row["forecaster"])
    actual = f.actual[f.judged]
    assert row["rmse"] == pytest.approx(0.02 * np.sqrt(np.mean(actual**2)))
    assert row["nrmse"] == pytest.approx(2 * np.sqrt(np.mean(actual**2)) / np.mean(actual))
    assert row["nrmse_range"] == pytest.approx(100 * row["rmse"] / np.ptp(actual))
    r = np.log(actual / f.last_close[f.judged])
    share = len(r) * np.log(1.02) ** 2 / np.sum(r**2)
    assert row["r2_return"] == pytest.approx(1 - share)


def test_pearson_on_levels_stands_in_s3s_grid_alone_with_naives_own(outcome, grid):
    """Forecasts 2% too high have r 1."""
    paper = judge_grid(replace(outcome, search=replace(outcome.search, s3=True)))
    naive, best, *_ = (row["pearson"] for row in paper.rows)
    assert naive > 0.9
    assert best == pytest.approx(1.0)
    text = " ".join(finding_sentences(paper))
    assert f"naive's is {naive:.3f}" in text and "shows no skill" in text
    assert all(row["pearson"] is row["pearson_p"] is None for row in grid.rows)
    assert "Pearson" not in " ".join(finding_sentences(grid))
    axes = outcome.search.crossing.axes
    (heading, _), (papers, _) = (
        ranking_table(one.rows, axes, s3) for one, s3 in ((grid, False), (paper, True))
    )
    assert {"r, levels", "p of r"} <= set(papers)
    assert not {"r, levels", "p of r"} & set(heading)


def test_the_p_values_of_the_table_are_adjusted_for_all_that_stand_in_it():
    """Holm (1979) by hand: the smallest of three times 3, the next times 2, never falling."""
    test = {"filters=2": 0.0100, "filters=4": 0.0110, "filters=8": 0.0120}
    outcome = make_outcome({}, test, cross=("filters=2,4,8",))
    alone = {
        e.label: judge_forecasts({"x": (e.forecasts,)}).judged[0].absolute.p_better
        for e in outcome.models
    }
    assert len(set(alone.values())) == 3 and max(alone.values()) < 0.1
    expected, largest = {}, 0.0
    for times, (label, p) in zip((3, 2, 1), sorted(alone.items(), key=lambda x: x[1]), strict=True):
        expected[label] = largest = max(largest, times * p)
    rows = {row["forecaster"]: row["p_better"] for row in judge_grid(outcome).rows[1:]}
    assert rows == pytest.approx(expected)
    assert all(rows[label] > p for label, p in list(alone.items())[:2])


def test_seeds_show_their_range_and_one_seed_has_none(outcome, grid):
    assert grid.rows[1]["mape_seed_min"] is None
    naive, first, *rest = outcome.entries
    f = first.forecasts
    two = np.stack([f.actual * 1.01, f.actual * 1.03])
    two[:, -1] = f.last_close[-1]
    seeded = replace(first, forecasts=replace(f, by_seed=two, seeds=(0, 1)))
    rows = rank(replace(outcome, entries=(naive, seeded, *rest)), grid.skill)
    row = next(row for row in rows if row["forecaster"] == first.label)
    assert (row["mape_seed_min"], row["mape_seed_max"]) == pytest.approx((1.0, 3.0))
    assert row["mape"] == pytest.approx(2.0), "the mean of the seeds is judged"
