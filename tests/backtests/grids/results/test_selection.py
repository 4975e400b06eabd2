"""Choosing one of many: on validation rows or on the test, with errors that are planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from backtests.grids.config import GridConfig
from backtests.grids.results.inside import inside_of
from backtests.grids.results.ranking import columns, printed, rank
from backtests.grids.results.report import describe_selections, make_report
from backtests.grids.results.selection import rank_correlation, select_on_test, select_on_validation
from backtests.grids.search import make_search
from backtests.judging.skill import judge_forecasts
from forecasters.walk_forward.fit import Fitted
from tests.backtests.example_outcomes import make_outcome
from tests.backtests.example_studies import make_bars

#: The lowest error before the test is not the lowest on it.
VALIDATION = {"filters=2": 0.02, "filters=4": 0.01, "filters=8": 0.03}
TEST = {"filters=2": 0.02, "filters=4": 0.05, "filters=8": 0.04}


@pytest.fixture(scope="module")
def outcome():
    return make_outcome(VALIDATION, TEST, cross=("filters=2,4,8",))


@pytest.fixture(scope="module")
def report(outcome):
    return make_report(outcome)


def test_the_honest_choice_looks_at_the_validation_rows_alone(outcome):
    honest = select_on_validation(outcome)
    assert (honest.by, honest.label) == ("validation", "cnn:filters=4")
    assert honest.metrics["mape"] == pytest.approx(5.0, rel=1e-12)
    assert honest.place == 3


def test_the_papers_choice_is_the_lowest_on_the_test(outcome):
    papers = select_on_test(outcome)
    assert (papers.by, papers.label, papers.place) == ("test", "cnn:filters=2", 1)
    assert papers.metrics["mape"] == pytest.approx(2.0, rel=1e-12)


def test_their_difference_and_which_is_in_sample_are_told(report):
    told = " ".join(report.found)
    assert "Chosen on the validation rows, before the test: cnn:filters=4." in told
    assert "its test MAPE is 5.00%, place 3 of 3, worse than naive (p <0.001)" in told
    assert "The lowest test MAPE, 2.00%, is that of cnn:filters=2" in told
    assert "in-sample: picked after the test was seen" in told
    assert "Choosing on the test rows makes the result look 3.00 points better." in told
    rows = {one["by"]: one for one in describe_selections(report)}
    assert rows["test"]["in_sample"] is True and rows["validation"]["in_sample"] is False
    assert rows["test"]["p_better"] is None, "no test of what was picked after seeing the test"
    assert rows["validation"]["p_worse"] < 0.001
    assert rows["validation"]["mape"] == pytest.approx(5.0)


def test_the_verdict_on_the_choice_is_that_of_one_test(report):
    everyone, choice = report.verdict
    assert choice.startswith("Chosen on the validation rows, judged once: cnn:filters=4 is worse")
    assert "adjusted" not in choice
    assert everyone.startswith("None of 3 forecasters is better than naive")


def test_one_forecaster_is_not_called_a_choice():
    alone = make_report(make_outcome({}, {"filters=2": 0.02}, cross=("filters=2",)))
    (told,) = alone.verdict
    assert told.startswith("cnn:filters=2 is worse than naive")
    assert "adjusted" not in told
    assert alone.found[0].startswith("cnn:filters=2 had no lower error on the 98 test days than")
    assert alone.found[1] == "There is one forecaster beside naive, so nothing was chosen."
    better = make_report(make_outcome({}, {"filters=2": 0.001}, cross=("filters=2",)))
    assert better.found[0].startswith("cnn:filters=2 had a lower error on the 98 test days than")


def test_two_choices_with_one_error_do_not_differ():
    same = make_report(make_outcome({"filters=2": 0.02, "filters=4": 0.01}, {"filters=": 0.03}))
    told = " ".join(same.found)
    assert same.honest.label != same.papers.label
    assert "Both choices have the same test MAPE." in told
    assert "points" not in told
    near = {"filters=2": 0.03, "filters=4": 0.030001}
    close = make_report(make_outcome({"filters=2": 0.02, "filters=4": 0.01}, near))
    assert "makes the result look less than 0.01 points better." in " ".join(close.found)


def test_the_honest_choice_is_one_test_that_nothing_adjusts(outcome, report):
    """Holm over three forecasters multiplies a p value; the choice made before the test is one."""
    alone = judge_forecasts({"x": (report.honest.forecasts,)}).judged[0].absolute
    assert report.judged.absolute.p_worse == alone.p_worse
    among = {one.forecaster: one for one in report.skill.judged}["cnn:filters=4"]
    assert among.absolute.statistic == pytest.approx(alone.statistic)
    assert among.p_worse >= alone.p_worse


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
    rows = {row["forecaster"]: row["p_better"] for row in make_report(outcome).rows[1:]}
    assert rows == pytest.approx(expected)
    assert all(rows[label] > p for label, p in list(alone.items())[:2])


def test_naive_is_the_first_row_and_the_rest_follow_by_test_error(outcome, report):
    assert [row["forecaster"] for row in report.rows] == [
        "naive", "cnn:filters=2", "cnn:filters=8", "cnn:filters=4",
    ]  # fmt: skip
    assert [row["rank"] for row in report.rows] == [None, 1, 2, 3]
    naive, best, *_ = report.rows
    assert best["mape"] == pytest.approx(2.0)
    assert best["mape_over_naive"] == pytest.approx(2.0 / naive["mape"])
    assert best["validation_mape"] == pytest.approx(2.0)
    assert naive["gain"] is None and best["gain"] < 0
    judged = naive["rows"]
    assert all(row["rows"] == judged for row in report.rows), "all on the same rows"


def test_the_errors_of_a_row_are_those_of_its_forecasts(outcome, report):
    """By hand: forecasts 2% too high have r 1, NRMSE over the mean 2% of the root mean square."""
    row = report.rows[1]
    f = next(e.forecasts for e in outcome.models if e.label == row["forecaster"])
    actual = f.actual[f.judged]
    assert row["rmse"] == pytest.approx(0.02 * np.sqrt(np.mean(actual**2)))
    assert row["nrmse"] == pytest.approx(2 * np.sqrt(np.mean(actual**2)) / np.mean(actual))
    assert row["nrmse_range"] == pytest.approx(100 * row["rmse"] / np.ptp(actual))
    r = np.log(actual / f.last_close[f.judged])
    share = len(r) * np.log(1.02) ** 2 / np.sum(r**2)
    assert row["r2_return"] == pytest.approx(1 - share)


def test_pearson_on_levels_stands_in_s3s_grid_alone_with_naives_own(outcome, report):
    """Forecasts 2% too high have r 1."""
    paper = make_report(replace(outcome, search=replace(outcome.search, s3=True)))
    naive, best, *_ = (row["pearson"] for row in paper.rows)
    assert naive > 0.9
    assert best == pytest.approx(1.0)
    told = " ".join(paper.found)
    assert f"naive's is {naive:.3f}" in told and "shows no skill" in told
    assert all(row["pearson"] is row["pearson_p"] is None for row in report.rows)
    assert "Pearson" not in " ".join(report.found)
    axes = outcome.search.crossing.axes
    (heading, _), (papers, _) = (
        printed(one.rows, axes, s3) for one, s3 in ((report, False), (paper, True))
    )
    assert {"r, levels", "p of r"} <= set(papers)
    assert not {"r, levels", "p of r"} & set(heading)


def test_a_walk_forward_chooses_anew_before_each_fold():
    """Fold 1 prefers one, fold 2 the other; one choice for both would have seen fold 1's test."""
    validation = {"filters=2": (0.01, 0.03), "filters=4": (0.02, 0.01)}
    outcome = make_outcome(validation, {"filters=2": 0.02, "filters=4": 0.04}, split=None)
    assert len(outcome.naive.inside) == 2
    honest = select_on_validation(outcome)
    assert [entry.label for entry in honest.chosen] == ["cnn:filters=2", "cnn:filters=4"]
    assert honest.place is None and honest.label == "2 choices, fold by fold"
    f = honest.forecasts
    error = f.close[f.judged] / f.actual[f.judged] - 1
    first = (f.fold == f.fold[0])[f.judged]
    np.testing.assert_allclose(error, np.where(first, 0.02, 0.04), rtol=1e-9)
    assert select_on_test(outcome).label == "cnn:filters=2"
    report = make_report(outcome)
    assert ": the choice made anew for each fold is " in report.verdict[1]
    assert "2 choices, fold by fold. Judged once, their joint test MAPE is" in " ".join(
        report.found
    )
    folds = describe_selections(report)[0]["folds"]
    assert list(folds.values()) == ["cnn:filters=2", "cnn:filters=4"]


