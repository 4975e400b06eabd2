"""Dropout by counter: the published words, and the same mask in both engines."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from forecasters.engines.native import library
from forecasters.engines.philox import dropout_mask, philox
from forecasters.layers import SwapAxes, initialise
from tests.forecasters.engines.small_networks import needs_kernels, training, windows

#: kat_vectors of Random123, the authors' own library: counter, key, words.
PUBLISHED = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def _words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "words"), PUBLISHED)
def test_philox_gives_the_published_words(counter: str, key: str, words: str) -> None:
    low, high = _words(key)
    counters = np.array([_words(counter)], dtype=np.uint32)
    assert philox(counters, low | high << 32)[0].tolist() == _words(words)
    if library.available() is None:
        made = np.empty(4, dtype=np.uint32)
        library.load().native_philox(counters.ctypes.data, low | high << 32, 1, made.ctypes.data)
        assert made.tolist() == _words(words)


def test_a_mask_drops_its_share_and_never_twice_the_same() -> None:
    mask = dropout_mask(0.3, 100, 50, step=4, layer=2, key=2**63 + 5)
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((mask == 0).mean() - 0.3) < 4 * (0.3 * 0.7 / mask.size) ** 0.5
    for other in (
        dropout_mask(0.3, 100, 50, step=5, layer=2, key=2**63 + 5),
        dropout_mask(0.3, 100, 50, step=4, layer=3, key=2**63 + 5),
        dropout_mask(0.3, 100, 50, step=4, layer=2, key=5),
    ):
        assert 0.35 < (mask == other).mean() < 0.8
    part = dropout_mask(0.3, 10, 50, step=4, layer=2, key=2**63 + 5)
    assert (part == mask[:10]).all(), "a window's mask does not depend on the batch's size"


@needs_kernels
@pytest.mark.parametrize("place", ["flat", "swapped"])
def test_both_engines_drop_the_same_values(place: str) -> None:
    """A weight whose input was dropped in every window of a batch has no gradient: seen in both."""
    if place == "flat":
        network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(30, 1))
    else:
        network = nn.Sequential(SwapAxes(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(30, 1))
    initialise(network, np.random.default_rng(0))
    fit = windows(40, 6, 5)
    native = training(network, fit)
    rows = np.arange(3)
    for step in range(4):
        _, gradient = native.gradient(rows, step)
        number = 1
        mask = dropout_mask(0.5, 3, 30, step, number, 77)
        X = fit.X[:3] if place == "flat" else fit.X[:3].transpose(0, 2, 1)
        dropped = X.reshape(3, 30) * mask
        weight = network[-1].weight.detach().double().numpy()[0]
        error = dropped @ weight + float(network[-1].bias.detach()) - fit.y[:3]  # type: ignore[arg-type]
        np.testing.assert_allclose(gradient[:30], 2 / 3 * error @ dropped, rtol=1e-4, atol=1e-6)
