"""Pearson's r and p, and Spearman's correlation, against published figures and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecasters.measures.correlation import correlation, pearson, spearman


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


def test_p_is_that_of_a_published_table() -> None:
    """Fisher 1925, Statistical Methods for Research Workers, table V.A: r at which p is 5%."""
    for n, bound in ((3, 0.99692), (12, 0.5760), (102, 0.1946)):
        x = np.arange(float(n)) - (n - 1) / 2
        other = x**2 - np.mean(x**2)  # at right angles to x
        unit = (v / np.sqrt((v**2).sum()) for v in (x, other))
        a, beside = unit
        r, p = pearson(a, bound * a + np.sqrt(1 - bound**2) * beside)
        assert r == pytest.approx(bound)
        assert p == pytest.approx(0.05, abs=2e-4)


def test_the_rank_correlation_by_hand() -> None:
    """Ranks 2, 1, 3 and 1, 3, 2: 1 - 6 (1 + 4 + 1) / (3 (9 - 1)) = -0.5 (Spearman 1904)."""
    assert spearman(np.array([5.0, 1.0, 9.0]), np.array([0.1, 0.9, 0.2])) == pytest.approx(-0.5)
    assert spearman(np.array([5.0, 1.0]), np.array([0.1, 0.9])) is None
    assert spearman(np.ones(5), np.arange(5.0)) is None


def test_a_line_correlates_fully_and_a_constant_not_at_all() -> None:
    line = np.arange(10.0)
    assert pearson(line, 3 - line) == (pytest.approx(-1.0), pytest.approx(0.0, abs=1e-30))
    assert pearson(line, np.full(10, 0.1)) == (None, None)
    assert correlation(line[:2], line[:2]) is None, "two points always lie on a line"
