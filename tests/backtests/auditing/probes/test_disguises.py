"""The stand-ins of a forecaster show what they promise, and pass for the one they hide."""

from dataclasses import replace

import numpy as np
import pytest

from backtests import plugins
from backtests.auditing.probes.disguises import Dice, Mirror, Mislabelled, Redated, RedatedTraining
from forecasters.features import make_features
from forecasters.preparation.preprocessing import Preprocessing
from forecasters.walk_forward.fold_windows import cut_windows
from tests.backtests.auditing.planted import PLAN


def naive():
    return plugins.make(plugins.FORECASTERS, plugins.parse("naive"))


@pytest.fixture
def windows(bars):
    features = make_features(bars["051900.KS"])
    return cut_windows(features, PLAN.split(features.sessions)[0], Preprocessing(lookback=5))


@pytest.mark.parametrize("field", ["X", "y", "last_close", "as_of"])
@pytest.mark.parametrize("part", ["fit", "validation", "test"])
def test_the_mirror_shows_any_change_of_what_it_was_given(windows, part, field):
    array = getattr(getattr(windows, part), field).copy()
    array[-1] = array[-1] + np.timedelta64(1, "D") if field == "as_of" else 1.5
    other = replace(windows, **{part: replace(getattr(windows, part), **{field: array})})

    def answered(given):
        rng = np.random.default_rng(0)
        return Mirror(naive()).fit(given.fit, given.validation, rng).predict(given.test)

    assert (answered(windows) != answered(other)).any()
    assert answered(windows).tobytes() == answered(windows).tobytes()


def test_a_disguise_has_the_name_and_the_settings_of_what_it_hides():
    """The random numbers of a fit follow from them: other ones would be a difference of their own."""
    rnn = plugins.make(plugins.FORECASTERS, plugins.parse("rnn:hidden=3,lookback=7"))
    for disguise in (Mirror, Redated, RedatedTraining, Mislabelled, Dice):
        hidden = disguise(rnn)
        assert hidden.name == "rnn"
        assert (hidden.hidden, hidden.lookback, hidden.stochastic) == (3, 7, True)
        assert hidden.cost(100) == rnn.cost(100)


def test_dates_move_by_whole_weeks_and_leap_cycles(windows):
    days, moved = windows.fit.as_of, Redated(naive()).shown(windows.fit).as_of
    assert (moved < days).all()
    for unit in ("M", "Y"):
        assert ((days - days.astype(f"M8[{unit}]")) == (moved - moved.astype(f"M8[{unit}]"))).all()
    assert (np.is_busday(days) == np.is_busday(moved)).all()


def test_each_label_goes_to_another_window_and_none_is_lost(windows):
    shown = Mislabelled(naive()).shown(windows.fit)
    assert sorted(shown.y) == sorted(windows.fit.y)
    assert (shown.y != windows.fit.y).mean() > 0.9
    assert shown.X.tobytes() == windows.fit.X.tobytes()


def test_the_dates_of_the_training_move_alone(windows):
    class Noted(type(naive())):
        def fit(self, windows, validation, rng):
            self.came = windows.as_of
            return self

        def predict(self, windows):
            self.asked = windows.as_of
            return windows.last_close

    hidden = RedatedTraining(Noted()).fit(windows.fit, windows.validation, None)
    hidden.predict(windows.test)
    assert (hidden.inner.came < windows.fit.as_of).all()
    assert (hidden.inner.asked == windows.test.as_of).all()
