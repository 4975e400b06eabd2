"""A fold in which training knows a close of the test cannot be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from forecasters.errors import InputError
from forecasters.walk_forward.folds import Fold

DAY = np.datetime64("2019-01-02")


def fold(fit: range, validation: range, test: range, horizon: int = 1) -> Fold:
    return Fold(fit, validation, test, horizon, DAY)


def test_the_last_label_may_be_the_close_at_which_the_first_forecast_is_made() -> None:
    # Row 99 is labelled with the close of row 100, known when row 100 is forecast: the order it
    # leads to fills at the open of row 101.
    fold(range(100), range(0), range(100, 110))
    fold(range(80), range(80, 100), range(100, 110))
    fold(range(71), range(75, 96), range(100, 110), horizon=5)


@pytest.mark.parametrize(
    "rows",
    [
        # fit reaches into test; the label of row 99 is known at 101, 104
        {"fit": range(101), "validation": range(0), "test": range(100, 110)},
        {"fit": range(100), "validation": range(0), "test": range(100, 110), "horizon": 2},
        {"fit": range(100), "validation": range(0), "test": range(103, 110), "horizon": 5},
        # fit against validation
        {"fit": range(81), "validation": range(80, 100), "test": range(100, 110)},
        {"fit": range(80), "validation": range(80, 99), "test": range(100, 110), "horizon": 2},
        # validation against test
        {"fit": range(80), "validation": range(80, 101), "test": range(100, 110)},
        {"fit": range(79), "validation": range(80, 100), "test": range(100, 110), "horizon": 2},
        # the test lies before
        {"fit": range(100, 200), "validation": range(0), "test": range(50, 60)},
    ],
)
def test_a_label_that_is_not_known_in_time_is_refused(rows: dict[str, Any]) -> None:
    with pytest.raises(
        InputError, match=r"fold 2019-01-02: the label of row .* was to be forecast"
    ):
        fold(**rows)


@pytest.mark.parametrize("short", [0, 1, 4])
def test_the_message_says_which_row_is_known_when(short: int) -> None:
    with pytest.raises(InputError, match=f"row 99 is known at row 104, after row {99 + short} was"):
        fold(range(100), range(0), range(99 + short, 110), horizon=5)


def test_a_fold_without_rows_to_fit_or_to_forecast_is_refused() -> None:
    for rows in ((range(0), range(0), range(5, 6)), (range(5), range(0), range(5, 5))):
        with pytest.raises(InputError, match="must hold rows"):
            fold(*rows)
    with pytest.raises(InputError, match="must hold rows"):
        fold(range(-3, 5), range(0), range(10, 12))


@pytest.mark.parametrize("horizon", [0, -5])
def test_a_horizon_that_looks_back_would_empty_the_invariant_and_is_refused(horizon: int) -> None:
    with pytest.raises(InputError, match="horizon"):
        fold(range(100), range(0), range(100, 110), horizon=horizon)
