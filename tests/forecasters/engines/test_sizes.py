"""What crosses into the kernels fits its type in C, and no size is 0."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from forecasters.engines.native.description import check_sizes, describe
from forecasters.engines.native.library import RANGES, KernelLayer, KernelPlan, exact, load
from forecasters.engines.schedule import STEPS, Schedule, follow
from forecasters.errors import InputError
from forecasters.layers import LastStep, SwapAxes


@pytest.mark.parametrize("kind", RANGES)
def test_each_type_of_c_holds_its_range_and_no_more(kind: type) -> None:
    least, most = RANGES[kind]
    for value in (least, most):
        assert kind(exact(kind, "size", value)).value == value
    for value in (least - 1, most + 1, 2**70):
        with pytest.raises(InputError, match=f"size is {value}"):
            exact(kind, "size", value)
    with pytest.raises(InputError, match="whole number"):
        exact(kind, "size", 1.5)
    assert exact(kind, "size", np.int64(3)) == 3


def test_a_number_too_large_is_refused_in_a_structure_and_in_a_call() -> None:
    with pytest.raises(InputError, match="outputs is 4294967328"):
        KernelLayer(kind=1, outputs=4294967328)
    with pytest.raises(InputError, match="seed is -1"):
        KernelPlan(seed=-1)
    address = np.zeros(4).ctypes.data
    if not (library := _library()):
        pytest.skip("the kernels are not built here")
    with pytest.raises(ctypes.ArgumentError, match="batch_size is 4294967328"):
        library.native_train(
            KernelPlan(), address, address, address, 1, 1, 4294967328, 0.1, 0.1, *[address] * 6
        )


def _library() -> ctypes.CDLL | None:
    try:
        return load()
    except OSError:
        return None


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ([nn.LSTM(2, 1, batch_first=True), LastStep(), nn.Linear(1, 1)], None),
        ([SwapAxes(), nn.Conv1d(2, 4, 5), nn.Flatten(), nn.Linear(4, 1)], None),
        ([SwapAxes(), nn.Conv1d(2, 4, 6), nn.Flatten(), nn.Linear(4, 1)], "kernel 6 and sees 5"),
        ([SwapAxes(), nn.Conv1d(2, 4, 2), nn.MaxPool1d(5), nn.Flatten(), nn.Linear(4, 1)], "sees 4"),
    ],
)  # fmt: skip
def test_a_kernel_longer_than_what_it_sees(network: list[nn.Module], words: str | None) -> None:
    layers = describe(nn.Sequential(*network))
    if words is None:
        check_sizes(layers, 5, 2)
    else:
        with pytest.raises(InputError, match=words):
            check_sizes(layers, 5, 2)


def test_sizes_of_zero_and_products_that_overflow() -> None:
    for layer, words in (
        (KernelLayer(kind=1, outputs=0), "0 outputs"),
        (KernelLayer(kind=6, kernel=3, stride=0), "stride 0"),
        (KernelLayer(kind=4, outputs=2, kernel=0), "kernel 0"),
        (KernelLayer(kind=1, outputs=2**31 - 1), "number of weights"),
        (KernelLayer(kind=9), "number of values"),
    ):
        with pytest.raises(InputError, match=words):
            check_sizes([layer], 2**20, 2**12)


def test_steps_are_no_more_than_the_counter_of_the_masks_counts() -> None:
    schedule = Schedule(epochs=10**6, batch_size=1, learning_rate=0.1)
    with pytest.raises(InputError, match=r"epochs 1000000 with batch_size 1 on 5000 windows"):
        follow(schedule, None, np.random.default_rng(0), 5000, 0)  # type: ignore[arg-type]
    assert 10**6 * 5000 > STEPS > 10**6 * 5000 / replace(schedule, batch_size=2).batch_size
