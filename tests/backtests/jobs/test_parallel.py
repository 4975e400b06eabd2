"""Tasks in processes: the order of the answers, a worker that dies, an error that comes through."""

import os
import signal
import sys
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
