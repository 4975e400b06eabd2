"""A grid of three forecasters whose lowest error before the test is not the lowest on it."""

from __future__ import annotations

import pytest

from backtests.grids.results.judged_grid import judge_grid
from tests.backtests.example_outcomes import make_outcome

VALIDATION = {"filters=2": 0.02, "filters=4": 0.01, "filters=8": 0.03}
TEST = {"filters=2": 0.02, "filters=4": 0.05, "filters=8": 0.04}


@pytest.fixture(scope="session")
def outcome():
    """Return the outcome: the choice on validation has 5% on the test, the lowest there 2%."""
    return make_outcome(VALIDATION, TEST, cross=("filters=2,4,8",))


@pytest.fixture(scope="session")
def grid(outcome):
    """Return the judged grid of that outcome."""
    return judge_grid(outcome)
