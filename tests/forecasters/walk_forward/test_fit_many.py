"""Fits side by side in threads: the same bits as alone, errors and Ctrl-C end them all."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forecasters.bars import Bars
from forecasters.engines.native.library import available
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.models.cnn import CNN
from forecasters.models.gru import GRU
from forecasters.models.linear import Linear
from forecasters.models.naive import Naive
from forecasters.models.stacked_lstm import StackedLSTM
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit, Fitted
from forecasters.walk_forward.fit_many import fit_many, longest_first

needs_kernels = pytest.mark.skipif(available() is not None, reason=str(available()))


@pytest.fixture(scope="module")
def fits(bars_of: Callable[..., Bars], walk: Callable[..., np.ndarray]) -> list[Fit]:
    """Return fits of unequal length, by the kernels, by torch and by neither."""
    features = make_features(bars_of(walk(150)))
    forecasters = [
        Naive(),
        StackedLSTM(epochs=3, hidden=7, layers=2),
        StackedLSTM(epochs=2, hidden=7, layers=2, engine="torch"),
        CNN(epochs=4, filters=9, architecture=3),  # with dropout
        GRU(epochs=9, hidden=6, patience=2),
        Linear(lookback=3, components=2),
    ]
    plan = WalkForward(train_size=60, step=40)
    return [fit for f in forecasters for fit in plan.fits(f, features, (0, 1))]


def bits(fitted: Fitted) -> tuple[bytes, ...]:
    arrays = (fitted.close, fitted.outside, fitted.train_loss, fitted.validation_loss)
    return (*(a.tobytes() for a in arrays), str((fitted.kept, fitted.engine)).encode())


@pytest.fixture(scope="module")
def alone(fits: list[Fit]) -> list[tuple[bytes, ...]]:
    """Return the bits of each fit, run in this thread."""
    return [bits(fit.run()) for fit in fits]


@needs_kernels
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_fit_does_not_know_of_the_others_nor_of_their_order_or_number(fits, alone, workers):
    assert len(set(alone)) > len(fits) / 2, "the fits differ from each other"
    assert [bits(f) for f in fit_many(fits, workers)] == alone
    assert [bits(f) for f in fit_many(fits[::-1], workers)] == alone[::-1]


@needs_kernels
def test_what_the_kernels_train_leaves_the_callers_thread_and_the_rest_stays(fits):
    where: dict[Fit, bool] = {}
    reported = []

    def run(fit: Fit) -> Fitted:
        where[fit] = threading.current_thread() is threading.main_thread()
        return fit.run()

    def on_done(number: int, fitted: Fitted) -> None:
        assert threading.current_thread() is threading.main_thread()
        reported.append((number, bits(fitted)))

    answers = fit_many(fits, 2, on_done, run)
    assert sorted(reported) == list(enumerate(map(bits, answers)))
    for fit in fits:
        native = fit.forecaster.name in ("stacked_lstm", "cnn", "gru")
        in_thread = native and fit.forecaster.engine == "auto"
        assert where[fit] is not in_thread, fit.forecaster


def test_the_longest_begin_first_and_equals_in_the_order_given(fits):
    order = longest_first(fits)
    costs = [fits[number].cost for number in order]
    assert costs == sorted(costs, reverse=True) and costs[0] > costs[-1]
    assert sorted(order) == list(range(len(fits)))
    equal = [number for number in order if fits[number].cost == costs[0]]
    assert len(equal) > 1 and equal == sorted(equal)


def test_a_class_that_replaces_a_method_is_not_trusted_with_threads(fits):
    class Remembering(GRU):
        def predict(self, windows):
            return super().predict(windows)

    class Restored(GRU):
        def restore(self, state, channels):
            return super().restore(state, channels)

    for cls in (Remembering, Restored):
        assert not replace(fits[0], forecaster=cls()).in_threads


def endless(fits: list[Fit]) -> list[Fit]:
    """Return a fit that would take hours."""
    forecaster = StackedLSTM(epochs=1_000_000, hidden=7, layers=2)
    return [replace(fits[0], forecaster=forecaster, seed=seed) for seed in (0, 1)]


@needs_kernels
@pytest.mark.parametrize("of", ["a fit", "the caller"])
def test_an_error_ends_the_fits_that_are_under_way(fits, of):
    broken = replace(fits[0], forecaster=GRU(epochs=2, learning_rate=1e30))

    def refuse(number: int, fitted: Fitted) -> None:
        raise InputError("the disk is full")

    if of == "a fit":
        with pytest.raises(InputError, match="lower --learning-rate"):
            fit_many([*endless(fits), broken], 3)
    else:
        with pytest.raises(InputError, match="the disk is full"):
            fit_many([*endless(fits), replace(fits[0], forecaster=GRU(epochs=1))], 3, refuse)


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's background job
from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.walk_forward.fit_many import fit_many
from forecasters.models.cnn import CNN
from forecasters.walk_forward import WalkForward
features = make_features(Simulated().fetch("051900.KS", "2015-01-01", "2018-01-01"))
fits = WalkForward().fits(CNN(epochs=1_000_000, batch_size=None, filters=256), features)
quick = WalkForward().fits(CNN(epochs=1), features)
try:
    fit_many([*fits, *quick[:1]], len(fits) + 1, lambda number, fitted: print("under way", flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


@needs_kernels
def test_ctrl_c_ends_them_all():
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stdout.readline() == "under way\n"
            time.sleep(0.2)  # into the kernels
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=600) == 130
        finally:
            process.kill()
