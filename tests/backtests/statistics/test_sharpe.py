"""The error of a Sharpe ratio and the best of many, against the examples of the papers."""

import math

import numpy as np
import pytest
from scipy import stats

from backtests.statistics.sharpe import (
    deflated_sharpe,
    expected_maximum,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_error,
    sharpe_of,
)


def test_the_worked_example_of_the_deflated_sharpe_ratio():
    """Bailey and Lopez de Prado (2014), "A numerical example": 2.5 a year, five years of days."""
    daily, deviation = 2.5 / math.sqrt(250), math.sqrt(0.5 / 250)
    assert expected_maximum(100, deviation) == pytest.approx(0.1132, abs=5e-5)
    of_100 = deflated_sharpe(daily, 1250, 100, deviation, skewness=-3, kurtosis=10)
    of_46 = deflated_sharpe(daily, 1250, 46, deviation, skewness=-3, kurtosis=10)
    assert of_100 == pytest.approx(0.9004, abs=5e-5)
    assert of_46 == pytest.approx(0.9505, abs=5e-5)


def test_the_worked_example_of_the_probabilistic_sharpe_ratio():
    """Bailey and Lopez de Prado (2012), section 4: 24 months, 0.458 a month."""
    assert probabilistic_sharpe(0.458, 24) == pytest.approx(0.982, abs=5e-4)
    own = probabilistic_sharpe(0.458, 24, skewness=-2.448, kurtosis=10.164)
    assert own == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("a_year", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
def test_the_published_minimum_track_records(a_year, years):
    """Bailey and Lopez de Prado (2012), section 5: a yearly ratio of 2 is above 1, at 95%."""
    own, benchmark = 2 / math.sqrt(a_year), 1 / math.sqrt(a_year)
    needed = minimum_track_record(own, benchmark=benchmark)
    assert needed / a_year == pytest.approx(years, abs=5e-3)


def test_so_many_returns_as_are_needed_show_it_and_one_less_does_not():
    needed = minimum_track_record(0.06, skewness=-1.2, kurtosis=9)
    enough = probabilistic_sharpe(0.06, math.ceil(needed), -1.2, 9)
    assert enough >= 0.95 > probabilistic_sharpe(0.06, math.ceil(needed) - 1, -1.2, 9)
    assert minimum_track_record(0.0) is None
    assert minimum_track_record(0.1, benchmark=0.1) is None


def test_the_published_standard_errors():
    """Lo (2002), table 1, the row of a ratio of 0.50."""
    sizes = (12, 24, 36, 48, 60, 125, 250, 500)
    published = [0.306, 0.217, 0.177, 0.153, 0.137, 0.095, 0.067, 0.047]
    assert [round(sharpe_error(0.5, n), 3) for n in sizes] == published


def test_the_best_of_54_configurations_without_skill_over_four_years():
    assert expected_maximum(54, 1 / math.sqrt(4)) == pytest.approx(1.15, abs=5e-3)


def test_the_published_expected_maxima():
    """Bailey, Borwein, Lopez de Prado and Zhu (2014), "Pseudo-Mathematics": 10 trials; 45 in five years."""
    assert expected_maximum(10) == pytest.approx(1.57, abs=5e-3)
    assert expected_maximum(45, 1 / math.sqrt(5)) == pytest.approx(1.0, abs=5e-4)


def test_the_best_of_one_is_expected_at_zero_and_of_none_is_refused():
    assert expected_maximum(1, 0.7) == 0
    assert deflated_sharpe(0.1, 500, 1, 0.7) == probabilistic_sharpe(0.1, 500)
    with pytest.raises(ValueError, match="best of 0 trials"):
        expected_maximum(0)


def test_the_best_of_many_as_a_simulation_has_it():
    drawn = np.random.default_rng(1).normal(size=(20_000, 54)).max(axis=1).mean()
    assert expected_maximum(54) == pytest.approx(drawn, abs=0.03)


def test_the_moments_are_those_of_scipy():
    returns = np.random.default_rng(2).standard_t(4, 400) * 0.01 + 0.001
    own = sharpe_of(returns)
    assert own.n == 400
    assert own.value == pytest.approx(returns.mean() / returns.std(ddof=1), rel=1e-12)
    assert own.skewness == pytest.approx(stats.skew(returns), rel=1e-12)
    assert own.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-12)


def test_the_error_is_what_many_samples_show():
    rng = np.random.default_rng(3)
    drawn = rng.gamma(2.0, size=(20_000, 250)) - 1.8  # mean 0.2, skewness sqrt(2), kurtosis 6
    ratios = drawn.mean(axis=1) / drawn.std(axis=1, ddof=1)
    true = 0.2 / math.sqrt(2)
    error = sharpe_error(true, 250, skewness=math.sqrt(2), kurtosis=6)
    assert ratios.std() == pytest.approx(error, rel=0.02)
    assert sharpe_error(true, 250) != pytest.approx(error, rel=0.05)


@pytest.mark.parametrize(
    ("returns", "why"),
    [
        ([0.0, 0.0, 0.0], "the account never moved"),
        ([0.01, 0.01], "every return is the same"),
        ([0.01], "fewer than two returns"),
        ([0.01, np.nan], "the account lost all it had"),
    ],
)
def test_where_there_is_no_ratio_it_says_why(returns, why):
    own = sharpe_of(np.array(returns))
    assert (own.value, own.skewness, own.kurtosis, own.why) == (None, None, None, why)


def test_two_values_that_leave_no_error_are_certain():
    # Of two values the spread 1 - s x + (k - 1) / 4 x^2 can be 0: skewness 0, kurtosis 1, ratio any.
    assert probabilistic_sharpe(2.0, 10, skewness=1.0, kurtosis=2.0) == 1
    assert probabilistic_sharpe(2.0, 10, 1.0, 2.0, benchmark=3.0) == 0
    with pytest.raises(ValueError, match="has no error"):
        probabilistic_sharpe(0.1, 1)
