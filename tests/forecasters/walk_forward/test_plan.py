"""The plan of folds: made of constants, never late, never drawn from how many sessions there are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from forecasters.bars import Bars, Days
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import Features, make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit, Part
from forecasters.walk_forward.folds import Fold

MakeBars = Callable[..., Bars]

PLANS = st.builds(
    WalkForward,
    train_size=st.integers(2, 80),
    step=st.integers(1, 40),
    expanding=st.booleans(),
    purge=st.integers(0, 8),
    horizon=st.integers(1, 8),
    validation=st.sampled_from([0.0, 0.1, 15 / 85, 0.5, 0.9]),
)


def split(plan: WalkForward, sessions: Days) -> tuple[Fold, ...]:
    """Return the folds; plans that leave no row to fit on are no example."""
    try:
        return plan.split(sessions)
    except InputError as error:
        assume("leaves none to fit on" not in str(error))
        raise


# --- the plan ------------------------------------------------------------------------------------


@given(plan=PLANS, more=st.integers(0, 120))
def test_every_label_is_known_before_it_is_used(plan: WalkForward, more: int, days: Any) -> None:
    """The fold invariant, stated in rows of the plan, not through the check in Fold."""
    sessions = days(plan.first_test + plan.horizon + 1 + more)
    for fold in split(plan, sessions):
        h, purge = plan.horizon, plan.purge
        assert fold.horizon == h
        parts = [part for part in (fold.fit, fold.validation, fold.test) if part]
        for earlier, later in itertools.pairwise(parts):
            assert earlier.stop - 1 + h + purge <= later.start
            assert later.start - (earlier.stop - 1 + h + purge) == 0, "rows are given away"
        rows = [row for part in parts for row in part]
        assert rows == sorted(set(rows))
        assert rows[0] >= 0 and rows[-1] < sessions.size
        assert fold.name == sessions[fold.test.start]


@given(plan=PLANS, more=st.integers(0, 120), appended=st.integers(1, 90))
def test_appended_sessions_change_no_fold(
    plan: WalkForward, more: int, appended: int, days: Any
) -> None:
    sessions = days(plan.first_test + plan.horizon + 1 + more + appended)
    before, after = split(plan, sessions[:-appended]), split(plan, sessions)
    assert after[: len(before) - 1] == before[:-1]
    last, grown = before[-1], after[len(before) - 1]
    assert replace(grown, test=last.test) == last
    assert grown.test.start == last.test.start
    assert last.test.stop <= grown.test.stop <= last.test.start + plan.step


@given(plan=PLANS, more=st.integers(0, 120))
@example(plan=WalkForward(train_size=10, step=7), more=12)
def test_every_session_from_the_first_test_on_is_forecast_once(
    plan: WalkForward, more: int, days: Any
) -> None:
    sessions = days(plan.first_test + plan.horizon + 1 + more)
    rows = [row for fold in split(plan, sessions) for row in fold.test]
    assert rows == list(range(plan.first_test, sessions.size))


@given(plan=PLANS, more=st.integers(0, 120))
def test_training_is_of_constant_size_or_grows_from_the_first_row(
    plan: WalkForward, more: int, days: Any
) -> None:
    for number, fold in enumerate(split(plan, days(plan.first_test + plan.horizon + 1 + more))):
        train = (fold.validation or fold.fit).stop - fold.fit.start
        assert fold.fit.start == (0 if plan.expanding else number * plan.step)
        assert train == plan.train_size + (number * plan.step if plan.expanding else 0)
        assert len(fold.validation) == round(train * plan.validation)


def test_the_default_plan_by_hand(days: Callable[..., Days]) -> None:
    sessions = days(504 + 126 + 30)
    first, second = WalkForward().split(sessions)
    assert (first.fit, first.validation, first.test) == (
        range(415),  # 504 - round(504 x 15 / 85)
        range(415, 504),
        range(504, 630),
    )
    assert (second.fit, second.validation, second.test) == (
        range(519),
        range(519, 630),
        range(630, 660),
    )
    assert str(first.name) == str(sessions[504])


def test_horizon_and_purge_by_hand(days: Callable[..., Days]) -> None:
    plan = WalkForward(train_size=20, step=10, horizon=3, purge=2, validation=0.25, expanding=False)
    first, second = plan.split(days(40))
    # Labels of row 19 are known at row 22; two purged rows more: 24.
    assert (first.fit, first.validation, first.test) == (range(11), range(15, 20), range(24, 34))
    assert (second.fit, second.validation, second.test) == (
        range(10, 21),
        range(25, 30),
        range(34, 40),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("train_size", 1),
        ("step", 0),
        ("purge", -1),
        ("horizon", 0),
        ("validation", 1.0),
        ("validation", -0.1),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{name} is {value}"):
        WalkForward(**{name: value})


# --- too few sessions ----------------------------------------------------------------------------


@given(plan=PLANS, missing=st.integers(1, 60))
@example(plan=WalkForward(train_size=80, purge=3, horizon=4), missing=1)
def test_what_the_message_advises_works(plan: WalkForward, missing: int, days: Any) -> None:
    needed = plan.first_test + plan.horizon + 1
    assume(needed > missing)
    sessions = days(needed - missing)
    with pytest.raises(InputError, match="--start") as caught:
        plan.split(sessions)
    message = str(caught.value)
    assert f"the bars have {sessions.size}" in message
    assert str(sessions[0]) in message and str(sessions[-1]) in message

    needed = re.search(r"need (\d+) sessions", message)
    assert needed is not None
    assert split(plan, days(int(needed[1])))  # one less, and it is an error again
    with pytest.raises(InputError, match="sessions"):
        plan.split(days(int(needed[1]) - 1))

    lower = re.search(r"lower --train-size to (\d+) or less", message)
    if lower is None:
        with pytest.raises(InputError):
            replace(plan, train_size=2).split(sessions)
    else:
        most = int(lower[1])
        assert split(replace(plan, train_size=most), sessions)
        with pytest.raises(InputError, match="lower --train-size"):
            replace(plan, train_size=most + 1).split(sessions)


def test_a_validation_that_takes_every_row_is_an_error_that_says_so(
    days: Callable[..., Days],
) -> None:
    with pytest.raises(InputError, match="lower --validation or raise --train-size"):
        WalkForward(train_size=5, validation=0.9, purge=1).split(days(50))


# --- forecasts -----------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Noisy(Forecaster):
    """The last close and a number drawn by the seed; keeps nothing."""

    target: str = "return"
    scaler: str = "none"

    def fit(self, windows: Any, validation: Any, rng: np.random.Generator) -> Self:
        self.draw_ = rng.uniform(0.001, 0.01)
        return self

    def predict(self, windows: Any) -> Any:
        return np.full(len(windows), self.draw_)


@dataclass(kw_only=True)
class Quiet(Noisy):
    stochastic: ClassVar[bool] = False


@pytest.fixture
def halted(bars_of: MakeBars, walk: Callable[..., Any]) -> Bars:
    """Return 60 bars with halts on rows 33 and 45, the second one inside nobody's training."""
    close = walk(60)
    rows = [33, 45]
    for row in rows:
        close[row] = close[row - 1]
    blank = dict.fromkeys(rows, 0.0)
    return bars_of(close, open=blank, high=blank, low=blank, volume=blank)


