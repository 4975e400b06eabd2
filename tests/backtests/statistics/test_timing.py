"""Timing: a reference that does not look ahead, and a test that holds its level whatever a rule follows."""

import numpy as np
import pytest
from scipy import stats

from backtests.statistics.timing import excess_exposure, positive_gain
from benchmarks.noise import held, means_of, p_values, walks

DAYS, SERIES = 722, 400


def reference_by_hand(exposure):
    """Return the reference in the words of the docstring, day by day."""
    n, owed, reference = len(exposure), 0.0, []
    for day in range(n):
        so_far = np.mean(exposure[: day + 1])
        reference.append(so_far + owed / (n - day))
        owed += exposure[day] - reference[-1]
    return np.array(reference)


def test_the_reference_is_the_mean_so_far_and_what_is_owed_in_equal_parts():
    exposure = np.random.default_rng(0).random(50)
    assert exposure - excess_exposure(exposure) == pytest.approx(reference_by_hand(exposure))


def test_the_reference_of_a_day_does_not_know_later_days():
    exposure = np.random.default_rng(1).random((50, 3))
    later = exposure.copy()
    later[30:] = 0.9
    assert np.array_equal(excess_exposure(exposure)[:30], excess_exposure(later)[:30])


def test_both_end_with_the_same_total_but_for_the_last_day():
    exposure = np.random.default_rng(2).random((50, 3))
    left = exposure[-1] - exposure.mean(axis=0)
    assert excess_exposure(exposure).sum(axis=0) == pytest.approx(left)


def test_an_exposure_that_never_changes_has_no_excess():
    excess = excess_exposure(np.full(50, 0.95))
    assert np.abs(excess).max() < 1e-14
    moved = np.random.default_rng(0).normal(0, 0.02, 50)
    assert positive_gain(excess * moved).why == "its exposure never changed", "rounding is no gain"


def test_the_p_value_is_that_of_a_t_test():
    daily = np.random.default_rng(3).normal(0.1, 1.0, 40)
    gain, known = positive_gain(daily), stats.ttest_1samp(daily, 0.0, alternative="greater")
    assert (gain.statistic, gain.p) == pytest.approx((known.statistic, known.pvalue))
    assert gain.detectable == pytest.approx(
        (1.6449 + 0.8416) * daily.std(ddof=1) / 40**0.5, rel=1e-4
    )


def test_too_few_days_and_a_lost_account_have_no_p():
    assert positive_gain(np.arange(19.0)).why == "19 days: a test needs 20"
    assert positive_gain(np.append(np.arange(30.0), np.nan)).why == "the account lost all it had"


@pytest.mark.parametrize("drift", [0.0, 0.05], ids=["flat", "rising"])
@pytest.mark.parametrize("sign", [-1, 1], ids=["contrarian", "momentum"])
@pytest.mark.parametrize("memory", [20, 250])
def test_a_rule_that_follows_past_prices_is_called_timed_as_rarely_as_the_level_says(
    memory, sign, drift
):
    # With the mean position of the sample subtracted: 12% of the contrarians of 250 days, 1% of the others.
    returns = walks(SERIES, DAYS, seed=7, drift=drift)
    p = p_values(held(sign * means_of(returns, memory))[-DAYS - 1 : -1], returns[-DAYS:])
    # 400 series at 5%: 99.9% of such shares lie within 2% and 9%.
    assert 0.02 <= np.mean(p < 0.05) <= 0.09


def test_skill_that_was_planted_is_found_as_often_as_the_closed_form_says():
    from backtests.statistics.power import chance_of_timing

    returns = walks(SERIES, DAYS, seed=8, memory=0.1)
    p = p_values(held(returns)[-DAYS - 1 : -1], returns[-DAYS:])
    assert np.mean(p < 0.05) == pytest.approx(chance_of_timing(DAYS, 0.1), abs=0.08)


def test_costs_only_raise_the_p_value():
    returns = walks(50, DAYS, seed=9)
    exposure = held(returns)[-DAYS - 1 : -1]
    p = [p_values(exposure, returns[-DAYS:], cost) for cost in (0.0, 0.001, 0.004)]
    assert (p[0] < p[1]).all()
    assert (p[1] < p[2]).all()
