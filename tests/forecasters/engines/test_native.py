"""The kernels compute what torch computes, from the same numbers, and the same bits every time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from backtests import plugins
from forecasters.engines import torch as torch_engine
from forecasters.engines.native import engine, library
from forecasters.engines.native.description import describe
from forecasters.engines.native.training import NativeTraining, why_not
from forecasters.engines.schedule import Schedule
from forecasters.errors import Error, InputError
from forecasters.layers import SwapAxes, initialise
from forecasters.neural import NeuralForecaster
from forecasters.preparation.windows import Windows
from forecasters.threads.stop import Stop, Stopped
from tests.forecasters.engines.small_networks import needs_kernels, recurrent, training, windows

MakeWindows = Callable[..., Windows]
NETWORKS = [
    name
    for name in plugins.names(plugins.FORECASTERS)
    if issubclass(plugins.load(plugins.FORECASTERS, plugins.parse(name)), NeuralForecaster)
]


def convolutional(
    channels: int, lookback: int, filters: int, kernel: int, pool: int, tanh: bool
) -> nn.Sequential:
    activation = nn.Tanh if tanh else nn.Softsign
    steps = lookback - kernel + 1
    layers: list[nn.Module] = [SwapAxes(), nn.Conv1d(channels, filters, kernel), activation()]
    if 1 < pool <= steps:
        layers.append(nn.MaxPool1d(pool, stride=pool))
        steps //= pool
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(filters * steps, 1))


# --- right ---------------------------------------------------------------------------------------


def assert_gradient(network: nn.Sequential, fit: Windows, rows: Any, loss: str) -> None:
    """The gradient of one batch against that of torch in float64, within 1e-5 of its norm."""
    initialise(network, np.random.default_rng(1))
    native = training(network, fit, loss=loss)
    found, gradient = native.gradient(rows)
    exact = network.double()
    X, y = torch.tensor(fit.X[rows]), torch.tensor(fit.y[rows])
    expected = torch_engine.LOSSES[loss](y, exact(X)[:, 0])
    expected.backward()
    flat = torch.cat(
        [
            (torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1)
            for p in exact.parameters()
        ]
    ).numpy()
    counted = np.concatenate(
        [np.full(p.numel(), p.requires_grad) for p in exact.parameters()]
    ).astype(bool)
    assert found == pytest.approx(expected.item(), rel=1e-5)
    apart = np.linalg.norm((gradient - flat)[counted])
    assert apart <= 1e-5 * np.linalg.norm(flat[counted]) + 1e-12


@needs_kernels
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["lstm", "softsign lstm", "rnn", "relu rnn", "softsign rnn", "gru"]),
    depth=st.integers(1, 4),
    hidden=st.integers(1, 130),
    lookback=st.one_of(st.integers(1, 12), st.integers(1, 60)),
    channels=st.integers(1, 40),
    batch=st.integers(1, 256),
    loss=st.sampled_from(["mse", "rmse"]),
)
def test_gradients_of_recurrent_layers(
    kind: str, depth: int, hidden: int, lookback: int, channels: int, batch: int, loss: str
) -> None:
    fit = windows(260, lookback, channels)
    rows = np.random.default_rng(batch).permutation(260)[:batch]
    assert_gradient(recurrent(kind, channels, hidden, depth), fit, rows, loss)


@needs_kernels
@settings(max_examples=40, deadline=None)
@given(
    lookback=st.integers(3, 60),
    channels=st.integers(1, 40),
    filters=st.integers(1, 130),
    kernel=st.integers(1, 3),
    pool=st.integers(1, 4),
    tanh=st.booleans(),
    batch=st.integers(1, 256),
)
def test_gradients_of_convolutions(
    lookback: int, channels: int, filters: int, kernel: int, pool: int, tanh: bool, batch: int
) -> None:
    fit = windows(260, lookback, channels)
    rows = np.random.default_rng(batch).permutation(260)[:batch]
    network = convolutional(channels, lookback, filters, kernel, pool, tanh)
    assert_gradient(network, fit, rows, "mse")


@needs_kernels
@pytest.mark.parametrize(
    "name", [*NETWORKS, "cnn:architecture=1", "cnn:architecture=3", "rnn:activation=softsign"]
)
def test_training_follows_torch(name: str) -> None:
    """Every network of ours: from the same weights, orders and masks to the same losses."""
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(name))
    fit = windows(150, forecaster.lookback, 5)
    watched = windows(40, forecaster.lookback, 5, seed=5)
    batch = forecaster.batch_size or len(fit)
    schedule = Schedule(5, batch, forecaster.learning_rate, forecaster.loss)
    torch_made, native_made = (
        made.train(
            lambda: forecaster.build(5, forecaster.lookback),
            fit, watched, schedule, np.random.default_rng(3),
        )
        for made in (torch_engine, engine)
    )  # fmt: skip
    limit = 1e-5 * torch_made.train_loss[0]
    np.testing.assert_allclose(native_made.train_loss, torch_made.train_loss, rtol=0, atol=limit)
    np.testing.assert_allclose(
        native_made.validation_loss, torch_made.validation_loss, rtol=0, atol=limit
    )
    assert native_made.train_loss[-1] < native_made.train_loss[0]


@needs_kernels
@pytest.mark.parametrize("stride", [1, 3])
def test_the_first_of_equals_takes_the_slope_of_a_pool(stride: int) -> None:
    """Inputs of zeros and ones: many equal sessions, the slope goes to the first, as in torch."""
    fit = windows(40, 8, 4)
    fit = Windows(np.round(fit.X), fit.y, fit.last_close, fit.as_of)
    network = nn.Sequential(
        SwapAxes(), nn.Conv1d(4, 6, 1), nn.MaxPool1d(3, stride=stride), nn.Tanh(),
        nn.Conv1d(6, 3, 1), nn.Flatten(), nn.Linear(3 * ((8 - 3) // stride + 1), 1),
    )  # fmt: skip
    assert_gradient(network, fit, np.arange(40), "mse")


@needs_kernels
def test_frozen_weights_stay(windows_of: MakeWindows) -> None:
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse("gru:epochs=3"))
    made = engine.train(
        lambda: forecaster.build(5, 5),
        windows_of(50), windows_of(0), Schedule(3, 16, 0.01), np.random.default_rng(0),
    )  # fmt: skip
    frozen = [p for p in made.network.parameters() if not p.requires_grad]
    assert frozen and all((p == 0).all() for p in frozen)
    assert made.validation_loss.size == 0


# --- the same bits -------------------------------------------------------------------------------


def trained_bits(seed: int = 0, name: str = "stacked_lstm:layers=2,hidden=20") -> bytes:
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(name))
    fit = windows(70, forecaster.lookback, 5)
    network = forecaster.build(5, forecaster.lookback)
    initialise(network, np.random.default_rng(seed))
    native = training(network, fit)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        native.epoch(rng.permutation(70))
    native.finish()
    return b"".join(p.detach().numpy().tobytes() for p in network.parameters())


@needs_kernels
def test_a_fit_among_others_in_threads_is_the_fit_alone() -> None:
    alone = [trained_bits(seed) for seed in range(6)]
    assert len(set(alone)) == 6
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(trained_bits, [5, 4, 3, 2, 1, 0]))
    assert together == alone[::-1]


@needs_kernels
def test_epochs_in_one_call_or_many_and_from_a_copy_are_the_same() -> None:
    fit = windows(70, 5, 5)
    orders = np.stack([np.random.default_rng(n).permutation(70) for n in range(4)])

    def fresh() -> NativeTraining:
        network = recurrent("lstm", 5, 12, 2)
        initialise(network, np.random.default_rng(0))
        return training(network, fit)

    one, many = fresh(), fresh()
    losses = one.epochs(orders)
    assert [many.epoch(order) for order in orders[:2]] == losses[:2].tolist()
    kept = many.weights()
    many.epoch(orders[0])  # led astray, and back
    many.restore(kept)
    assert many.epochs(orders[2:]).tolist() == losses[2:].tolist()
    assert many.parameters.tobytes() == one.parameters.tobytes()


BITS = """
from tests.forecasters.engines.test_native import trained_bits
import hashlib
for name in ("stacked_lstm:layers=2,hidden=20", "lstm:hidden=9", "gru:hidden=17", "cnn:architecture=3,filters=10"):
    print(hashlib.sha256(trained_bits(name=name)).hexdigest())
