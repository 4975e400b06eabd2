"""The long-run covariance against statsmodels and a sum done by hand."""

from fractions import Fraction

import numpy as np
import pytest
from statsmodels.stats.sandwich_covariance import S_hac_simple

from backtests.statistics.long_run import bandwidth, long_run_covariance


def test_by_hand() -> None:
    """Four values with mean 0: autocovariances 18, 1 and -8, over 4; weights 1, 2/3, 1/3."""
    x = [1, 3, -2, -2]
    g = [Fraction(sum(a * b for a, b in zip(x, x[j:], strict=False)), 4) for j in range(3)]
    assert [4 * value for value in g] == [18, 1, -8]
    by_hand = g[0] + 2 * (Fraction(2, 3) * g[1] + Fraction(1, 3) * g[2])
    found = long_run_covariance([np.array(x, dtype=float)], lag=2)
    assert found[0, 0] == pytest.approx(float(by_hand))


@pytest.mark.parametrize("lag", [0, 1, 7, 35])
def test_against_statsmodels(lag: int) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_t(5, (2, 300)).cumsum(axis=1) * 0.1 + 4
    theirs = S_hac_simple((x - x.mean(axis=1, keepdims=True)).T, nlags=lag) / 300
    np.testing.assert_allclose(long_run_covariance(list(x), lag), theirs, rtol=1e-10)


def test_the_bandwidth() -> None:
    """1.3 sqrt(722) is 34.93; a month ahead, 21 sessions overlap by 20, a quarter by 62."""
    assert bandwidth(722) == 35
    assert bandwidth(722, 21) == 35
    assert bandwidth(722, 63) == 62