def test_without_validation_rows_nothing_can_be_chosen_honestly():
    outcome = make_outcome(VALIDATION, TEST, cross=("filters=2,4,8",), validation=0.0)
    assert select_on_validation(outcome) is None
    report = make_report(outcome)
    assert report.honest is None and report.judged is None and report.correlation is None
    assert any("no validation rows" in sentence for sentence in report.found)
    assert [one["by"] for one in describe_selections(report)] == ["test"]


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
    told = " ".join(make_report(replace(outcome, entries=tuple(halted))).found)
    assert "No validation row can be judged, so nothing could be chosen" in told
    assert "There are no validation rows" not in told


def test_what_fits_forecast_before_their_test_is_told_apart_by_fold_seed_and_row():
    """Two folds by two seeds, each fit answering with numbers of its own."""
    search = make_search(
        GridConfig.of({
            "ticker": ("A.KS",), "forecaster": ("rnn:hidden=2",), "cross": ("epochs=1,2",), "seeds": 2,
            "train_size": 200, "step": 60, "features": "ohlcv",
        })
    )  # fmt: skip
    bars = make_bars(rows=300)
    fits = search.fits(bars)["rnn:epochs=1,hidden=2"]
    folds = search.walk_forward.split(bars.sessions)
    assert len(fits) == 4 and len(folds) == 2
    fitted = [
        Fitted(
            np.empty(0), np.empty(0), np.empty(0), inside=np.arange(200.0 + 60 * fold) + 1e6 * seed
        )
        for seed in (1, 2)
        for fold in (0, 1)
    ]
    found = inside_of(fits, fitted)
    for one, fold in zip(found, folds, strict=True):
        rows = np.arange(fold.test.start)
        assert one.fold == fold.name
        np.testing.assert_array_equal(one.by_seed, [rows + 1e6, rows + 2e6])
        np.testing.assert_array_equal(one.watched, rows >= fold.validation.start)
        np.testing.assert_array_equal(one.actual, bars.close[rows + 1])
        np.testing.assert_array_equal(one.target, bars.sessions[rows + 1])
        assert one.target[-1] == fold.name, "the last of them is known when the test begins"