PLAN = WalkForward(train_size=30, step=12, horizon=2)


def test_forecasts_say_when_they_were_made_and_for_when(halted: Bars) -> None:
    made = PLAN.predict(Quiet(), make_features(halted, horizon=2))
    assert (made.as_of == halted.sessions[31:]).all()
    assert (made.target[:-2] == halted.sessions[33:]).all()
    assert np.isnat(made.target[-2:]).all(), "the newest targets are still to come"
    assert (made.as_of[:-2] < made.target[:-2]).all()
    assert (made.last_close == halted.close[31:]).all()
    actual = halted.close[33:].copy()
    actual[[0, 12]] = np.nan  # rows 33 and 45 are halts
    np.testing.assert_array_equal(made.actual[:-2], actual)
    assert np.isnan(made.actual[-2:]).all()
    names = np.repeat(halted.sessions[[31, 43, 55]], [12, 12, 5])
    assert (made.fold == names).all()


def test_a_halt_is_not_forecast_and_not_judged(halted: Bars) -> None:
    made = PLAN.predict(Noisy(), make_features(halted, horizon=2), seeds=(0, 1))
    rows = np.arange(31, 60)
    at_halt, to_halt, open_ = np.isin(rows, [33, 45]), np.isin(rows + 2, [33, 45]), rows >= 58
    assert np.isnan(made.by_seed[:, at_halt]).all()
    assert np.isfinite(made.by_seed[:, ~at_halt]).all(), "the newest session has a forecast too"
    assert (made.judged == ~(at_halt | to_halt | open_)).all()


