"""A file that grows: one process at a time, the others wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backtests.trials.locked import locked

#: Another process that says when it begins to wait, and appends a line when it has the file.
OTHER = """
import sys
from pathlib import Path
from backtests.trials import locked

hold = locked._hold
def say_and_hold(file, path):
    print("waits", flush=True)
    hold(file, path)
locked._hold = say_and_hold
with locked.locked(Path(sys.argv[1])) as file:
    seen = file.read()
    file.write(b"other\\n")
print(seen.decode(), end="", flush=True)
"""


def other(path: Path) -> subprocess.Popen[str]:
    """Return another process that waits for this file."""
    called = [sys.executable, "-c", OTHER, str(path)]
    process = subprocess.Popen(called, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    return process


def test_the_file_and_its_folder_are_made(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "trials.jsonl"
    with locked(path) as file:
        assert file.read() == b""
    assert path.read_bytes() == b""


def test_it_is_read_from_its_beginning_and_written_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\n")
    with locked(path) as file:
        assert file.readline() == b"one\n"
        file.seek(0)
        file.write(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"


def test_another_process_waits_until_it_is_done_and_sees_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with locked(path) as file:
        file.write(b"first\n")
        process = other(path)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
    out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == ("first\n", 0)
    assert path.read_bytes() == b"first\nother\n"


def test_who_waited_for_a_file_that_was_replaced_writes_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with locked(path) as file:
        file.write(b"old\n")
        process = other(path)
        os.replace(path, tmp_path / "away")
        path.write_bytes(b"new\n")
    out, _ = process.communicate(timeout=60)
    assert out == "waits\nnew\n", "it waited for the new file too"
    assert path.read_bytes() == b"new\nother\n"
    assert (tmp_path / "away").read_bytes() == b"old\n"


def test_an_error_inside_lets_the_next_one_in(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    with locked(path) as file:
        file.write(b"next\n")
    assert path.read_bytes() == b"next\n"
