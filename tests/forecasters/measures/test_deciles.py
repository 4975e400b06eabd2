"""Days sorted by their forecast: by hand, and as pandas cuts them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasters.measures.deciles import deciles


@pytest.mark.parametrize("n", [10, 11, 99, 726])
def test_the_parts_are_those_of_pandas(n: int) -> None:
    rng = np.random.default_rng(n)
    said, came = rng.normal(0, 0.01, n), rng.normal(0, 0.02, n)
    made = deciles(said, came)
    assert made is not None
    groups = pd.Series(came).groupby(pd.qcut(said, 10, labels=False))
    assert made.n == tuple(groups.size())
    assert made.realised == pytest.approx(tuple(groups.mean()))
    assert made.forecast == pytest.approx(
        tuple(pd.Series(said).groupby(pd.qcut(said, 10, labels=False)).mean())
    )
    for mine, (_, group) in zip(made.error, groups, strict=True):
        expected = stats.sem(group) if len(group) > 1 else None
        assert mine == (None if expected is None else pytest.approx(expected))


def test_by_hand() -> None:
    said = np.arange(20.0)[::-1]  # two days a part, the highest forecast first in time
    made = deciles(said, np.arange(20.0) ** 2)
    assert made is not None
    assert made.n == (2,) * 10
    assert made.forecast == tuple(2 * k + 0.5 for k in range(10))
    # the lowest forecasts came on days 18 and 19: (324 + 361) / 2; the highest on days 0 and 1
    assert made.realised[0] == 342.5
    assert made.realised[-1] == 0.5
    assert made.error[-1] == pytest.approx(0.5), "of 0 and 1: deviation 1 / sqrt 2, over sqrt 2"


def test_equal_forecasts_stay_together_whatever_the_order_of_the_days() -> None:
    said = np.concatenate([np.zeros(60), np.arange(1.0, 41)])
    came = np.random.default_rng(0).normal(size=100)
    made = deciles(said, came)
    assert made is not None
    assert sum(made.n) == 100
    assert made.n[0] == 60
    assert made.realised[0] == pytest.approx(came[:60].mean())
    assert (made.n[1], made.realised[1], made.error[1]) == (0, None, None)
    order = np.random.default_rng(1).permutation(100)
    assert deciles(said[order], came[order]).realised[1:] == pytest.approx(made.realised[1:])  # type: ignore[union-attr]


def test_fewer_than_ten_forecasts_that_differ_have_no_deciles() -> None:
    assert deciles(np.repeat(np.arange(9.0), 50), np.zeros(450)) is None
    assert deciles(np.zeros(0), np.zeros(0)) is None
