"""Pearson's r and p against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from forecasters.measures.correlation import _incomplete_beta, correlation, pearson


@pytest.mark.parametrize("n", [3, 4, 10, 369, 5_000])
@pytest.mark.parametrize("content", [0.0, 0.05, -0.4, 3.0, 30.0])
def test_r_and_p_are_those_of_scipy(n: int, content: float) -> None:
    rng = np.random.default_rng([n, int(100 * abs(content))])
    a = rng.standard_normal(n)
    b = content * a + rng.standard_normal(n)
    expected = stats.pearsonr(a, b)
    r, p = pearson(a, b)
    assert r == pytest.approx(expected.statistic, abs=1e-12)
    assert p == pytest.approx(expected.pvalue, rel=1e-8, abs=1e-300)


def test_the_beta_function_is_that_of_scipy_on_both_sides_of_its_mean() -> None:
    for a in (0.5, 1.0, 4.0, 183.5, 5_000.0):
        for x in (1e-12, 0.01, 0.3, 0.7, 0.99, 0.9999, 1 - 1e-9):
            expected = special.betainc(a, 0.5, x)
            assert _incomplete_beta(a, 0.5, x) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_a_line_correlates_fully_and_a_constant_not_at_all() -> None:
    line = np.arange(10.0)
    assert pearson(line, 3 - line) == (pytest.approx(-1.0), pytest.approx(0.0, abs=1e-30))
    assert pearson(line, np.full(10, 0.1)) == (None, None)
    assert correlation(line[:2], line[:2]) is None, "two points always lie on a line"