def test_the_forecast_is_the_mean_over_the_seeds(halted: Bars) -> None:
    features = make_features(halted, horizon=2)
    made = PLAN.predict(Noisy(), features, seeds=(3, 5, 8))
    assert made.seeds == (3, 5, 8)
    assert made.by_seed.shape == (3, 29)
    for row, seed in enumerate((3, 5, 8)):
        alone = PLAN.predict(Noisy(), features, seeds=(seed,))
        np.testing.assert_array_equal(alone.by_seed[0], made.by_seed[row])
    np.testing.assert_allclose(made.close, made.by_seed.sum(axis=0) / 3, rtol=1e-15)
    np.testing.assert_allclose(made.forecast_return, made.close / made.last_close - 1, rtol=1e-12)


def test_without_randomness_one_seed_is_enough(halted: Bars) -> None:
    fits = PLAN.fits(Quiet(), make_features(halted, horizon=2), seeds=(0, 1, 2))
    assert len(fits) == 3, "three folds, once each"
    made = PLAN.collect(fits, [fit.run() for fit in fits])
    assert made.seeds == ()
    assert made.by_seed.shape == (1, 29)


def test_every_fit_has_a_stream_of_its_own(halted: Bars, bars_of: MakeBars) -> None:
    features = make_features(halted, horizon=2)
    other = make_features(bars_of(halted.close, ticker="OTHER"), horizon=2)
    fits = [*PLAN.fits(Noisy(), features, (0, 1)), *PLAN.fits(Noisy(), other, (0, 1))]
    first = [fit.generator().random() for fit in fits]
    assert len(set(first)) == len(fits) == 12
    assert first == [fit.generator().random() for fit in fits], (
        "and gives it again when asked again"
    )


def test_a_grid_shares_its_random_numbers(halted: Bars) -> None:
    """Settings do not enter the stream: points of a grid differ by their settings alone."""
    features = make_features(halted, horizon=2)
    a, b = (PLAN.fits(Noisy(lookback=n), features)[0].generator().random() for n in (1, 4))
    assert a == b


def test_a_fit_leaves_its_forecaster_as_it_was(halted: Bars) -> None:
    forecaster = Noisy()
    PLAN.predict(forecaster, make_features(halted, horizon=2))
    assert not hasattr(forecaster, "draw_")


def test_features_of_another_horizon_are_refused(halted: Bars) -> None:
    with pytest.raises(InputError, match="features look 1 ahead, the walk-forward 2"):
        PLAN.fits(Quiet(), make_features(halted))


def test_a_fit_whose_features_look_further_than_its_fold_is_refused(halted: Bars) -> None:
    """Labels 5 ahead in a fold cut for 1 ahead: training would know closes of the test."""
    near = PLAN.fits(Quiet(), make_features(halted, horizon=2))[0]
    with pytest.raises(InputError, match="horizon"):
        Fit((Part(make_features(halted, horizon=5), near.parts[0].fold),), Quiet()).run()


