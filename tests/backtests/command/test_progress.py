"""Progress: a bar on a terminal, a line now and then elsewhere, nothing where it is not wanted."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from types import SimpleNamespace
from typing import Any

import pytest

from backtests.command.progress import Progress


class Clock:
    """A clock that a test moves by hand, in seconds."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the progress."""
    made = Clock()
    patched = SimpleNamespace(monotonic=made.monotonic)
    monkeypatch.setattr("backtests.command.progress.time", patched)
    return made


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it to the stream whether it is a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_a_pipe_gets_the_first_and_the_last_line_of_short_work(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress("training", 100) as progress:
        for _ in range(100):
            clock.now += 0.1
            progress.advance()
    assert capsys.readouterr() == ("", "training: 100 to do\ntraining: 100 of 100 in 10 s\n")


def test_a_pipe_gets_a_line_every_15_seconds_with_the_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first task ends after 100 s, because the workers had to start; each other one takes 10 s."""
    with Progress("training", 14) as progress:
        clock.now = 90
        for _ in range(14):
            clock.now += 10
            progress.advance()
    assert capsys.readouterr().err.splitlines() == [
        "training: 14 to do",
        "training: 1 of 14, time left: soon known",
        "training: 3 of 14, time left: soon known",
        "training: 5 of 14, about 1.5 min left",
        "training: 7 of 14, about 70 s left",
        "training: 9 of 14, about 50 s left",
        "training: 11 of 14, about 30 s left",
        "training: 13 of 14, about 10 s left",
        "training: 14 of 14 in 230 s",
    ]


def test_work_that_goes_on_says_how_much_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("training", 5, kept=3) as progress:
        progress.advance()
        progress.advance()
    assert capsys.readouterr().err.splitlines() == [
        "training: 2 to do (3 kept from before)",
        "training: 5 of 5 in 0 s",
    ]


@pytest.mark.parametrize("given", [{"quiet": True}, {"kept": 4}])
@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_quiet_work_and_work_that_is_done_say_nothing(
    given: dict[str, Any], stream: type[io.StringIO]
) -> None:
    with redirect_stderr(stream()) as said, Progress("training", 4, **given) as progress:
        progress.advance()
    assert said.getvalue() == ""


def test_a_terminal_gets_a_bar_and_no_lines() -> None:
    with redirect_stderr(Terminal()) as drawn, Progress("training", 3, kept=1) as progress:
        progress.advance()
        progress.advance()
    assert "\x1b[" in drawn.getvalue(), "the bar is drawn over itself"
    assert "3/3" in drawn.getvalue()
    assert "to do" not in drawn.getvalue() and " of 3" not in drawn.getvalue()


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_an_interruption_leaves_no_last_line_and_the_cursor_back(
    stream: type[io.StringIO],
) -> None:
    with (
        redirect_stderr(stream()) as said,
        pytest.raises(KeyboardInterrupt),
        Progress("training", 3),
    ):
        raise KeyboardInterrupt
    text = said.getvalue()
    if stream is Terminal:
        assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "shown after it was hidden"
    else:
        assert text == "training: 3 to do\n"
