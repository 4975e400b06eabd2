"""A file that grows: one process at a time, the others wait."""

from __future__ import annotations

import errno
import os
import resource
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from backtests.reading.files import Unreadable
from backtests.trials import locked as locked_module
from backtests.trials.locked import append, locked, signature

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


def test_who_waits_is_told_after_a_while_who_has_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    holds = OTHER.replace('print(seen.decode(), end="", flush=True)', "").replace(
        '    file.write(b"other\\n")', '    print("has", flush=True); sys.stdin.readline()'
    )
    called = [sys.executable, "-c", holds, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(called, **pipes) as process:  # type: ignore[call-overload]
        assert [process.stdout.readline(), process.stdout.readline()] == ["waits\n", "has\n"]
        monkeypatch.setattr("backtests.trials.locked.PATIENCE", 0.05)
        told: list[str] = []

        def tell(message: object, *rest: object, **named: object) -> None:
            told.append(str(message))
            process.stdin.write("go\n")
            process.stdin.flush()

        monkeypatch.setattr("backtests.trials.locked.warnings.warn", tell)
        with locked(path):
            pass
    (text,) = told
    assert f"waiting for {path}, which process {process.pid} on " in text
    assert " UTC has; " in text and "Ctrl-C" in text
    assert not signature(path).exists(), "nobody has it now"


@pytest.mark.parametrize("name", ["file", "file.lock"])
def test_a_pipe_in_the_place_of_the_file_or_of_its_lock_is_refused(
    tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(Unreadable, match="is a pipe, not a file"), locked(tmp_path / "file"):
        pass


def test_a_link_in_the_place_of_the_lock_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    signature(tmp_path / "file").symlink_to(precious)
    with locked(tmp_path / "file"):
        assert not signature(tmp_path / "file").is_symlink()
    assert precious.read_text() == "mine"


def test_a_disk_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr("backtests.trials.locked.fcntl.flock", refuse)
    with (
        pytest.raises(
            OSError, match=r"not supported: .* local disk with --ledger or BACKTESTS_DATA"
        ),
        locked(tmp_path / "file"),
    ):
        pass


@pytest.mark.parametrize("code", [errno.EACCES, errno.EDEADLK, errno.EINVAL])
def test_on_windows_only_a_held_lock_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*given: object) -> None:
        raise OSError(code, "no")

    fake = SimpleNamespace(locking=refuse, LK_LOCK=1, LK_NBLCK=2)
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr(sys, "platform", "win32")
    take = runpy.run_path(str(locked_module.__file__))["_take"]
    with tempfile.TemporaryFile(buffering=0) as file:
        if code == errno.EINVAL:
            with pytest.raises(OSError, match="no: it cannot be locked"):
                take(file, wait=False)
        else:
            assert take(file, wait=False) is False


def test_what_cannot_be_appended_whole_is_not_appended(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: a part is written, then the system refuses."""
    path = tmp_path / "file"
    path.write_bytes(b"one\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with locked(path) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                append(file, b"x" * 200 + b"\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"one\n"


def test_an_error_inside_lets_the_next_one_in(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    with locked(path) as file:
        file.write(b"next\n")
    assert path.read_bytes() == b"next\n"
