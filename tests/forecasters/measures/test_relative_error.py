"""S1's returns by hand: errors over the actual close, in bins that naive sets."""

from __future__ import annotations

import numpy as np
import pytest

from forecasters.measures.relative_error import BINS, LEAST, relative_error

MIDDLE = BINS // 2
ACTUAL = np.full(100, 100.0)


def test_mean_spread_and_quantiles_by_hand() -> None:
    found = relative_error(
        np.array([100.0, 200.0, 400.0]), np.array([110.0, 190.0, 400.0]), np.full(3, 200.0)
    )
    # +10%, -5%, 0%
    assert found.mean == pytest.approx(0.05 / 3)
    mean = 0.05 / 3
    squares = (0.1 - mean) ** 2 + (-0.05 - mean) ** 2 + mean**2
    assert found.spread == pytest.approx((squares / 2) ** 0.5)
    assert (found.low, found.median, found.high) == pytest.approx((-0.045, 0.0, 0.09))


def test_one_row_has_no_spread() -> None:
    one = np.array([100.0])
    assert relative_error(one, one * 1.1, one).spread is None


def test_the_bins_hold_naives_errors_and_their_width_is_a_plain_number() -> None:
    last = 100 + np.linspace(-5, 5, 100)
    found = relative_error(ACTUAL, ACTUAL, last)
    # 99% of naive's errors are below about 5%: 10.5 bins on a side take 0.005, the next plain number.
    assert np.diff(found.edges) == pytest.approx(0.005)
    assert found.edges[0] == pytest.approx(-0.0525)
    assert found.counts[MIDDLE] == 100, "no error is in the middle"
    assert sum(found.counts_naive) == 100
    assert found.counts_naive[MIDDLE] == ((last >= 99.75) & (last < 100.25)).sum()
    same = relative_error(ACTUAL, ACTUAL * 3, last)
    assert same.edges == found.edges, "another forecaster on the same rows has the same bins"


def test_the_outer_bins_hold_what_lies_beyond() -> None:
    last = 100 + np.linspace(-5, 5, 100)
    forecast = np.where(np.arange(100) < 30, 10.0, 500.0)
    found = relative_error(ACTUAL, forecast, last)
    assert (found.counts[0], found.counts[-1]) == (30, 70)


def test_where_nothing_erred_the_bins_have_a_width_all_the_same() -> None:
    found = relative_error(ACTUAL, ACTUAL, ACTUAL)
    assert np.diff(found.edges) == pytest.approx(LEAST)
    assert found.counts[MIDDLE] == found.counts_naive[MIDDLE] == 100
    late = relative_error(ACTUAL, ACTUAL + 2, ACTUAL)
    assert late.edges[-1] > 0.02, "a price that never moves: the forecast sets them"
