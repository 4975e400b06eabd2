"""Runs fits in a new process, in which nothing has run before."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from backtests.auditing.probes.doors import heard
from backtests.jobs.parallel import Plugin
from backtests.plugins import load_file
from forecasters.walk_forward.fit import Fit, Fitted


@dataclass(frozen=True)
class Fresh:
    """The answers in order, and the files and addresses opened since the import of the user's file."""

    fitted: tuple[Fitted, ...]
    opened: tuple[str, ...]


def run_fresh(fits: Sequence[Fit], files: Sequence[Plugin]) -> Fresh:
    """Return the answers of a new process to these fits.

    Raises
    ------
    RuntimeError
        The process failed; the message is the last line of its errors.
    """
    return _asked(pickle.dumps((tuple(files), pickle.dumps(tuple(fits)))))


@lru_cache(maxsize=2)
def _asked(question: bytes) -> Fresh:
    code = "from backtests.auditing.probes.fresh import answer; answer()"
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=question,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"it ended with {done.returncode}")
    answered: Fresh = pickle.loads(done.stdout)
    return answered


def answer() -> None:
    """Read fits from stdin, run them, write a `Fresh` to stdout."""
    out, sys.stdout = (
        sys.stdout.buffer,
        sys.stderr,
    )  # what a plugin prints must not mix with the answer
    files, fits = pickle.loads(sys.stdin.buffer.read())
    with heard() as opened:
        for path, _ in files:
            load_file(path)
        fitted = tuple(fit.run() for fit in pickle.loads(fits))
    out.write(pickle.dumps(Fresh(fitted, tuple(opened))))
    out.flush()
