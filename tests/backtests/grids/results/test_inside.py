"""Forecasts of the rows before a test, by fold, seed and row."""

from __future__ import annotations

import numpy as np

from backtests.grids.config import GridConfig
from backtests.grids.results.inside import inside_of
from backtests.grids.search import make_search
from forecasters.walk_forward.fit import Fitted
from tests.backtests.example_studies import make_bars


def test_what_fits_forecast_before_their_test_is_told_apart_by_fold_seed_and_row():
    """Two folds by two seeds, each fit with different numbers."""
    search = make_search(
        GridConfig.of({
            "ticker": ("A.KS",), "forecaster": ("rnn:hidden=2",), "cross": ("epochs=1,2",), "seeds": 2,
            "train_size": 200, "step": 60, "features": "ohlcv",
        })
    )  # fmt: skip
    bars = make_bars(rows=300)
    fits = search.fits(bars)["rnn:epochs=1,hidden=2"]
    folds = search.walk_forward.split(bars.sessions)
    assert len(fits) == 4 and len(folds) == 2
    fitted = [
        Fitted(
            np.empty(0), np.empty(0), np.empty(0), inside=np.arange(200.0 + 60 * fold) + 1e6 * seed
        )
        for seed in (1, 2)
        for fold in (0, 1)
    ]
    found = inside_of(fits, fitted)
    for one, fold in zip(found, folds, strict=True):
        rows = np.arange(fold.test.start)
        assert one.fold == fold.name
        np.testing.assert_array_equal(one.by_seed, [rows + 1e6, rows + 2e6])
        np.testing.assert_array_equal(one.watched, rows >= fold.validation.start)
        np.testing.assert_array_equal(one.actual, bars.close[rows + 1])
        np.testing.assert_array_equal(one.target, bars.sessions[rows + 1])
        assert one.target[-1] == fold.name, "the last of them is known when the test begins"
