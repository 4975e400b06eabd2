"""The frame around each peer: it reads the work, imports the library, trains, prints one line of JSON.

The process that started it measures the whole process; the line has the seconds of the training alone.
"""

import argparse
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.peers.jobs import Work, read


@dataclass(frozen=True)
class Training:
    """The mean loss of the last epoch, and the warm seconds of a fit.

    Warm seconds count the first epoch, in which a library traces or compiles, as one of the others; None
    if that was not measured.
    """

    loss: float
    warm: float | None = None


LIBRARIES = ("torch", "keras", "tensorflow-cpu", "jax", "neuralforecast", "numpy")
Train = Callable[[list[Work]], list[Training]]


def main(prepare: Callable[[argparse.Namespace], Train]) -> None:
    """Run a peer. `prepare` imports its library and returns its training function."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="the folder of the workload")
    parser.add_argument("--threads", type=int, help="default: as the library chooses")
    parser.add_argument("--share", type=int, default=0, help="which process this is, from 0")
    parser.add_argument("--shares", type=int, default=1, help="how many processes there are")
    parser.add_argument("--backend", choices=("tensorflow", "jax"), help="Keras's")
    flags = parser.parse_args()
    work = read(flags.data, flags.share, flags.shares)
    train = prepare(flags)
    began = time.perf_counter()
    trainings = train(work)
    seconds = time.perf_counter() - began
    warm = [training.warm for training in trainings]
    answer = {
        "seconds": seconds,
        "warm": None if None in warm else sum(warm),
        "losses": [training.loss for training in trainings],
        "flop": sum(one.flop for one in work),
        "versions": versions(),
    }
    print(json.dumps(answer), flush=True)


def versions() -> dict[str, str]:
    """Return the versions of the libraries that are installed here."""
    installed = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            installed[name] = version(name)
    return installed


def one_by_one(fit: Callable[[Work], Training]) -> Train:
    """Return a function that trains the fits one after the other."""
    return lambda work: [fit(one) for one in work]
