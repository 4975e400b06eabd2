"""A planted look-ahead is found: in an input, a label, the folds, the windows or a forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from backtests import plugins
from backtests.auditing.checks.lookahead import changed_forecasts
from backtests.auditing.finding import Status
from backtests.auditing.probes.futures import NEIGHBOURS
from backtests.auditing.subject import Subject
from forecasters.features import Features, make_features
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fixed_split import FixedSplit
from forecasters.walk_forward.folds import Fold
from tests.backtests.auditing.planted import PLAN, assert_found, verdict_and_text

# --- forecasters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        ("batch_normalised", "later windows of its batch"),
        ("later_window", "051900.KS"),
        ("selected_on_test", "later windows of its batch"),
        ("climbs_the_stack", "when the bars after"),
    ],
)
def test_a_forecast_that_takes_from_later_rows_is_found(trial_of_file, leak, words):
    assert_found("forecasts", trial_of_file(leak), words)


def test_a_seed_that_changes_is_seen_also_where_the_mean_stays(bars):
    """The mean of two seeds is traded; a leak in both that cancels is a leak."""
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse("naive"))
    naive = PLAN.predict(forecaster, make_features(bars["051900.KS"]))
    day, flat = naive.as_of[20], np.full((2, len(naive)), 64.0)
    two = replace(naive, by_seed=flat, seeds=(0, 1))
    apart = replace(two, by_seed=flat + np.array([[1.0], [-1.0]]))
    assert two.close.tobytes() == apart.close.tobytes()
    only = {"051900.KS": bars["051900.KS"]}
    changes = changed_forecasts(lambda _: {"051900.KS": apart}, only, day, {"051900.KS": two})
    assert changes and "by_seed" in changes[0]


@dataclass(frozen=True, eq=False)
class Neighbours(Subject):
    """One ticker's close is divided by the other's of the next session."""

    def forecasts(self, bars, seeds=(0,), run=None):
        a, b = (make_features(each) for each in bars.values())
        X = a.X.copy()
        X[:-1, 3] /= b.X[1:, 3]
        mixed = replace(a, X=X)
        return {a.ticker: self.walk_forward.predict(self.forecaster, mixed, seeds)}


def test_a_neighbours_tomorrow_is_found_when_only_the_neighbour_changes(trial_of_file, bars):
    trial = Neighbours(trial_of_file("mean").forecaster, PLAN, bars)
    changes = changed_forecasts(trial.forecasts, bars, bars["051900.KS"].sessions[80])
    assert any(NEIGHBOURS in line for line in changes)
    assert verdict_and_text("forecasts", trial)[0] is Status.FOUND


# --- makers of features --------------------------------------------------------------------------


def with_inputs(change):
    """Return a maker of features whose inputs [T, C] went through `change`."""

    def make(bars, kind, horizon):
        before = make_features(bars, kind, horizon)
        return Features(
            before.ticker, before.sessions, before.names, change(before.X.copy()), before.y,
            before.close, before.tradable, horizon,
        )  # fmt: skip

    return make


def next_close(X):
    X[:-1, 3] = X[1:, 3]
    return X


def centred_mean(X):
    X[1:-1, 3] = (X[:-2, 3] + X[1:-1, 3] + X[2:, 3]) / 3
    return X


def filled_from_behind(X):
    """Every tenth volume is missing, and the next one known fills the gap."""
    X[:-1:10, 4] = X[1::10, 4]
    return X


@pytest.mark.parametrize(
    "leak",
    [
        next_close,
        centred_mean,
        filled_from_behind,
        lambda X: (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)),
        lambda X: (X - X.mean(axis=0)) / X.std(axis=0),
        lambda X: X / X[-1],
    ],
    ids=["next close", "centred mean", "back-filled", "range of all rows", "z-score", "last value"],
)
def test_an_input_made_of_later_rows_is_found(trial_of_file, leak):
    trial = trial_of_file("mean", make=with_inputs(leak))
    assert_found("inputs", trial, "made of later rows")


def test_a_label_of_a_later_row_is_found(trial_of_file):
    def make(bars, kind, horizon):
        features = make_features(bars, kind, horizon)
        return replace(features, y=np.append(features.y[1:], np.nan))

    assert_found("inputs", trial_of_file("mean", make=make), "'y' changed")


# --- plans ---------------------------------------------------------------------------------------


class Halved(WalkForward):
    """Trains on the first half: which rows those are depends on how far the bars reach."""

    def split(self, sessions):
        return WalkForward(train_size=sessions.size // 2, step=sessions.size).split(sessions)


class FromTheEnd(WalkForward):
    """Whole folds counted back from the newest session."""

    def split(self, sessions):
        return WalkForward(train_size=40 + (sessions.size - 40) % 17, step=17).split(sessions)


@pytest.mark.parametrize("plan", [Halved(), FromTheEnd(), FixedSplit(shares=(60, 0, 40))], ids=str)
@pytest.mark.parametrize("check", ["folds", "forecasts"])
def test_a_plan_drawn_from_the_length_is_found(trial_of_file, plan, check):
    verdict, text = verdict_and_text(check, trial_of_file("mean", walk_forward=plan))
    assert verdict is Status.FOUND
    if check == "folds":
        assert "looks at how many there are" in text


class ScaledOnAll(WalkForward):
    """Brings the inputs into a range before the folds are cut."""

    def fits(self, forecaster, features, seeds=(0,)):
        low, high = features.X.min(axis=0), features.X.max(axis=0)
        scaled = replace(features, X=(features.X - low) / (high - low))
        return super().fits(forecaster, scaled, seeds)


class TrainsOnTest(WalkForward):
    """Fits each fold on the rows of its test too; `Fold` is bypassed."""

    def split(self, sessions):
        def stretched(fold):
            longer = object.__new__(Fold)
            vars(longer).update(vars(fold), fit=range(0, fold.test.stop - 1))
            return longer

        return tuple(stretched(fold) for fold in super().split(sessions))


@pytest.mark.parametrize("plan", [ScaledOnAll, TrainsOnTest])
def test_a_scaler_or_a_label_beyond_the_fit_rows_is_found_in_the_windows(trial_of_file, plan):
    trial = trial_of_file("mean", walk_forward=plan(train_size=60, step=17))
    assert_found("windows", trial, "a scaler or a label sees later rows")
