"""The fixed splits of the sources."""

from __future__ import annotations

import numpy as np
import pytest

from forecasters.errors import InputError
from forecasters.walk_forward.fixed_split import FixedSplit

DAYS = np.busday_offset("2015-01-02", np.arange(1_000), roll="forward")


@pytest.mark.parametrize(
    ("text", "fit", "validation", "test"),
    [
        ("70:30", range(700), range(0), range(700, 1_000)),  # S2
        ("80:20", range(800), range(0), range(800, 1_000)),  # S3
        ("70:15:15", range(700), range(700, 850), range(850, 1_000)),  # S1
    ],
)
def test_the_split_of_the_source(text: str, fit: range, validation: range, test: range) -> None:
    (fold,) = FixedSplit.parse(text).split(DAYS)
    assert (fold.fit, fold.test, fold.name) == (fit, test, DAYS[test.start])
    assert list(fold.validation) == list(validation)


def test_a_horizon_and_a_purge_keep_every_label_before_what_follows() -> None:
    (fold,) = FixedSplit.parse("70:15:15", purge=2, horizon=5).split(DAYS)
    assert fold.fit.stop - 1 + 5 + 2 == fold.validation.start == 700
    assert fold.validation.stop - 1 + 5 + 2 == fold.test.start == 850


@pytest.mark.parametrize("text", ["70", "70:20", "a:b", "70:15:10:5", "100:0", "70:-10:40", ""])
def test_a_split_that_shares_out_something_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="70:30"):
        FixedSplit.parse(text)


def test_a_split_of_100_without_a_part_to_train_is_not_said_to_sum_otherwise() -> None:
    with pytest.raises(InputError, match="0:0:100 is not 100 in all with a part to train and one"):
        FixedSplit.parse("0:100")


def test_too_few_sessions_are_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        FixedSplit.parse("70:15:15", purge=5).split(DAYS[:10])
