"""Clark-West against a published example, a plain t test and statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from backtests.statistics.clark_west import adjusted, positive_mean
from backtests.statistics.fixed_b import p_above

#: Errors of the nested and of the larger model in the tests of JuliaStats/HypothesisTests.jl.
SMALL = np.array(
    (
        "9.78432 12.735 8.67224 2.6274 5.60947 7.57809 4.53774 2.51084 "
        "0.4929 3.48394 9.46152 9.4122 2.36289 0.34495 3.33599 5.31357 "
        "4.28219 -3.74471 -5.73575 -3.71781"
    ).split(),
    dtype=float,
)
LARGE = np.array(
    (
        "2.82053 4.39754 -1.78647 -4.30662 3.69526 3.37259 -1.09002 -0.50984 "
        "-0.78973 3.89077 7.52849 2.82373 -3.95838 -0.13606 4.54444 4.18216 "
        "1.67993 -5.38077 -0.85686 2.70479"
    ).split(),
    dtype=float,
)


def test_a_published_example() -> None:
    """HypothesisTests.jl: one-sided p 0.0001, two-sided 0.0002, at four digits.

    With a benchmark of zero its errors are what came, and the forecast is the difference of the errors.
    Its variance divides by n = 20; the t statistic of the paper divides by n - 1.
    """
    found = positive_mean(adjusted(SMALL, SMALL - LARGE))
    assert found.statistic is not None
    theirs = stats.norm.sf(found.statistic * np.sqrt(20 / 19))
    assert (round(theirs, 4), round(2 * theirs, 4)) == (0.0001, 0.0002)


def test_the_adjusted_errors_are_those_of_the_paper() -> None:
    """Clark and West 2007, equation 3.1, worked out: r = 3, f = 1: 9 - (4 - 1) = 6 = 2 r f."""
    np.testing.assert_allclose(adjusted(np.array([3.0, -2.0]), np.array([1.0, 0.5])), [6.0, -2.0])


def test_one_step_ahead_it_is_a_plain_t_test() -> None:
    rng = np.random.default_rng(1)
    r, f = rng.standard_t(4, 300), rng.normal(0.1, 1, 300)
    found, theirs = positive_mean(adjusted(r, f)), stats.ttest_1samp(2 * r * f, 0).statistic
    assert found.statistic == pytest.approx(theirs)
    assert found.p == pytest.approx(stats.norm.sf(found.statistic))


def test_further_ahead_its_deviation_is_the_long_run_one() -> None:
    rng = np.random.default_rng(2)
    r, f = rng.normal(0, 1, 310).cumsum(), rng.normal(0, 1, 310)
    r = r[10:] - r[:-10]
    found = positive_mean(adjusted(r, f[10:]), horizon=10)
    model = sm.OLS(2 * r * f[10:], np.ones(300))
    theirs = model.fit(cov_type="HAC", cov_kwds={"maxlags": 23, "use_correction": False})
    assert found.statistic == pytest.approx(theirs.tvalues[0])
    assert found.p == p_above(found.statistic, 24 / 300)


def test_a_forecast_with_content_that_loses_by_its_size() -> None:
    """Ten times too large: its squared error is far above naive's, its content is plain."""
    rng = np.random.default_rng(5)
    signal, noise = rng.normal(0, 1, (2, 500))
    r, f = 0.3 * signal + noise, 3 * signal
    assert ((r - f) ** 2).mean() > 5 * (r**2).mean()
    assert positive_mean(adjusted(r, f)).p < 1e-6


@pytest.mark.parametrize(
    ("forecast", "n", "horizon", "why"),
    [
        (np.zeros(50), 50, 1, "the forecast is of no change"),
        (np.ones(10), 10, 1, "10 days: a test needs 20"),
        (np.ones(50), 50, 60, "too few for a horizon of 60"),
    ],
)
def test_where_it_is_not_defined(forecast: np.ndarray, n: int, horizon: int, why: str) -> None:
    realised = np.random.default_rng(0).normal(size=n)
    found = positive_mean(adjusted(realised, forecast), horizon)
    assert found.statistic is None and found.p is None and found.n == n and why in found.why
