"""Tasks in processes: the order of the answers, a worker that dies, an error that comes through."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from backtests.jobs.parallel import run_tasks
from forecasters.errors import InputError


def square(number: int) -> int:
    return number * number


def die_once(mark: Path) -> str:
    """Kill this worker the first time, as a system without memory would."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "lived"


def refuse() -> None:
    raise InputError("epochs is 0; lower it")


@pytest.mark.parametrize("jobs", [1, 2])
def test_answers_come_in_the_order_of_the_tasks_and_each_is_announced_once(jobs):
    seen = []
    answers = run_tasks(
        [partial(square, n) for n in range(7)], jobs, lambda i, answer: seen.append((i, answer))
    )
    assert answers == [n * n for n in range(7)]
    assert sorted(seen) == list(enumerate(answers))


def test_a_worker_that_is_killed_costs_no_answer(tmp_path):
    tasks = [partial(square, 3), partial(die_once, tmp_path / "mark"), partial(square, 4)]
    assert run_tasks(tasks, 2) == [9, "lived", 16]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_task_reaches_the_user_as_it_is(jobs):
    with pytest.raises(InputError, match="epochs is 0"):
        run_tasks([refuse, partial(square, 2)], jobs)


#: Two workers at work for an hour, who first write down their numbers.
AT_WORK = """
import sys, time
from functools import partial
from pathlib import Path
from tests.backtests.jobs.test_parallel import work_for_an_hour
from backtests.jobs.parallel import run_tasks
run_tasks([partial(work_for_an_hour, Path(sys.argv[1]))] * 2, 2)
"""


def work_for_an_hour(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(3600)


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows keeps the number of a parent that is gone"
)
def test_workers_end_with_a_process_that_was_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", AT_WORK, str(tmp_path)]) as process:
        while len(workers := list(tmp_path.iterdir())) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    left = time.monotonic() + 60
    while any(Path(f"/proc/{worker.name}").exists() for worker in workers):
        assert time.monotonic() < left, "a worker lives on without its process"
        time.sleep(0.05)


def end(code: int) -> None:
    """End this worker as a plugin or a fault in a library would."""
    os._exit(code)


def leave() -> None:
    sys.exit(0)


@pytest.mark.slow
def test_a_task_that_ends_its_worker_each_time_is_named_and_nothing_hangs():
    tasks = [partial(square, 3), partial(end, 0)]
    with pytest.raises(InputError) as told:
        run_tasks(tasks, 2, name=["the first", "the second"].__getitem__)
    assert "'the second'" in str(told.value) and "EXIT(0)" in str(told.value)
    assert "--jobs" in str(told.value)


@pytest.mark.slow
def test_a_worker_outlives_a_task_of_ours_that_calls_sys_exit():
    """It is no user's code, so it is raised as it is and does not end the worker without a word."""
    with pytest.raises(SystemExit):
        run_tasks([leave, partial(square, 2)], 2)
