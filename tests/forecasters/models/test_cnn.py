"""The settings of `cnn` that S3 leaves open, and its preset."""

from __future__ import annotations

import pytest
import torch

from backtests.grids.s3 import PUBLISHED, S3_FEATURES, S3_GRID, S3_TRAIN, S3_TRAINING
from forecasters.errors import InputError
from forecasters.models.cnn import CNN


def kinds(network):
    return [type(layer).__name__ for layer in network]


def test_one_convolution_is_one_layer_less():
    two, one = (CNN(convolutions=n, filters=4).build(5, 20) for n in (2, 1))
    assert kinds(two)[1:5] == ["Conv1d", "ReLU", "Conv1d", "ReLU"]
    assert kinds(one) == ["SwapAxes", "Conv1d", "ReLU", "MaxPool1d", "Flatten", "Linear"]
    assert (one[1].in_channels, one[1].out_channels) == (5, 4)
    assert one[-1].in_features == 4 * (18 // 3), "18 steps after the convolution, 6 after the pool"


@pytest.mark.parametrize("architecture", [1, 2, 3])
@pytest.mark.parametrize("convolutions", [1, 2])
def test_the_shortest_lookback_of_each_builds_and_one_less_is_refused(architecture, convolutions):
    least = {(1, 1): 3, (1, 2): 5}.get((architecture, convolutions), 3 + 2 * convolutions)
    settings = {"architecture": architecture, "convolutions": convolutions, "filters": 2}
    network = CNN(lookback=least, **settings).build(5, least)
    assert network(torch.zeros(3, least, 5)).shape == (3, 1)
    with pytest.raises(InputError, match=f"convolutions {convolutions} needs at least {least}"):
        CNN(lookback=least - 1, **settings)


def test_three_convolutions_are_refused():
    with pytest.raises(InputError, match="convolutions 3; known: 1, 2"):
        CNN(convolutions=3)


def test_the_preset_is_the_lowest_error_that_s3_printed():
    best = min(PUBLISHED, key=lambda at: PUBLISHED[at].mape)
    settings = {name: str(CNN.presets["s3"].settings[name]) for name in S3_GRID}
    assert tuple(settings.values()) == best
    preset = CNN.presets["s3"]
    assert dict(preset.training) == dict(S3_TRAINING) and preset.features == S3_FEATURES
    assert preset.split == f"{S3_TRAIN}:{100 - S3_TRAIN}"
    made = CNN(**preset.settings)
    assert preset.differences(made.get_params(), S3_FEATURES) == ()


def test_what_differs_from_the_preset_is_named():
    found = CNN.presets["s3"].differences(CNN(epochs=3).get_params(), "ohlcv")
    assert {(d.name, d.here, d.there) for d in found} == {
        ("filters", 64, 256), ("epochs", 3, 50), ("features", "ohlcv", "ohlcv+indicators"),
    }  # fmt: skip
