"""One model of several tickers: folds by date, scalers apart, and nobody's tomorrow in anybody's past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasters.bars import COLUMNS, Bars, Days, Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import Features, make_features
from forecasters.models.linear import Linear
from forecasters.models.naive import Naive
from forecasters.models.rnn import RNN
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fixed_split import FixedSplit
from forecasters.walk_forward.folds import Fold, cut_by_date

MakeBars = Callable[..., Bars]
PLAN = WalkForward(train_size=20, step=8, validation=0.2)


@dataclass(kw_only=True)
class Seen(Forecaster):
    """Keeps what it was fitted on."""

    lookback: int = 2
    pooled: bool = True
    stochastic: ClassVar[bool] = False
    fitted: ClassVar[list[Any]] = []

    def fit(self, windows: Any, validation: Any, rng: np.random.Generator) -> Self:
        self.fitted.append((windows, validation))
        return self

    def predict(self, windows: Any) -> Any:
        return np.full(len(windows), 0.5)


@pytest.fixture
def several(bars_of: MakeBars, walk: Callable[..., Floats]) -> list[Features]:
    """Return B of 50 sessions, A that misses every seventh of them, C that was listed on the 18th."""
    whole = bars_of(walk(50, 1), ticker="B")
    holes = bars_of(walk(50, 2) * 10, ticker="A").rows(np.flatnonzero(np.arange(50) % 7 != 3))
    late = bars_of(walk(50, 3), ticker="C").rows(slice(17, 50))
    return [make_features(one) for one in (whole, holes, late)]


def forecasts(
    features: Sequence[Features], forecaster: Forecaster, plan: WalkForward = PLAN
) -> Any:
    fits = plan.pooled_fits(forecaster, features)
    answers = [fit.run() for fit in fits]
    return {one.ticker: plan.collect(fits, answers, ticker=one.ticker) for one in features}


# --- folds by date -------------------------------------------------------------------------------


def test_a_fold_by_hand(days: Callable[..., Days]) -> None:
    union = days(12)
    fold = Fold(range(5), range(5, 8), range(8, 12), 1, union[8])
    sessions = union[[1, 2, 3, 6, 7, 9, 10]]  # misses rows 4, 5, 8
    # Fit: rows 1-4 of the union are rows 0-2 of the ticker. The label of its row 2 lies on union row 6, after
    # row 5 is watched: it falls out. Watched: union rows 6 and 7 are its rows 3 and 4; the label of
    # row 4 lies on union row 9, after row 8 is forecast: it falls out too.
    expected = Fold(range(2), range(3, 4), range(5, 7), 1, union[8])
    assert cut_by_date(fold, union, "OWN", sessions, 0) == expected
    assert cut_by_date(fold, union, "OWN", sessions, 6) == replace(expected, test=range(6, 7))
    assert cut_by_date(fold, union, "OWN", sessions, 7) is None, "nothing left to forecast"
    with pytest.raises(InputError, match=r"lower --step"):
        cut_by_date(fold, union, "OWN", union[6:], 0)


@given(data=st.data(), horizon=st.integers(1, 4), purge=st.integers(0, 3))
def test_no_label_is_later_than_the_first_forecast_of_any_ticker(
    data: st.DataObject, horizon: int, purge: int
) -> None:
    union = np.datetime64("2015-01-05", "D") + np.arange(80)
    sessions = union[data.draw(st.lists(st.booleans(), min_size=80, max_size=80).map(np.array))]
    plan = WalkForward(train_size=25, step=11, horizon=horizon, purge=purge)
    for fold in plan.split(union):
        try:
            cut = cut_by_date(fold, union, "OWN", sessions, 0)
        except InputError:
            continue
        if cut is None:
            assert not np.isin(union[fold.test.start : fold.test.stop], sessions).any()
            continue
        watched = union[fold.validation.start]
        assert (sessions[np.array(cut.fit) + horizon] <= watched).all()
        if cut.validation:
            assert (sessions[np.array(cut.validation) + horizon] <= union[fold.test.start]).all()
        for ours, whole in (
            (cut.fit, fold.fit),
            (cut.validation, fold.validation),
            (cut.test, fold.test),
        ):
            assert np.isin(sessions[list(ours)], union[list(whole)]).all()
        tested = union[fold.test.start : fold.test.stop]
        assert sessions[list(cut.test)].tolist() == np.intersect1d(sessions, tested).tolist()


# --- forecasts -----------------------------------------------------------------------------------


def test_each_ticker_is_forecast_on_the_same_days_as_by_a_separate_model(
    several: list[Features],
) -> None:
    made = forecasts(several, Linear(lookback=3, pooled=True))
    for one in several:
        alone = PLAN.predict(Naive(), one)
        assert made[one.ticker].as_of.tolist() == alone.as_of.tolist()
        assert made[one.ticker].actual.tobytes() == alone.actual.tobytes()
        assert made[one.ticker].ticker == one.ticker


def test_windows_of_all_are_fitted_together_scaled_apart(several: list[Features]) -> None:
    Seen.fitted.clear()
    forecasts(several, Seen())
    first, _ = Seen.fitted[0]
    # The union has 50 sessions: 16 fit rows, 4 watched. C is not forecast yet and takes no part.
    # B fits rows 1-15; A has 14 of the 16 days (rows 3 and 10 are missing), row 16 too is there for
    # the label of row 15, so 13 windows of two sessions.
    assert len(first) == 13 + 15
    assert first.last_close[:13].min() > 10 * first.last_close[13:].min() / 2, "A's prices, first"
    for rows in (slice(0, 13), slice(13, 28)):
        assert first.X[rows].min() >= 0 and first.X[rows].max() == 1.0, (
            "the range of the same ticker"
        )
    last, _ = Seen.fitted[-1]
    assert len(last) > len(first)


def test_the_order_in_which_tickers_are_named_changes_nothing(several: list[Features]) -> None:
    network = RNN(lookback=3, hidden=4, epochs=2, pooled=True)
    a, b = forecasts(several, network), forecasts(several[::-1], network)
    assert {ticker: f.digest for ticker, f in a.items()} == {t: f.digest for t, f in b.items()}


def test_a_forecast_of_one_depends_on_no_later_bar_of_any(
    bars_of: MakeBars, walk: Callable[..., Floats]
) -> None:
    bars, other = bars_of(walk(60, 1), ticker="OWN"), bars_of(walk(60, 2), ticker="OTHER")
    network = RNN(lookback=3, hidden=4, epochs=2, pooled=True, target="return")

    def known(bars: Bars, other: Bars, t: int) -> bytes:
        made = forecasts([make_features(bars), make_features(other)], network)["OWN"]
        return bytes(made.by_seed[:, made.as_of <= day].tobytes())

    for t in (20, 27, 28, 40):
        day = bars.sessions[t]
        expected = known(bars, other, t)
        rows = {name: getattr(other, name).copy() for name in COLUMNS}
        for column in rows.values():
            column[t + 1 :] *= 3
        assert known(bars, replace(other, **rows), t) == expected
        assert known(bars, other.rows(slice(0, max(t + 1, 25))), t) == expected
        grown = bars_of(np.append(walk(60, 2), walk(30, 9)), ticker="OTHER")
        assert known(bars, grown, t) == expected
        rows["volume"][5] *= 2  # and the other's past does count: it is one model
        assert known(bars, replace(other, **rows), t) != expected


def test_a_pooled_network_learns_from_the_neighbour(
    bars_of: MakeBars, walk: Callable[..., Floats]
) -> None:
    """A pattern that only the neighbour shows, about half of it when half the rows are noise."""
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], 300)
    moves = 0.01 * np.append(0.0, signs[:-1])  # up by a hundredth on the day after a large volume
    volume = 1000.0 + 100 * signs
    teacher = bars_of(50_000 * np.exp(np.cumsum(moves)), volume=volume, ticker="TEACHER")
    noise = 50_000 * np.exp(np.cumsum(rng.permutation(moves)))
    pupil = bars_of(noise, volume=volume, ticker="PUPIL")
    plan = WalkForward(train_size=250, step=50, validation=0.0)
    features = [make_features(teacher), make_features(pupil)]
    settings: dict[str, Any] = {"lookback": 1, "target": "return", "scaler": "standard"}

    def slope(made: Any) -> float:
        return float(np.polyfit(signs[250:], made.forecast_return, 1)[0])

    alone = plan.predict(Linear(**settings), features[1])
    pooled = forecasts(features, Linear(**settings, pooled=True), plan)
    assert abs(slope(alone)) < 0.002
    assert slope(pooled["PUPIL"]) > 0.003


# --- what is refused -----------------------------------------------------------------------------


def test_what_has_no_common_model_is_refused() -> None:
    with pytest.raises(InputError, match="naive cannot be pooled"):
        Naive(pooled=True)


def test_a_ticker_that_ends_before_the_split_is_refused(
    bars_of: MakeBars, walk: Callable[..., Floats]
) -> None:
    whole, short = bars_of(walk(100), ticker="WHOLE"), bars_of(walk(40), ticker="SHORT")
    features = [make_features(one) for one in (whole, short)]
    with pytest.raises(InputError, match=r"SHORT is forecast from .* its bars end too early"):
        FixedSplit.parse("70:30").pooled_fits(Linear(pooled=True), features)
