"""The second fit: on fit and validation rows, with the seed and the number of epochs of the first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from forecasters.bars import Bars
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.measures.metrics import mape
from forecasters.models.boosting import Boosting
from forecasters.models.linear import Linear
from forecasters.models.rnn import RNN
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit
from forecasters.walk_forward.fixed_split import FixedSplit
from forecasters.walk_forward.folds import Fold
from tests.backtests.example_studies import make_bars

ROWS = 300
SEEN: list[tuple[np.ndarray, np.ndarray]] = []


def rising_bars():
    """Return bars without halts whose close rises by about 0.3% a day."""
    rng = np.random.default_rng(3)
    close = 10_000 * np.exp(np.cumsum(rng.normal(0.003, 0.004, ROWS)))
    sessions = make_bars("A", ROWS).sessions
    volume = np.full(ROWS, 1_000.0)
    return Bars("A", sessions, close, close * 1.001, close * 0.999, close, volume)


@dataclass(kw_only=True)
class Recorder(Forecaster):
    """Remembers the days it was fitted on, and watched."""

    patience: int | None = None

    def fit(self, windows, validation, rng):
        SEEN.append((windows.as_of, validation.as_of))
        return self

    def predict(self, windows):
        return np.zeros(len(windows))


def first_fit(forecaster, *, bars=None, horizon=1, split="68:12:20", purge=0):
    bars = bars or make_bars("A", ROWS)
    features = make_features(bars, "ohlcv", horizon)
    (fit,) = FixedSplit.parse(split, purge, horizon).fits(forecaster, features)
    return replace(fit, inside=True)


def test_it_is_fitted_on_all_rows_before_the_test_and_watches_none():
    SEEN.clear()
    first = first_fit(Recorder(), bars=rising_bars())
    second = first.refit(first.run())
    second.run()
    sessions = first.parts[0].features.sessions
    (fitted, watched), (refitted, unwatched) = SEEN
    assert (fitted.size, watched.size) == (204, 36), "68% and 12% of 300 sessions"
    np.testing.assert_array_equal(refitted, sessions[:240])
    assert unwatched.size == 0
    assert not second.inside and second.seed == first.seed


@pytest.mark.parametrize("forecaster", [Linear(lookback=3), RNN(hidden=3, epochs=2, lookback=5)])
def test_it_is_the_fit_of_a_split_without_validation_rows_to_the_bit(forecaster):
    """Seed, scalers and all: as if the validation rows had never been set apart."""
    first = first_fit(forecaster, bars=rising_bars())
    whole = first_fit(forecaster, bars=rising_bars(), split="80:20")
    again, plain = first.refit(first.run()), replace(whole, inside=False)
    answers, learned = zip(again.learn(), plain.learn(), strict=True)
    np.testing.assert_array_equal(answers[0].close, answers[1].close)
    np.testing.assert_array_equal(answers[0].outside, answers[1].outside)
    one, other = (each.transforms["A"].close(np.array([0.0, 1.0]), np.ones(2)) for each in learned)
    np.testing.assert_array_equal(one, other)
    narrow = first.learn()[1].transforms["A"].close(np.array([0.0, 1.0]), np.ones(2))
    assert narrow[1] < one[1], "the scaler saw the higher closes of the validation rows"


def test_the_rows_between_fit_and_validation_are_fitted_too_and_no_label_is_known_too_late():
    first = first_fit(Linear(lookback=3), horizon=3, purge=2)
    fold = first.parts[0].fold
    assert fold.validation.start - fold.fit.stop == 4, "horizon - 1 + purge"
    joined = fold.joined()
    assert joined.fit == range(fold.validation.stop) and not joined.validation
    assert joined.fit.stop - 1 + 3 <= joined.test.start
    assert (joined.test, joined.name) == (fold.test, fold.name)
    rolling = WalkForward(train_size=100, step=50, expanding=False, validation=0.2)
    for one in rolling.split(make_bars("A", ROWS).sessions):
        assert one.joined().fit == range(one.test.start - 100, one.test.start)


def test_without_validation_rows_it_is_the_same_fit():
    whole = first_fit(RNN(hidden=2, epochs=2, lookback=5, patience=None), split="80:20")
    again = whole.refit(whole.run())
    assert again.parts[0].fold == whole.parts[0].fold
    assert again.forecaster == whole.forecaster


def test_with_patience_it_trains_for_the_epochs_that_validation_kept():
    network = RNN(hidden=4, epochs=60, lookback=5, learning_rate=0.05, patience=2)
    first = first_fit(network)
    fitted = first.run()
    assert 0 < fitted.kept < fitted.train_loss.size < 60, "it must have stopped early here"
    again = first.refit(fitted)
    assert (again.forecaster.epochs, again.forecaster.patience) == (fitted.kept, None)
    left = again.run()
    assert left.train_loss.size == left.kept == fitted.kept and left.validation_loss.size == 0
    assert (network.epochs, network.patience) == (60, 2), "the forecaster itself is not changed"


def test_a_forecaster_that_stops_early_must_say_when():
    first = first_fit(Recorder(patience=3))
    with pytest.raises(InputError, match=r"set kept_, .* or leave patience out"):
        first.refit(first.run())


def test_on_a_rising_series_the_second_fit_has_the_lower_error():
    """Prices rise by 0.3% a day. Trees forecast no close above those they were fitted on.

    At the start of the test the first fit lacks the rise over the 36 validation rows, about 11%.
    """
    bars = rising_bars()
    first = first_fit(Boosting(target="close", trees=50), bars=bars)
    fitted = first.run()
    again = first.refit(fitted).run()
    actual = bars.close[241:]  # of the test rows, the last of which has no outcome yet
    early, late = (mape(actual, answer.close[:-1]) for answer in (fitted, again))
    assert late < early - 5, (early, late)
    assert again.close.max() > bars.close[:205].max() > fitted.close.max()


def test_several_tickers_each_join_their_own_rows():
    parts = tuple(first_fit(Linear(lookback=3), bars=make_bars(t, ROWS)).parts[0] for t in "AB")
    short = Fold(range(50, 150), range(0), parts[1].fold.test, 1, parts[1].fold.name)
    fit = Fit((parts[0], replace(parts[1], fold=short)), Linear(lookback=3, pooled=True))
    one, other = (part.fold for part in fit.refit(fit.run()).parts)
    assert (one.fit, other.fit) == (range(240), range(50, 150))
