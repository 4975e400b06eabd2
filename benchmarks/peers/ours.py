"""This project's own way: its forecasters' networks, trained by its compiled kernels, one fit a thread."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.peers.jobs import LSTM, Work
from benchmarks.peers.peer import Outcome, main


def prepare(flags):
    from forecasters.engines.native import training  # noqa: F401  # torch, with all that it brings
    from forecasters.engines.native.library import load

    load()
    return lambda work: train_all(work, flags.threads or len(os.sched_getaffinity(0)))


def train_all(work: list[Work], threads: int) -> list[Outcome]:
    """Train each network by the native engine; the answers stand in the order of the work."""
    from forecasters.engines.native.training import NativeTraining
    from forecasters.engines.schedule import Schedule, follow
    from forecasters.engines.torch import alone
    from forecasters.layers import initialise

    def start(one: Work):
        rng = np.random.default_rng(one.job.fold)
        schedule = Schedule(one.job.epochs, one.job.batch, learning_rate=1e-3)
        rows, lookback, channels = one.X.shape
        with alone(0):
            network = forecaster(one).build(channels, lookback)
            initialise(network, rng)
            training = NativeTraining(network, windows(one), windows(one, 0), schedule, seed=0)
        return schedule, training, rng, rows, 0

    def train(task) -> Outcome:
        losses, _, _ = follow(*task)
        task[1].finish()
        return Outcome(float(losses[-1]))

    with ThreadPoolExecutor(threads) as pool:
        # What is built draws from torch's one generator, so that stays in this thread.
        return list(pool.map(train, [start(one) for one in work]))


def forecaster(one: Work):
    """Return the project's forecaster with the network of this job."""
    from forecasters.models.cnn import CNN
    from forecasters.models.stacked_lstm import StackedLSTM

    network, lookback = one.job.network, one.X.shape[1]
    if isinstance(network, LSTM):
        return StackedLSTM(lookback=lookback, hidden=network.hidden, layers=network.layers)
    return CNN(
        lookback=lookback,
        filters=network.filters,
        activation=network.activation,
        architecture=network.architecture,
        dropout=network.dropout,
    )


def windows(one: Work, rows: int | None = None):
    """Return the first `rows` windows, all without a number."""
    from forecasters.windows import Windows

    X, y = one.X[:rows].astype(np.float64), one.y[:rows].astype(np.float64)
    as_of = np.datetime64("2000-01-01") + np.arange(len(y))
    return Windows(X=X, y=y, last_close=np.ones(len(y)), as_of=as_of)


if __name__ == "__main__":
    main(prepare)
