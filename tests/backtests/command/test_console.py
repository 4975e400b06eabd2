"""The terminal prints what it is given, letter by letter."""

from __future__ import annotations

import io

import pytest

from backtests.command.console import plain_console


def test_what_looks_like_markup_or_an_emoji_is_printed_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "[bold]A.KS[/bold] :cat: https://x.y/1 2019-01-07 [not closed"
    plain_console(200).print(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_lines_are_as_wide_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    plain_console(20).print("one two three four five six")
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines] == ["one two three four", "five six"]


def test_a_reader_of_the_pipe_who_left_is_an_error_and_no_exit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`guarded` makes exit code 0 of it; rich alone would exit with 1."""

    class Left(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    console = plain_console(80)
    console.file = Left()
    with pytest.raises(BrokenPipeError):
        console.print("text")
