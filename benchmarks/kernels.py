"""The kernels against the ceiling of the machine: `python benchmarks/kernels.py`.

Trains without anything around it (no folds, no validation, no forecasts): W1, a stacked LSTM of S1,
windows of 5 x 5; W2, the 54 settings of S3's grid of convolutional networks, windows of 20 x 15; 860
windows each, one fit per thread. The ceiling is the rate of fused multiply-adds that the same thread
reached in registers just before. Seconds are processor time, so another program does not change the
share; on an idle machine they equal clock time.

Counted operations: for each product of a layer 2 x inputs x outputs x positions for each window,
three times (forward, gradient of the input, gradient of the weights), twice if the input is the
network's input; the product of the hidden state in all sessions but the first. That is 115 GFLOP a
fit of W1 and 20.3 TFLOP for the grid of W2. Activations, dropout and Adam count as none.

BACKTESTS_NATIVE_BUILD=avx2 measures that build, against the peak rate of its instructions.
"""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import nn

from forecasters.engines.native.library import isa, load
from forecasters.engines.native.training import NativeTraining
from forecasters.engines.schedule import Schedule
from forecasters.layers import initialise
from forecasters.models.cnn import CNN
from forecasters.models.stacked_lstm import StackedLSTM
from forecasters.neural import NeuralForecaster
from forecasters.preparation.windows import Windows

ROWS = 860
SHAPES = {"W1": (5, 5), "W2": (20, 15)}  # sessions, channels
GRID = product((1, 2, 3), (64, 128, 256), (32, 64, 128), ("relu", "tanh"))


@dataclass(frozen=True)
class TimedFit:
    """A fit to time, and the groups in which it is counted."""

    forecaster: NeuralForecaster
    groups: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        return SHAPES[self.groups[0]]

    @property
    def operations(self) -> float:
        lookback, channels = self.shape
        of_window = operations(self.forecaster.build(channels, lookback), lookback)
        return float(of_window * ROWS * self.forecaster.epochs)

    def run(self, part: float) -> tuple[float, float]:
        """Return the seconds of all epochs, estimated from a part of them, and the seconds at the ceiling."""
        lookback, channels = self.shape
        rng = np.random.default_rng(0)
        X, y = rng.uniform(0, 1, (ROWS, lookback, channels)), rng.uniform(0, 1, ROWS)
        rows = Windows(X, y, np.ones(ROWS), np.datetime64("2015-01-01", "D") + np.arange(ROWS))
        epochs = self.forecaster.epochs
        network = self.forecaster.build(channels, lookback)
        initialise(network, rng)
        schedule = Schedule(epochs, self.forecaster.batch_size or ROWS, 1e-3)
        training = NativeTraining(network, rows, rows, schedule, seed=1)
        timed = max(1, round(part * epochs))
        orders = np.stack([rng.permutation(ROWS) for _ in range(timed)])
        top = ceiling()
        began = time.thread_time()
        training.epochs(orders)
        return (time.thread_time() - began) / timed * epochs, self.operations / top


def ceiling() -> float:
    """Return operations a second of this thread, from about 20 ms."""
    factor = np.array([0.5], dtype=np.float32)
    began = time.thread_time()
    made: float = load().native_ceiling(5_000_000, factor.ctypes.data)
    return made / (time.thread_time() - began)


def operations(network: nn.Module, lookback: int) -> int:
    """Return the operations of a gradient for one window, by the rule above."""
    products = []
    steps, first = lookback, True
    for layer in network:
        if isinstance(layer, nn.LSTM):
            for depth in range(layer.num_layers):
                inputs = layer.hidden_size if depth else layer.input_size
                products.append((2 if first else 3) * inputs * 4 * layer.hidden_size * steps)
                products.append(3 * layer.hidden_size * 4 * layer.hidden_size * (steps - 1))
                first = False
        elif isinstance(layer, nn.Conv1d):
            steps -= layer.kernel_size[0] - 1
            inputs = layer.kernel_size[0] * layer.in_channels
            products.append((2 if first else 3) * inputs * layer.out_channels * steps)
            first = False
        elif isinstance(layer, nn.MaxPool1d):
            steps //= layer.kernel_size
        elif isinstance(layer, nn.Linear):
            products.append(3 * layer.in_features)
    return 2 * sum(products)


def jobs() -> list[TimedFit]:
    """Return the fit of W1 and the grid of W2."""
    made = [TimedFit(StackedLSTM(), ("W1",))]
    for architecture, filters, batch, activation in GRID:
        forecaster = CNN(
            architecture=architecture, filters=filters, batch_size=batch, activation=activation
        )
        named = (f"architecture {architecture}", f"filters {filters}", f"batch {batch}", activation)
        made.append(TimedFit(forecaster, ("W2", *named)))
    return made


def product_of_torch() -> float:
    """Return operations a second of torch's product of two matrices, on one thread."""
    square, seconds = torch.rand(1024, 1024), []
    for _ in range(5):
        began = time.thread_time()
        square @ square
        seconds.append(time.thread_time() - began)
    return 2 * 1024**3 / min(seconds)


def main() -> None:
    """Time the fits on one thread and on several."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--part", type=float, default=0.04, help="share of the epochs to time")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", choices=list(SHAPES), help="one of the workloads")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{isa()}, ceiling of a thread {ceiling() / 1e9:.0f} GFLOP/s, ", end="")
    print(f"torch's product of two 1024 x 1024 {product_of_torch() / 1e9:.0f}")
    wanted = [job for job in jobs() if flags.only in (None, job.groups[0])]
    for threads in flags.threads:
        times: dict[int, list[tuple[float, float]]] = {n: [] for n in range(len(wanted))}
        turns = [n for _ in range(flags.repeat) for n in times for _ in range(threads)]
        with ThreadPoolExecutor(threads) as pool:
            made = pool.map(lambda n: wanted[n].run(flags.part), turns)
            for n, seconds_of in zip(turns, made, strict=True):
                times[n].append(seconds_of)
        print(f"\n{f'{threads} at a time':<16} seconds a fit  GFLOP/s  share of the ceiling")
        for group in dict.fromkeys(group for job in wanted for group in job.groups):
            inside = [n for n, job in enumerate(wanted) if group in job.groups]
            seconds = sum(statistics.median(s for s, _ in times[n]) for n in inside)
            least = sum(statistics.median(c for _, c in times[n]) for n in inside)
            speed = sum(wanted[n].operations for n in inside) / seconds / 1e9
            print(f"{group:<16} {seconds / len(inside):13.2f} {speed:8.0f} {least / seconds:10.0%}")


if __name__ == "__main__":
    main()
