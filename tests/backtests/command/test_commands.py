"""A command is one file: it is found, described and run without a list."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backtests.__main__ import command_files, main, purpose

ROOT = Path(__file__).parents[3]
PLANTED = '''"""Say hello to a trader.

The rest of the docstring is not shown.
"""

import sys

print("imported", file=sys.stderr)


def main(arguments):
    print("hello", *arguments)
    return 3
'''


def backtests(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Return how `python -m backtests` ended in a tree."""
    return subprocess.run(
        [sys.executable, "-m", "backtests", *words],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the packages with one command more."""
    for package in ("backtests", "forecasters", "strategies"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    (tmp_path / "backtests" / "hello.py").write_text(PLANTED, encoding="utf-8")
    room = tmp_path / "backtests" / "greet"
    room.mkdir()
    (room / "__init__.py").touch()
    (room / "__main__.py").write_text(PLANTED.replace("hello", "good day"), encoding="utf-8")
    (tmp_path / "backtests" / "_helper.py").write_text('"""No command."""\n', encoding="utf-8")
    return tmp_path


def test_a_file_beside_main_is_a_command(tree: Path) -> None:
    listed = backtests(tree, "--help")
    assert listed.returncode == 0
    assert re.search(r"^  hello +Say hello to a trader$", listed.stdout, re.MULTILINE)
    assert "rest of the docstring" not in listed.stdout and "_helper" not in listed.stdout
    assert listed.stderr == "", "listed without an import"
    called = backtests(tree, "hello", "--loudly")
    assert (called.returncode, called.stdout) == (3, "hello --loudly\n")
    assert "  greet " in listed.stdout, "a package with a __main__ is a command too"
    greeted = backtests(tree, "greet", "sir")
    assert (greeted.returncode, greeted.stdout) == (3, "good day sir\n")


def test_what_is_no_public_file_is_no_command(tree: Path) -> None:
    for word in ("_helper", "__main__", "command", "../hello"):
        done = backtests(tree, word)
        assert done.returncode == 2
        assert f"no command '{word}'" in done.stderr and "  run " in done.stderr


def test_each_command_has_one_line_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    files = command_files()
    assert {"audit", "grid", "list", "report", "run"} <= set(files)
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == len(files)
    for line, (name, path) in zip(lines, files.items(), strict=True):
        assert line.split() == [name, *purpose(path).split()]
        assert len(purpose(path).split()) > 3 and len(line) <= 110


def test_the_list_of_strategies_names_the_choices_of_a_setting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from strategies.five_percent import KNOWN_EXITS

    assert main(["list", "strategies"]) == 0
    out = capsys.readouterr().out
    assert f"exit=entry (of {'/'.join(KNOWN_EXITS)})" in out
    assert "fill=open (of open/close)" in out
