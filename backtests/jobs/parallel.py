"""Independent tasks in parallel processes; the answers come in the order of the tasks."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from backtests.plugins import load_file
from forecasters.errors import Error, InputError

T = TypeVar("T")
Plugin = tuple[Path, str]


class RunTasks(Protocol):
    """Runs independent tasks and returns their answers in order; `what` names them for the progress."""

    def __call__(self, tasks: Sequence[Callable[[], T]], what: str) -> Sequence[T]:
        """Run them."""


def in_turn(tasks: Sequence[Callable[[], T]], what: str = "") -> list[T]:
    """Run the tasks in this process, one after the other."""
    return [task() for task in tasks]


#: How often tasks are tried whose worker was killed from outside (out of memory, for example).
ATTEMPTS = 3


def run_tasks(
    tasks: Sequence[Callable[[], T]],
    jobs: int,
    on_done: Callable[[int, T], None] = lambda index, answer: None,
    plugins: Sequence[Plugin] = (),
) -> list[T]:
    """Return the answers of `tasks`, started in order on `jobs` processes of one thread each.

    Parameters
    ----------
    on_done : callable
        Called in this process with the number and the answer of each task as it ends.
    plugins : sequence of (Path, str)
        User's files that a worker must load before it can read a task, and the names of their modules in
        this process.
    """
    answers: dict[int, T] = {}

    def done(index: int, answer: T) -> None:
        answers[index] = answer
        on_done(index, answer)

    if jobs == 1 or len(tasks) < 2:
        for index, task in enumerate(tasks):
            done(index, task())
    for _ in range(ATTEMPTS):
        left = [index for index in range(len(tasks)) if index not in answers]
        if not left or _finished(tasks, left, jobs, done, plugins):
            return [answers[index] for index in range(len(tasks))]
    raise Error(
        f"worker processes died {ATTEMPTS} times with {len(tasks) - len(answers)} tasks left, often "
        "because memory was short: run again with --jobs 1"
    )


def _finished(
    tasks: Sequence[Callable[[], T]],
    left: Sequence[int],
    jobs: int,
    done: Callable[[int, T], None],
    plugins: Sequence[Plugin],
) -> bool:
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    calls = (
        joblib.delayed(_call)(index, tuple(plugins), pickle.dumps(tasks[index])) for index in left
    )
    workers = min(jobs, len(left))
    try:
        with (
            warnings.catch_warnings(),
            joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1),
        ):
            # An error or Ctrl-C cancels the tasks that are running: that is intended.
            warnings.filterwarnings("ignore", ".*tasks which were still being processed.*")
            for index, answer in joblib.Parallel(return_as="generator_unordered")(calls):
                done(index, answer)
    except TerminatedWorkerError:
        return False
    return True


def _call(index: int, plugins: tuple[Plugin, ...], task: bytes) -> tuple[int, object]:
    for path, name in plugins:
        if load_file(path).__name__ != name:
            raise InputError(f"{path} was changed during the run: run again")
    return index, pickle.loads(task)()  # nosec B301 # made by run_tasks above
