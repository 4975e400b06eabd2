"""The work of a peer: networks, windows and schedule, in a folder that every peer reads.

`jobs.json` has the jobs, `windows.npz` the arrays X [D, N, L, C] and y [D, N] of D folds, float32.
FLOP are those of the matrix products of training, a multiply-add as two: forward, and backward for
weights and inputs, without the gradient of the network's inputs and the first state, which is 0.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class LSTM:
    """Stacked LSTM and a dense unit. Source: S1."""

    hidden: int = 50
    layers: int = 3

    def flop(self, lookback: int, channels: int) -> int:
        """Return the FLOP of one window in training."""
        gates, state = 2 * 4 * self.hidden, self.hidden * (lookback - 1)
        deeper = (self.layers - 1) * 3 * (self.hidden * lookback + state)
        return gates * (2 * channels * lookback + 3 * state + deeper)


@dataclass(frozen=True)
class CNN:
    """Two valid convolutions of kernel 3; 2: max-pooling 3/3 after them; 3: and dropout. Source: S3."""

    filters: int = 64
    activation: str = "relu"
    architecture: int = 2
    dropout: float = 0.2

    def flop(self, lookback: int, channels: int) -> int:
        """Return the FLOP of one window in training."""
        first = 2 * 3 * channels * self.filters * (lookback - 2)
        second = 2 * 3 * self.filters**2 * (lookback - 4)
        return 2 * first + 3 * second


NETWORKS = {kind.__name__: kind for kind in (LSTM, CNN)}


@dataclass(frozen=True)
class Job:
    """One fit: a network, the number of its fold in the arrays, and the schedule."""

    network: LSTM | CNN
    fold: int = 0
    epochs: int = 100
    batch: int = 32


@dataclass(frozen=True, eq=False)
class Work:
    """A job with its windows X [N, L, C] and targets y [N]."""

    job: Job
    X: np.ndarray
    y: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The rows [N + L - 1, C] that the windows were cut from."""
        return np.concatenate([self.X[0], self.X[1:, -1]])

    @property
    def flop(self) -> int:
        """FLOP of the whole fit."""
        rows, lookback, channels = self.X.shape
        return self.job.network.flop(lookback, channels) * rows * self.job.epochs


def write(folder: Path, jobs: list[Job], X: np.ndarray, y: np.ndarray) -> None:
    """Write jobs and arrays into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "windows.npz", X=X.astype(np.float32), y=y.astype(np.float32))
    lines = [asdict(job) | {"kind": type(job.network).__name__} for job in jobs]
    (folder / "jobs.json").write_text(json.dumps(lines))


def read(folder: Path, share: int = 0, shares: int = 1) -> list[Work]:
    """Return the work of one of `shares` processes; all get about the same, the largest fits first."""
    with np.load(folder / "windows.npz") as arrays:
        X, y = arrays["X"], arrays["y"]
    work = []
    for line in json.loads((folder / "jobs.json").read_text()):
        network = NETWORKS[line.pop("kind")](**line.pop("network"))
        job = Job(network, **line)
        work.append(Work(job, X[job.fold], y[job.fold]))
    work.sort(key=lambda one: -one.flop)
    loads: list[list[Work]] = [[] for _ in range(shares)]
    for fit in work:
        min(loads, key=lambda load: sum(other.flop for other in load)).append(fit)
    return loads[share]
