"""The interval of a share: as published, and as statsmodels has it."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from forecasters.measures.proportion import wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 369, 10_000])
def test_it_is_that_of_statsmodels_and_never_leaves_a_share(n: int) -> None:
    for hits in {0, 1, n // 3, n // 2, n - 1, n}:
        for confidence in (0.95, 0.8):
            made = wilson(hits, n, confidence)
            assert made is not None
            expected = proportion_confint(hits, n, alpha=1 - confidence, method="wilson")
            assert made == pytest.approx(expected, abs=1e-12)
            assert 0 <= made[0] <= hits / n <= made[1] <= 1


def test_no_day_has_no_interval() -> None:
    assert wilson(0, 0) is None
