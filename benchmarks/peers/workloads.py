"""The workloads, on windows that the product cuts: `python -m benchmarks.peers.workloads W1 FOLDER`.

Bars are simulated, 860 windows a fold, refitted every 21 sessions (twelve folds are a year), each
fold scaled by the rows of that fold. Names: W1, W2, W3; W2-part, its nine runs of batch 64 and ReLU;
folds-N, tickers-N, hidden-N for the cost curves; W1-smoke, W2-smoke to try whether a peer works.
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np

from backtests.sources.simulated import Simulated
from benchmarks.peers.jobs import CNN, LSTM, Job, write
from forecasters.features import make_features
from forecasters.models.cnn import CNN as ProductCNN
from forecasters.models.stacked_lstm import StackedLSTM
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fold_windows import cut_windows

ROWS, STEP, FOLDS, TICKERS = 860, 21, 12, 30
START, STOP = "1995-01-01", "2015-01-01"

#: S3's grid: 3 x 3 x 2 x 3 runs.
GRID = [
    Job(CNN(filters, activation, architecture), epochs=50, batch=batch)
    for filters, batch, activation, architecture in product(
        (64, 128, 256), (32, 64, 128), ("relu", "tanh"), (1, 2, 3)
    )
]


def make(name: str, folder: Path) -> None:
    """Write the jobs and arrays of this workload into the folder."""
    kind, _, number = name.partition("-")
    if kind == "W2":
        jobs = {
            "": GRID,
            "part": [job for job in GRID if (job.batch, job.network.activation) == (64, "relu")],
            "smoke": [Job(CNN(16, "tanh", kind), epochs=2, batch=64) for kind in (1, 2, 3)],
        }[number]
        write(folder, jobs, *windows(1, 1, ProductCNN(), "ohlcv+indicators"))
        return
    network, epochs, tickers, folds = LSTM(), 100, 1, FOLDS
    if kind == "W3":
        tickers = TICKERS
    elif kind == "tickers":
        tickers = int(number)
    elif kind == "folds":
        folds = int(number)
    elif kind == "hidden":
        network, epochs, folds = LSTM(hidden=int(number)), 20, 4
    elif number == "smoke":
        epochs, folds = 2, 2
    elif name != "W1":
        sys.exit(f"unknown workload {name}")
    jobs = [Job(network, fold, epochs) for fold in range(tickers * folds)]
    write(folder, jobs, *windows(tickers, folds, StackedLSTM(), "ohlcv"))


def windows(tickers, folds, forecaster, kind) -> tuple[np.ndarray, np.ndarray]:
    """Return X [D, N, L, C] and y [D, N] of so many folds of each of so many simulated tickers."""
    plan = WalkForward(train_size=ROWS, step=STEP, expanding=False, validation=0)
    cuts = []
    for ticker in range(tickers):
        bars = Simulated().fetch(f"{ticker:06d}.KS", START, STOP)
        features = make_features(bars, kind)
        # The first folds are in the warm-up of the indicators: they have fewer windows.
        fitted_folds = [fit.parts[0].fold for fit in plan.fits(forecaster, features)[3 : 3 + folds]]
        cuts += [cut_windows(features, fold, forecaster.preprocessing).fit for fold in fitted_folds]
    return np.stack([cut.X for cut in cuts]), np.stack([cut.y for cut in cuts])


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