def test_equal_errors_are_chosen_by_name_whatever_order_they_were_typed_in():
    for values in ("2,4,8", "8,4,2"):
        outcome = make_outcome({}, {}, cross=(f"filters={values}",))
        assert select_on_validation(outcome).label == "cnn:filters=2"
        assert select_on_test(outcome).label == "cnn:filters=2"


def test_the_rank_correlation_by_hand(report):
    """Validation 2, 1, 3 against test 1, 3, 2: 1 - 6 (1 + 4 + 1) / (3 (9 - 1)) = -0.5 (Spearman 1904)."""
    assert report.correlation == pytest.approx(-0.5)
    assert "rank correlation of -0.50" in " ".join(report.found)
    assert make_report(make_outcome(VALIDATION, TEST)).correlation is None, "two always agree"


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


def test_the_printed_table_has_a_cell_for_each_heading_and_no_none(outcome, report):
    heading, cells = printed(report.rows, outcome.search.crossing.axes, s3=True)
    assert heading[:5] == ["Forecaster", "filters", "Rank", "MAPE", "S3 MAPE"]
    assert not any("S3" in name for name in printed(report.rows, (), s3=False)[0])
    assert cells[0][0] == "naive" and cells[0][1] == "\u2013"
    assert all(len(row) == len(heading) for row in cells)
    assert not any("None" in cell or "nan" in cell for row in cells for cell in row)
    assert set(columns(outcome)) == set(report.rows[0]), "metrics.csv leaves nothing out"


def test_seeds_show_their_range_and_one_seed_has_none(outcome, report):
    assert report.rows[1]["mape_seed_min"] is None
    naive, first, *rest = outcome.entries
    f = first.forecasts
    two = np.stack([f.actual * 1.01, f.actual * 1.03])
    two[:, -1] = f.last_close[-1]
    seeded = replace(first, forecasts=replace(f, by_seed=two, seeds=(0, 1)))
    rows = rank(replace(outcome, entries=(naive, seeded, *rest)), report.skill)
    row = next(row for row in rows if row["forecaster"] == first.label)
    assert (row["mape_seed_min"], row["mape_seed_max"]) == pytest.approx((1.0, 3.0))
    assert row["mape"] == pytest.approx(2.0), "the mean of the seeds is judged"
