"""Independent tasks in parallel processes; the answers come in the order of the tasks."""

from __future__ import annotations

import os
import pickle
import re
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from backtests.plugins import blamed, load_file
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
#: The name of the thread of a worker that watches the process that started it.
WATCH = "parent"
#: Tasks that a message names.
SHOWN = 4
#: How loky tells the ends of its workers: {SIGSEGV(-11)}.
EXIT_CODES = re.compile(r"exit codes of the workers are \{(.*?)\}")


def run_tasks(
    tasks: Sequence[Callable[[], T]],
    jobs: int,
    on_done: Callable[[int, T], None] = lambda index, answer: None,
    plugins: Sequence[Plugin] = (),
    name: Callable[[int], str] = "task {}".format,
) -> list[T]:
    """Return the answers of `tasks`, started in order on `jobs` processes of one thread each.

    Parameters
    ----------
    on_done : callable
        Called in this process with the number and the answer of each task as it ends.
    plugins : sequence of (Path, str)
        User's files that a worker must load before it can read a task, and the names of their modules in
        this process.
    name : callable
        Returns what a task is called, for the message about a worker that died with it.

    Raises
    ------
    InputError
        Workers died again and again; the message names what they ran.
    """
    answers: dict[int, T] = {}

    def done(index: int, answer: T) -> None:
        answers[index] = answer
        on_done(index, answer)

    if jobs == 1 or len(tasks) < 2:
        for index, task in enumerate(tasks):
            done(index, task())
    suspects: set[int] = set(range(len(tasks)))
    how = ""
    with tempfile.TemporaryDirectory(prefix="backtests-") as folder:
        for _ in range(ATTEMPTS):
            left = [index for index in range(len(tasks)) if index not in answers]
            died = _finished(tasks, left, jobs, done, plugins, Path(folder)) if left else None
            if died is None:
                return [answers[index] for index in range(len(tasks))]
            how, running = died
            suspects = (suspects & running) or running
    ran = " or ".join(f"'{name(index)}'" for index in sorted(suspects)[:SHOWN]) or "a task"
    others = f" or {len(suspects) - SHOWN} others" if len(suspects) > SHOWN else ""
    raise InputError(
        f"a worker process died {ATTEMPTS} times while it ran {ran}{others}{how}: where memory is short, lower "
        "--jobs or the size of networks and windows; else its code ends the process (os._exit, a fault "
        "in a compiled library): correct it, or leave it out"
    )


def _finished(
    tasks: Sequence[Callable[[], T]],
    left: Sequence[int],
    jobs: int,
    done: Callable[[int, T], None],
    plugins: Sequence[Plugin],
    folder: Path,
) -> tuple[str, set[int]] | None:
    """Run these tasks; return None, or how workers died and which tasks ran then."""
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    calls = (
        joblib.delayed(_call)(
            index, tuple(plugins), pickle.dumps(tasks[index]), folder / str(index), os.getpid()
        )
        for index in left
    )
    for mark in folder.iterdir():
        mark.unlink()
    # of one worker joblib makes none: a task that ends its process would end this one
    workers = max(2, min(jobs, len(left)))
    try:
        with (
            warnings.catch_warnings(),
            joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1),
        ):
            # An error or Ctrl-C cancels the tasks that are running: that is intended.
            warnings.filterwarnings("ignore", ".*tasks which were still being processed.*")
            for index, answer in joblib.Parallel(return_as="generator_unordered")(calls):
                done(index, answer)
    except TerminatedWorkerError as error:
        codes = EXIT_CODES.search(str(error))
        how = f" (exit code {codes[1]})" if codes else ""
        return how, {int(mark.name) for mark in folder.iterdir()}
    return None


def _call(
    index: int, plugins: tuple[Plugin, ...], task: bytes, mark: Path, parent: int
) -> tuple[int, object]:
    """Run a task in a worker. `mark` is a file that is there while it runs: it tells of a worker that died."""
    _end_with(parent)
    mark.touch()
    try:
        for path, name in plugins:
            if load_file(path).__name__ != name:
                raise InputError(f"{path} was changed during the run: run again")
        return index, pickle.loads(task)()  # nosec B301 # made by run_tasks above
    except (Error, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit too
        # Here, where the lines of the user's code are still known; and SystemExit must not end a worker.
        if theirs := blamed(error):
            raise theirs from None
        raise
    finally:
        mark.unlink(missing_ok=True)


def _end_with(parent: int) -> None:
    """See to it that this worker ends when the process that started it is gone, however that ended.

    A killed process cannot tell its workers, and one that trains would go on for minutes. On Windows
    the number of the parent stays as it was, and nothing happens.
    """
    here = os.getpid() == parent  # joblib starts no process for one worker
    if here or any(thread.name == WATCH for thread in threading.enumerate()):
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, name=WATCH, daemon=True).start()
