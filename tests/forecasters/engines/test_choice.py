"""Which engine trains a network, and what is said where it is not the kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from forecasters.engines import choice
from forecasters.engines.native import library
from forecasters.engines.schedule import Schedule
from forecasters.errors import InputError
from tests.forecasters.engines.small_networks import needs_kernels, recurrent, windows


def chosen(which: str, network: Callable[[], nn.Module], device: str = "cpu") -> str:
    fit = windows(20, 5, 5)
    _, told = choice.train(
        which, network, fit, fit, Schedule(1, 8, 1e-3), np.random.default_rng(0), device
    )
    return told


def plain() -> nn.Module:
    return recurrent("rnn", 5, 3, 1)


def odd() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(25, 3), nn.ELU(), nn.Linear(3, 1))


@needs_kernels
def test_the_kernels_train_what_they_know_and_torch_the_rest() -> None:
    assert chosen("auto", plain) == "native"
    assert chosen("torch", plain) == "torch"
    assert chosen("auto", odd) == "torch: layer 3, ELU, is not known to the kernels"
    with pytest.raises(InputError, match="--engine native: layer 3, ELU, is not known"):
        chosen("native", odd)


def test_without_the_kernels_torch_trains_and_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library._load.cache_clear()
    monkeypatch.setattr(library, "_path", lambda build: None)
    try:
        told = chosen("auto", plain)
        assert told.startswith("torch: the native engine was not built") and "g++" in told
        with pytest.raises(InputError, match="was not built"):
            chosen("native", plain)
    finally:
        library._load.cache_clear()
