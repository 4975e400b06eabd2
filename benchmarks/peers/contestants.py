"""The contestants: each in one new process, or in one process on each core with half of the fits."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Each contestant has the first so many cores, so that machines can be compared.
CORES = 2
OURS = "ours"


@dataclass(frozen=True)
class Contestant:
    """A peer and one way of running it.

    Attributes
    ----------
    script : str
        Its module here, with its flags.
    environment : str
        A name of `environments.PINS`; empty: the environment of this process.
    threads : int or None
        None: the default of the library. A process of one thread is bound to one core, so no library in it
        can use another.
    split : bool
        One process for each of the two cores, with half of the fits.
    only : tuple of str
        The workloads that it can do; empty: all.
    """

    script: str
    environment: str = ""
    threads: int | None = None
    split: bool = False
    only: tuple[str, ...] = ()

    @property
    def cores(self) -> int:
        """How many cores it may use."""
        return 1 if self.threads == 1 and not self.split else CORES

    def takes(self, workload: str) -> bool:
        """Whether it can do this workload."""
        return not self.only or workload.partition("-")[0] in self.only


ONE_CORE = {"threads": 1}
SPLIT = {"threads": 1, "split": True}
DATALOADER, TUNED = ("torch_dataloader", "torch"), ("torch_tuned", "torch")
NEURALFORECAST = ("neuralforecast_fit", "neuralforecast")
KERAS_TF = ("keras_fit --backend tensorflow", "keras-tensorflow")
KERAS_JAX = ("keras_fit --backend jax", "keras-jax")
RECURRENT, CONVOLUTIONAL = ("W1", "W3", "folds", "tickers", "hidden"), ("W2",)

CONTESTANTS = {
    OURS: Contestant("ours"),
    "ours, 1 thread": Contestant("ours", **ONE_CORE),
    "Keras on TensorFlow": Contestant(*KERAS_TF),
    "Keras on TensorFlow, 2 processes": Contestant(*KERAS_TF, **SPLIT),
    "Keras on JAX": Contestant(*KERAS_JAX),
    "Keras on JAX, 2 processes": Contestant(*KERAS_JAX, **SPLIT),
    "torch, DataLoader, 1 thread": Contestant(*DATALOADER, **ONE_CORE),
    "torch, DataLoader, 2 processes": Contestant(*DATALOADER, **SPLIT),
    "torch, tuned, 1 thread": Contestant(*TUNED, **ONE_CORE),
    # On the small matrices of W1 a second thread made nothing faster.
    "torch, tuned, 2 threads": Contestant(*TUNED, threads=2, only=CONVOLUTIONAL),
    "torch, tuned, 2 processes": Contestant(*TUNED, **SPLIT),
    "neuralforecast, 1 thread": Contestant(*NEURALFORECAST, **ONE_CORE, only=RECURRENT),
    "neuralforecast, 2 processes": Contestant(*NEURALFORECAST, **SPLIT, only=RECURRENT),
}

#: Not a peer: the matrix product of the best library.
CEILINGS = {
    "sgemm, 1 core": Contestant("ceiling", **ONE_CORE),
    "sgemm, 2 cores": Contestant("ceiling", **SPLIT),
}


def cores() -> list[int]:
    """Return the numbers of the cores that are used."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < CORES:
        sys.exit(f"this benchmark needs {CORES} cores, this process has {len(allowed)}")
    return allowed[:CORES]


def measure(contestant: Contestant, data: Path, interpreter: str) -> dict:
    """Run it once on the workload in this folder.

    Returns
    -------
    seconds : from before the start of the processes until the last one has ended
    cpu : seconds of all cores
    memory : MiB; with two processes the sum of their peaks
    parts : what each process printed
    """
    shares = CORES if contestant.split else 1
    module, *flags = contestant.script.split()
    command = [interpreter, "-m", f"benchmarks.peers.{module}", *flags, "--data", str(data)]
    if contestant.threads:
        command += ["--threads", str(contestant.threads)]
    numbers = cores()
    with ExitStack() as stack:
        began = time.perf_counter()
        processes = []
        for share in range(shares):
            out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            cores_of_process = numbers[share : share + 1] if contestant.threads == 1 else numbers
            process = subprocess.Popen(
                [*command, "--share", str(share), "--shares", str(shares)],
                cwd=ROOT,
                stdout=out,
                stderr=err,
                preexec_fn=partial(os.sched_setaffinity, 0, cores_of_process),
            )
            stack.callback(_end, process)
            processes.append((process, out, err))
        usages = [_wait(process, err) for process, _, err in processes]
        seconds = time.perf_counter() - began
        parts = [json.loads(_text(out).splitlines()[-1]) for _, out, _ in processes]
    return {
        "seconds": seconds,
        "cpu": sum(usage.ru_utime + usage.ru_stime for usage in usages),
        "memory": sum(usage.ru_maxrss for usage in usages) / 1024,
        "parts": parts,
    }


def _wait(process: subprocess.Popen, err):
    """Return the resources that a process used, once it has ended without error."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(process.args)} ended with {process.returncode}:\n{_text(err)[-3000:]}")
    return usage


def _end(process: subprocess.Popen) -> None:
    """End a process that still runs after the other one failed."""
    if process.returncode is None:
        process.kill()
        process.wait()


def _text(file) -> str:
    file.seek(0)
    return file.read().decode()