"""


@pytest.mark.slow
@needs_kernels
def test_avx2_gives_the_bits_of_avx512() -> None:
    made = {}
    for build in library.SAME_BITS:
        environment = {**os.environ, library.CHOICE: build}
        done = subprocess.run(
            [sys.executable, "-c", BITS], env=environment, capture_output=True, text=True
        )
        if "this processor runs" in done.stderr:
            pytest.skip(f"this processor does not run {build}")
        assert done.returncode == 0, done.stderr
        made[build] = done.stdout.split()
    assert made["avx512"] == made["avx2"] and len(set(made["avx2"])) == 4


@needs_kernels
def test_another_thread_ends_a_fit_within_a_step() -> None:
    stop = Stop()
    native = stop.run(lambda: training(recurrent("lstm", 5, 50, 3), windows(320, 5, 5)))
    orders = np.tile(np.arange(320), (4_000, 1))  # many seconds of work
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(native.epochs, orders)
        while not native.step:
            time.sleep(0.001)
        stop.set()
        with pytest.raises(Stopped):
            running.result(timeout=600)
    steps = native.step
    assert 0 < steps < 40_000
    with pytest.raises(Stopped):
        native.epochs(orders[:2])
    assert native.step == steps, "nor does it begin again"


# --- what it does not take -----------------------------------------------------------------------


class CustomModule(nn.Module):
    def forward(self, x: Any) -> Any:
        return x


class OwnLinear(nn.Linear):
    pass


def hooked() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(5, 1))
    network[1].register_forward_hook(lambda *_: None)
    return network


def patched() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(5, 1))
    network[1].forward = lambda x: x  # type: ignore[method-assign]
    return network


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (CustomModule(), "CustomModule is no plain nn.Sequential"),
        (nn.Sequential(nn.Flatten(), CustomModule()), "layer 2, CustomModule, is not known"),
        (nn.Sequential(nn.Flatten(), OwnLinear(5, 1)), "layer 2, OwnLinear, is not known"),
        (nn.Sequential(nn.LSTM(5, 3, batch_first=True, bidirectional=True)), "is bidirectional"),
        (nn.Sequential(nn.LSTM(5, 3)), "is not batch_first"),
        (nn.Sequential(nn.GRU(5, 3, 2, dropout=0.1, batch_first=True)), "dropout between"),
        (nn.Sequential(nn.Conv1d(5, 3, 3)), "put a SwapAxes before it"),
        (nn.Sequential(SwapAxes(), nn.Conv1d(5, 3, 3, padding=1)), "has a stride, padding"),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), "no nn.Linear with one output"),
        (nn.Sequential(nn.Linear(5, 1)), "put a LastStep or nn.Flatten before it"),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 1).double()), "torch.float64"),
        (nn.Sequential(), "no nn.Linear with one output"),
        (hooked(), "has hooks"),
        (patched(), "has another forward method"),
    ],
)  # fmt: skip
def test_what_the_kernels_do_not_know_is_named(network: nn.Module, reason: str) -> None:
    answer = why_not(network)
    assert answer is not None and reason in answer


@pytest.mark.parametrize("name", NETWORKS)
def test_the_kernels_know_every_network_of_ours(name: str) -> None:
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(name))
    assert describe(forecaster.build(5, forecaster.lookback))


@needs_kernels
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_is_no_number_never_enters(value: float) -> None:
    fit = windows(10, 5, 5)
    X, y = fit.X.copy(), fit.y.copy()
    y[3] = value
    bad = Windows(X, y, fit.last_close, fit.as_of)
    with pytest.raises(InputError, match=r"finite number|too large for float32"):
        training(recurrent("rnn", 5, 4, 1), bad)


@needs_kernels
def test_a_loss_that_leaves_the_numbers_is_an_error_with_advice(windows_of: MakeWindows) -> None:
    with pytest.raises(InputError, match="lower --learning-rate"):
        engine.train(
            lambda: recurrent("relu rnn", 5, 30, 2),
            windows_of(60), windows_of(0), Schedule(60, 4, 1e20), np.random.default_rng(0),
        )  # fmt: skip


@needs_kernels
def test_an_order_that_is_no_permutation_is_refused() -> None:
    native = training(recurrent("rnn", 5, 4, 1), windows(10, 5, 5))
    with pytest.raises(Error, match="each of the 10 rows once"):
        native.epoch(np.arange(1, 11))


@needs_kernels
def test_the_kernels_keep_the_smallest_numbers_whatever_others_have_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The switch is one of the processor and its thread, so it would change the sums of the kernels too."""

    class Seen(Exception):
        pass

    def look(*_: Any) -> None:
        raise Seen(float(np.float32(1e-40) * np.float32(1.0)))

    monkeypatch.setattr(engine, "follow", look)
    data, schedule = windows(16, 5, 4), Schedule(1, 4, 0.1)
    build = partial(recurrent, "gru", 4, 3, 1)
    try:
        torch.set_flush_denormal(True)
        with pytest.raises(Seen) as seen:
            engine.train(build, data, data, schedule, np.random.default_rng(0))
        assert float(np.float32(1e-40) * np.float32(1.0)) == 0, "as it was set"
    finally:
        torch.set_flush_denormal(False)
    assert seen.value.args[0] > 0
