"""Directional accuracy: what counts, what does not, and what it has to pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from forecasters.measures.direction import direction


def direction_of(said: list[float], came: list[float]) -> Any:
    return direction(np.array(said, float), np.array(came, float))


def test_ties_by_hand() -> None:
    """Unchanged days are left out and counted; a forecast of no change on a day that moved is wrong."""
    made = direction_of([1, -2, 0, 3, 0, -1, 5], [2, 1, 1, 0, 0, -4, 1])
    assert (made.moved, made.unchanged) == (5, 2)
    assert (made.hits, made.flat) == (3, 1), "a right 'no change' is no hit: such a day has no sign"
    assert made.share == pytest.approx(3 / 5)
    assert (made.majority, made.majority_side) == (pytest.approx(4 / 5), "up")
    assert made.up_share == pytest.approx(4 / 5)
    # Wilson, by hand: z2 = 3.8415, centre (0.6 + z2 / 10) / (1 + z2 / 5), half width 0.3261
    assert (made.low, made.high) == (
        pytest.approx(0.2307, abs=1e-4),
        pytest.approx(0.8824, abs=1e-4),
    )


def test_the_share_is_that_of_scikit_learn_over_the_days_that_moved() -> None:
    rng = np.random.default_rng(0)
    came, said = np.round(rng.normal(-0.1, 1, 500)), np.round(rng.normal(0, 1, 500))
    made, moved = direction(said, came), came != 0
    assert 0 < made.unchanged < 500
    assert made.share == pytest.approx(accuracy_score(np.sign(came[moved]), np.sign(said[moved])))
    assert made.majority_side == "down"
    assert made.majority == pytest.approx((came < 0).sum() / moved.sum())
    assert made.up_share == pytest.approx((came > 0).sum() / moved.sum())


def test_sizes_do_not_count() -> None:
    assert direction_of([1e-9, -1e9], [5, -1e-9]).share == 1.0


def test_where_there_is_no_direction_it_is_said_why() -> None:
    naive = direction_of([0, 0, 0], [1, -1, -1])
    assert (naive.share, naive.low, naive.why) == (None, None, "it forecasts no change")
    assert (naive.majority, naive.majority_side) == (pytest.approx(2 / 3), "down")
    still = direction_of([1, -1], [0, 0])
    assert (still.share, still.majority, still.up_share) == (None, None, None)
    assert (still.why, still.unchanged) == ("no day moved", 2)
    assert direction_of([1, 1], [1, -1]).majority_side == "even"
