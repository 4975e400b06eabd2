"""With --json nothing but the JSON reaches the standard output."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from backtests.command.streams import nothing_printed


def speak() -> None:
    """Print in every way that a plugin has."""
    print("print")
    os.write(1, b"write\n")
    os.system("echo child")
    print("saved", file=sys.__stdout__)


def test_all_that_is_printed_goes_to_stderr_and_stdout_comes_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with nothing_printed(True):
        speak()
    print("{}")
    out, err = capfd.readouterr()
    assert out == "{}\n"
    assert {"print", "write", "child", "saved"} <= set(err.split())


def test_without_json_nothing_changes(capfd: pytest.CaptureFixture[str]) -> None:
    with nothing_printed(False):
        speak()
    out, err = capfd.readouterr()
    assert {"print", "write", "child"} <= set(out.split()) and not err


def test_stdout_comes_back_after_an_error_too(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), nothing_printed(True):
        raise ZeroDivisionError
    os.write(1, b"back\n")
    assert capfd.readouterr().out == "back\n"


#: A command that shows its progress, warns, answers, and ends with 7.
TALKS = """
import sys
from backtests.command import progress
from backtests.command.guard import say
from backtests.command.streams import write_line
progress.LINE_EVERY = 0
with progress.Progress("training", 3) as shown:
    for _ in range(3):
        shown.advance()
say("WARNING: the bars end early")
write_line("different", sys.stdout)
write_line("more", sys.stdout)
sys.exit(7)
"""


def test_a_reader_that_has_left_changes_no_exit_code() -> None:
    """As in `... 2>&1 | head -1`: what was trained would be lost, or the code would say that all is well."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([sys.executable, "-c", TALKS], stdout=writer, stderr=writer)
    finally:
        os.close(writer)
    assert done.returncode == 7
