"""The sign test over folds against scipy."""

import numpy as np
import pytest
from scipy.stats import binomtest

from backtests.statistics.sign_test import sign_test


@pytest.mark.parametrize("won", range(8))
def test_against_scipy(won: int) -> None:
    gains = np.where(np.arange(7) < won, 0.3, -2.0)
    found = sign_test(gains)
    assert (found.statistic, found.n, found.left_out) == (won, 7, 0)
    assert found.p == pytest.approx(binomtest(won, 7, alternative="greater").pvalue)


def test_six_of_six_by_hand() -> None:
    assert sign_test(np.ones(6)).p == 1 / 64


def test_ties_are_left_out_and_counted() -> None:
    found = sign_test(np.array([0.0, 1.0, 2.0, -1.0, 0.0]))
    assert (found.statistic, found.n, found.left_out, found.p) == (2, 3, 2, 0.5)


def test_a_fold_counts_once_however_large_its_gain() -> None:
    assert sign_test(np.array([1e9, -1.0, -1.0])).p == sign_test(np.array([1.0, -1.0, -1.0])).p


@pytest.mark.parametrize(
    ("gains", "why"), [(np.zeros(4), "no fold differs"), (np.empty(0), "no fold")]
)
def test_without_a_fold_that_differs(gains: np.ndarray, why: str) -> None:
    found = sign_test(gains)
    assert found.p is None and found.statistic is None and found.why == why
