"""Forecasts of the rows that a fit has seen, for choosing and for drawing."""

from __future__ import annotations

import numpy as np
import pytest

from forecasters.features import make_features
from forecasters.models.linear import Linear
from forecasters.models.naive import Naive
from forecasters.models.rnn import RNN
from forecasters.walk_forward.fit import Fit, Part
from forecasters.walk_forward.fixed_split import FixedSplit
from forecasters.walk_forward.folds import Fold
from tests.backtests.example_studies import make_bars

ROWS = 300


def fit_of(forecaster, *tickers, inside=True):
    """Return a fit on 68:12:20 of bars with three halts."""
    parts = []
    for seed, ticker in enumerate(tickers or ("A",)):
        features = make_features(make_bars(ticker, ROWS, seed=seed), "ohlcv", 1)
        (fold,) = FixedSplit.parse("68:12:20").split(features.sessions)
        parts.append(Part(features, fold))
    return Fit(tuple(parts), forecaster, 0, inside)


def test_each_row_before_the_test_has_the_close_of_its_own_window_and_halts_have_none():
    fit = fit_of(Naive(lookback=5))
    ((part,),) = (fit.parts,)
    rows = np.array([*part.fold.fit, *part.fold.validation])
    assert rows.tolist() == list(range(240)), "68 and 12 of 100 parts of 300 sessions"
    features = part.features
    expected = features.close[rows].copy()
    expected[:4] = np.nan  # no window of 5 yet
    halted = ~features.tradable
    assert halted[20] and halted[200] and halted[201], "the bars must have halts here"
    expected[halted[rows] | halted[rows + 1]] = np.nan  # as row and as target
    np.testing.assert_array_equal(fit.run().inside, expected)


def test_a_validation_row_is_forecast_by_what_the_fit_rows_taught():
    """The closes are those that a fold with the validation rows as its test forecasts."""
    fit = fit_of(Linear(lookback=3))
    (part,) = fit.parts
    fold = part.fold
    moved = Fold(fold.fit, range(0), fold.validation, fold.horizon, fold.name)
    again = Fit((Part(part.features, moved),), fit.forecaster, fit.seed)
    inside, other = fit.run().inside[len(fold.fit) :], again.run().close
    known = np.isfinite(inside)
    assert known.sum() > 25
    np.testing.assert_allclose(inside[known], other[known], rtol=1e-12)


def test_asking_for_them_changes_no_other_bit():
    network = RNN(hidden=3, epochs=2, lookback=5)
    asked, plain = (fit_of(network, inside=inside).run() for inside in (True, False))
    assert plain.inside.size == 0
    for name in ("close", "outside", "centre", "train_loss", "validation_loss"):
        np.testing.assert_array_equal(getattr(asked, name), getattr(plain, name))


@pytest.mark.parametrize("tickers", [("A", "B"), ("A", "B", "C")])
def test_those_of_several_tickers_follow_each_other(tickers):
    inside = fit_of(Linear(lookback=3, pooled=True), *tickers).run().inside
    assert inside.size == 240 * len(tickers)
    second = inside[240:480]
    assert np.isfinite(second[2:19]).all() and np.isnan(second[:2]).all()
