"""Interrupted work says how to go on; warnings for the user are sentences."""

from __future__ import annotations

import shlex
import sys
import threading
import warnings

import pytest

from backtests.command.resumable import resumable
from backtests.plugins import PluginWarning
from forecasters.errors import DataWarning, InputError

FLAGS = ["--ticker", "051900.KS", "--out", "my runs"]


def interrupted() -> None:
    raise KeyboardInterrupt


def test_work_that_ends_gives_its_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert resumable(lambda: 7, "run", FLAGS) == 7
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("called", "again"),
    [
        ("/usr/bin/backtests", ["backtests", "grid"]),
        ("backtests/grid.py", [sys.executable, "-m", "backtests.grid"]),
    ],
)
def test_after_ctrl_c_the_command_that_goes_on_can_be_copied(
    called: str,
    again: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", [called, *FLAGS])
    assert resumable(interrupted, "grid", FLAGS) is None
    printed, said = capsys.readouterr()
    assert printed == ""
    first, command = said.splitlines()
    assert first == "backtests: interrupted; what was trained is kept, go on with"
    assert shlex.split(command) == [*again, *FLAGS]


def test_where_nothing_is_kept_it_begins_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert resumable(interrupted, "verify", FLAGS, kept=False) is None
    first, _ = capsys.readouterr().err.splitlines()
    assert first == "backtests: interrupted; nothing of it is kept, begin again with"


def test_it_works_in_a_thread_too() -> None:
    answers: list[int | None] = []
    thread = threading.Thread(target=lambda: answers.append(resumable(lambda: 7, "run", FLAGS)))
    thread.start()
    thread.join()
    assert answers == [7]


def test_an_error_is_not_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise InputError("epochs is 0")

    with pytest.raises(InputError, match="epochs is 0"):
        resumable(refuse, "run", FLAGS)
    assert capsys.readouterr().err == ""


def test_each_warning_for_the_user_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def warn() -> None:
        for _ in range(2):  # Python would show the second one no more
            warnings.warn("the bars end early", DataWarning, stacklevel=1)
        warnings.warn("its name is taken", PluginWarning, stacklevel=1)
        warnings.warn("use another", FutureWarning, stacklevel=1)

    before = warnings.showwarning
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        resumable(warn, "run", FLAGS)
    assert warnings.showwarning is before
    *sentences, other = capsys.readouterr().err.splitlines()
    assert sentences == [
        "backtests: WARNING: the bars end early",
        "backtests: WARNING: the bars end early",
        "backtests: WARNING: its name is taken",
    ]
    name, line, text = other.split(":", 2)
    assert (name, text) == ("test_resumable.py", " FutureWarning: use another")
    assert line.isdigit()
