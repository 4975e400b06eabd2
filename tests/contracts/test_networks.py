"""What every neural forecaster must be able to do: learn. Found by name, none listed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backtests import plugins
from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.neural import NeuralForecaster
from forecasters.preparation.windows import Windows
from forecasters.walk_forward import WalkForward

#: Used where a network has a setting of that name: by heart, without dropout, in seconds. With
#: patience the best epoch counts: at this learning rate the last one may be a spike of the loss.
BY_HEART: dict[str, Any] = {
    "dropout": 0.0,
    "lookback": 8,
    "hidden": 32,
    "filters": 16,
    "layers": 2,
    "epochs": 400,
    "patience": 400,
    "batch_size": 32,
    "learning_rate": 0.01,
    "loss": "mse",
}


def network(name: str, **settings: Any) -> NeuralForecaster:
    """Return the named network with those of these settings that it has."""
    cls = plugins.load(plugins.FORECASTERS, plugins.parse(name))
    known = plugins.settings_of(cls)
    made: NeuralForecaster = cls(**{key: v for key, v in settings.items() if key in known})
    return made


def _is_neural(name: str) -> bool:
    return issubclass(plugins.load(plugins.FORECASTERS, plugins.parse(name)), NeuralForecaster)


NAMES = [name for name in plugins.names(plugins.FORECASTERS) if _is_neural(name)]


def test_there_are_networks_to_test() -> None:
    assert {"stacked_lstm", "lstm", "rnn", "cnn", "cnn_lstm", "gru"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_64_windows_by_heart(name: str) -> None:
    """One that cannot is miswired: a dead layer, a wrong axis, a label of another row.

    The labels are noise, so that nothing but the windows themselves can tell them.
    """
    forecaster = network(name, **BY_HEART)
    rng = np.random.default_rng(0)
    X, y = rng.uniform(size=(64, forecaster.lookback, 5)), rng.uniform(size=64)
    days = np.datetime64("2015-01-05") + np.arange(64)
    windows = Windows(X, y, np.full(64, 100.0), days)
    forecaster.fit(windows, windows, np.random.default_rng(1))
    error = forecaster.predict(windows) - y
    assert (error**2).mean() < 0.001 * y.var()  # they reach 0.000003 and less


@pytest.mark.parametrize("name", NAMES)
def test_its_loss_goes_down_as_it_comes(name: str) -> None:
    """With its default settings, on prices, for its first 30 epochs: where a source's network starts."""
    forecaster = network(name, epochs=30)
    features = make_features(Simulated().fetch("051900.KS", "2015-01-01", "2017-01-01"))
    fit, *_ = WalkForward(train_size=400).fits(forecaster, features)
    loss = fit.run().train_loss
    thirds = [part.mean() for part in np.split(loss, 3)]
    assert thirds[0] > thirds[1] > thirds[2]
    assert loss[-1] < 0.5 * loss[0]
