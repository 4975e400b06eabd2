"""How many independent looks dependent ones are worth: what is known exactly, and copies."""

import numpy as np
import pytest

from backtests.statistics.effective import effective_looks

DAYS = np.arange("2017-01-01", "2018-12-24", dtype="datetime64[D]")  # 722


def drawn(n, seed=0):
    return list(np.random.default_rng(seed).standard_normal((n, DAYS.size)))


@pytest.mark.parametrize("dependent", [False, True])
def test_looks_without_a_common_part_are_worth_their_number(dependent):
    looks = [(DAYS, daily) for daily in drawn(12)]
    one, three, all_of_them = effective_looks(looks, (1, 3, 12), dependent)
    assert one == 1.0
    assert three == pytest.approx(3, rel=0.12)
    assert all_of_them == pytest.approx(12, rel=0.12)


def test_copies_are_worth_one():
    (daily,) = drawn(1)
    looks = [(DAYS, daily), (DAYS, daily * 7), (DAYS, daily + 3.0), (DAYS, np.zeros(DAYS.size))]
    assert effective_looks(looks, (1, 4)) == (1.0, 1.0)


def test_two_looks_of_known_correlation():
    """The 95% quantile of the larger of two normals of correlation 0.5 is 1.916: 1.82 independent ones."""
    from scipy.optimize import brentq
    from scipy.stats import multivariate_normal, norm

    first, second = drawn(2)
    second -= first * (first @ second) / (first @ first)
    second *= np.sqrt((first @ first) / (second @ second))
    looks = [(DAYS, first), (DAYS, 0.5 * first + np.sqrt(0.75) * second)]
    joint = multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]])
    quantile = brentq(lambda c: joint.cdf([c, c]) - 0.95, 1.5, 2.5)
    (found,) = effective_looks(looks, (2,))
    assert found == pytest.approx(np.log(0.95) / np.log(norm.cdf(quantile)), abs=0.08)


def test_ends_a_month_apart_are_worth_a_few():
    (daily,) = drawn(1)
    looks = [(DAYS[:n], daily[:n]) for n in range(DAYS.size - 23 * 21, DAYS.size + 1, 21)]
    worth = effective_looks(looks, range(1, 25))
    assert 3 < worth[-1] < 5
    assert list(worth) == sorted(worth)


def test_windows_without_a_common_day_are_independent():
    first, second = drawn(2)
    looks = [(DAYS[:300], first[:300]), (DAYS[300:], second[300:])]
    assert effective_looks(looks, (2,))[0] == pytest.approx(2, abs=0.15)


def test_series_that_follow_each_other_a_day_later_are_dependent_only_over_time():
    (daily,) = drawn(1)
    looks = [(DAYS, daily), (DAYS, np.roll(daily, 1))]
    (plain,), (allowing,) = effective_looks(looks, (2,)), effective_looks(looks, (2,), True)
    assert plain > 1.8 and allowing < 1.5


def test_nothing_to_look_at_is_one():
    assert effective_looks([], (0,)) == (1.0,)
    assert effective_looks([(DAYS, np.full(DAYS.size, np.nan))] * 2, (1, 2)) == (1.0, 1.0)
