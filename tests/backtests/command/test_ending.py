"""A command that is interrupted ends soon with 130, even where it cannot end by itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

#: A command whose work is the lines after it.
COMMAND = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's background job
from backtests.command.guard import guarded
def ready():
    print("ready", flush=True)
def body(arguments):
{body}
sys.argv = ["backtests/run.py", "--ticker", "A"]
sys.exit(guarded(body))
"""
#: It ends by itself: the second thread would wait for an hour.
WAITS = "import backtests.command.ending as e; e.PATIENCE = 3600; ready(); time.sleep(3600)"
#: As a library may do while it is imported or closed.
SWALLOWS = """
for _ in range(2):
    try:
        ready() if _ == 0 else None
        time.sleep(3600)
    except BaseException:
        pass
"""
#: After the body has ended: as worker processes that are slow to close.
CLOSES_SLOWLY = "import atexit; atexit.register(time.sleep, 3600); ready(); time.sleep(3600)"


def indent(lines: str) -> str:
    return textwrap.indent(lines, "    ")


def interrupted(body: str, number: int) -> tuple[int, str]:
    """Return exit code and errors of a command that gets this signal while it works."""
    called = [sys.executable, "-c", COMMAND.format(body=indent(body.strip()))]
    with subprocess.Popen(
        called, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=600)
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "body", [WAITS, SWALLOWS, CLOSES_SLOWLY], ids=["waits", "swallows", "closes"]
)
def test_it_ends_with_130_and_says_so_once(body: str, number: int) -> None:
    code, errors = interrupted(body, number)
    assert code == 130
    assert errors.splitlines() == ["backtests: interrupted"]


def test_work_that_cannot_end_by_itself_says_how_to_go_on_too() -> None:
    work = f"def work():\n{indent(SWALLOWS.strip())}\n"
    body = f"{work}from backtests.command.resumable import resumable\nresumable(work, 'run', arguments)"
    code, errors = interrupted(body, signal.SIGINT)
    assert code == 130
    first, again = errors.splitlines()
    assert first == "backtests: interrupted; what was trained is kept, go on with"
    assert again.endswith("-m backtests.run --ticker A")


def test_a_process_that_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    """`nohup` and a shell's background jobs set this."""
    body = "import os; os.kill(os.getpid(), signal.SIGINT); ready(); time.sleep(3600)"
    ignoring = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    source = COMMAND.replace(COMMAND.splitlines()[2] + "\n", ignoring).format(body="    " + body)
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(timeout=600) == 130
