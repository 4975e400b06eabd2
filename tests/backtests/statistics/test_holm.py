"""Holm against statsmodels and a published example."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from backtests.statistics.holm import holm


def test_a_published_example() -> None:
    """The documentation of pingouin.multicomp, method "holm"."""
    assert holm([0.50, 0.003, 0.32, 0.054, 0.0003]) == pytest.approx(
        (0.64, 0.012, 0.64, 0.162, 0.0015)
    )


@pytest.mark.parametrize("n", [1, 2, 5, 55])
def test_against_statsmodels(n: int) -> None:
    p = np.random.default_rng(n).uniform(0, 0.2, n) ** 2
    p[: n // 3] = p[0]  # ties
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1])


def test_a_test_that_was_not_made_stays_none_and_is_not_counted() -> None:
    assert holm([0.01, None, 0.04, None]) == pytest.approx((0.02, None, 0.04, None))
    assert holm([None]) == (None,)
    assert holm([]) == ()
