"""What depends on where the bars begin is reported with its size, never as a fault."""

from dataclasses import replace

import numpy as np

from backtests.auditing.finding import Status
from forecasters.features import make_features
from tests.backtests.auditing.planted import verdict_and_text


def test_prices_depend_on_no_first_bar_and_the_folds_do(trial_of_file):
    verdict, text = verdict_and_text("first bar", trial_of_file("mean"))
    assert verdict is Status.REPORTED
    assert "no input depends on the first bar" in text
    # The plan is anchored at the first session: 1 or 5 sessions later, every fold has another date.
    assert "with a start 1 session later" in text and "with a start 5 sessions later" in text
    assert text.count("0 of 3 folds keep their date") == 2


def test_an_input_that_adds_up_from_the_first_bar_is_named(trial_of_file):
    def make(bars, kind, horizon):
        features = make_features(bars, kind, horizon)
        X = features.X.copy()
        X[:, 4] = np.cumsum(X[:, 4])
        return replace(features, X=X)

    verdict, text = verdict_and_text("first bar", trial_of_file("mean", make=make))
    assert verdict is Status.REPORTED
    assert "inputs volume depend on the first bar" in text