def test_more_horizon_than_bars_is_our_error(bars_of: MakeBars) -> None:
    features = make_features(bars_of([100.0] * 10), horizon=12)
    plan = WalkForward(train_size=5, horizon=12)
    with pytest.raises(InputError, match="need 29 sessions, the bars have 10"):
        plan.predict(Quiet(), features)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"as_of": np.array(["2015-01-06", "2015-01-05"], dtype="datetime64[D]")}, "increase"),
        (
            {"target": np.array(["2015-01-05", "2015-01-07"], dtype="datetime64[D]")},
            "after the session",
        ),
        ({"target": np.array(["NaT", "2015-01-07"], dtype="datetime64[D]")}, "only the newest"),
        ({"by_seed": np.ones((2, 2))}, "by_seed has shape"),
        ({"actual": np.ones(3)}, "actual has shape"),
    ],
)
def test_forecasts_that_cannot_be_are_refused(change: dict[str, Any], match: str) -> None:
    days = np.array(["2015-01-05", "2015-01-06", "2015-01-07"], dtype="datetime64[D]")
    good: dict[str, Any] = {
        "ticker": "TEST",
        "forecaster": "f",
        "fold": days[[0, 0]],
        "as_of": days[:2],
        "target": days[1:],
        "last_close": np.ones(2),
        "by_seed": np.ones((1, 2)),
        "actual": np.ones(2),
        "outside": np.zeros(2, dtype=bool),
    }
    Forecasts(
        **{
            name: value.copy() if isinstance(value, np.ndarray) else value
            for name, value in good.items()
        }
    )
    with pytest.raises(InputError, match=match):
        Forecasts(**good | change)


def test_the_digest_of_forecasts_sees_every_seed_and_date(halted: Bars) -> None:
    made = PLAN.predict(Noisy(), make_features(halted, horizon=2), seeds=(0, 1))
    assert replace(made).digest == made.digest
    bumped = made.by_seed.copy()
    bumped[1, 5] = np.nextafter(bumped[1, 5], np.inf)
    later = made.as_of.copy()
    later[-1] += 1
    for other in ({"by_seed": bumped}, {"as_of": later}, {"seeds": (0, 2)}, {"ticker": "OTHER"}):
        assert replace(made, **other).digest != made.digest


# --- features ------------------------------------------------------------------------------------


def test_features_by_hand(bars_of: MakeBars) -> None:
    bars = bars_of([100.0, 101.0, 102.0, 103.0])
    features = make_features(bars, horizon=2)
    assert features.names == ("open", "high", "low", "close", "volume")
    assert features.X[1].tolist() == [101, 111, 91, 101, 1001]
    np.testing.assert_array_equal(features.y, [102, 103, np.nan, np.nan])
    assert features.warmup == 0


def test_the_warm_up_ends_at_the_first_complete_row_and_no_hole_follows(bars_of: MakeBars) -> None:
    base = make_features(bars_of([100.0] * 5))
    X = base.X.copy()
    X[:2, 1] = np.nan
    assert replace(base, X=X).warmup == 2
    X = base.X.copy()
    X[3, 1] = np.nan
    with pytest.raises(InputError, match="not a finite number"):
        replace(base, X=X)


def test_misspelt_features_are_answered_with_the_nearest_name(bars_of: MakeBars) -> None:
    with pytest.raises(InputError, match="did you mean 'ohlcv'"):
        make_features(bars_of([100.0] * 5), "ohlvc")
    with pytest.raises(InputError, match="horizon is 0"):
        make_features(bars_of([100.0] * 5), horizon=0)


def test_features_of_another_shape_are_refused(bars_of: MakeBars) -> None:
    base = make_features(bars_of([100.0] * 5))
    with pytest.raises(InputError, match="shape"):
        replace(base, X=base.X[:, :4])
    with pytest.raises(InputError, match="y has shape"):
        Features(
            base.ticker, base.sessions, base.names, base.X, base.y[:4], base.close, base.tradable
        )


@pytest.mark.parametrize("seeds", [(), (1, 1)])
def test_seeds_are_given_each_once(bars_of: MakeBars, seeds: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="each once"):
        WalkForward(train_size=5).predict(Quiet(), make_features(bars_of([100.0] * 10)), seeds)
