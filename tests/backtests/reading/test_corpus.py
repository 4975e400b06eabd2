"""Hostile files: every one is read or refused in a sentence; none hangs, none ends in a traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from backtests.run import main
from backtests.sources.source import SnapshotWarning
from backtests.writing.plain import MESSAGE
from tests.backtests.reading import parquets, tables, written
from tests.backtests.reading.case import Case, outcome, read, within

CASES = [*tables.cases(), *parquets.cases(), *written.cases()]
SNAPSHOTS = [*parquets.snapshots(), *written.snapshots()]
#: One of each kind through the command line.
SAMPLE = (
    "csv: commas that mean both",
    "parquet: two levels in the metadata",
    "extra: a pipe",
    "universe: a factor that takes hours",
    "config: nested lists over lines",
)


def test_the_corpus_is_large_and_each_case_has_a_name_of_its_own() -> None:
    titles = [case.title for case in (*CASES, *SNAPSHOTS)]
    assert len(set(titles)) == len(titles) >= 150
    assert set(SAMPLE) <= set(titles)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_hostile_file_is_read_or_refused_in_a_sentence(case: Case, tmp_path: Path) -> None:
    made, said = outcome(case.kind, case.write(tmp_path))
    if case.refused is None:
        assert said is None and made is not None
    else:
        assert said is not None, "it was read"
        assert re.search(case.refused, said), said


@pytest.mark.parametrize("case", SNAPSHOTS, ids=lambda case: case.title)
def test_a_hostile_snapshot_is_told_and_not_used(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "yahoo" / "splits"
    folder.mkdir(parents=True)
    path = case.write(folder)
    with within(5), pytest.warns(SnapshotWarning, match="is damaged and not used"):
        assert read("snapshot", path) is None


def flags_of(title: str, folder: Path) -> tuple[Case, list[str]]:
    """Write a case into a folder and return it with the flags of a run that reads it."""
    case = next(case for case in CASES if case.title == title)
    path = case.write(folder)
    flags = ["--ticker", "X", "--data-dir", str(folder)]
    if case.kind == "universe":
        flags = ["--universe", str(path), "--data-dir", str(folder)]
    elif case.kind in ("extra", "config"):
        (folder / "X.csv").write_text(tables.PLAIN)
        flags += [f"--{case.kind}", str(path)]
    return case, [*flags, "--forecaster", "naive", "--out", str(folder / "runs")]


@pytest.mark.parametrize("title", SAMPLE)
def test_a_run_ends_with_2_and_a_short_message(
    title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, flags = flags_of(title, tmp_path)
    with within(20):
        assert main(flags) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said and len(said) <= MESSAGE + 100
    assert re.search(case.refused or "", said)


@pytest.mark.slow
@pytest.mark.parametrize("title", SAMPLE)
def test_the_command_line_ends_with_2_and_a_short_message(title: str, tmp_path: Path) -> None:
    case, flags = flags_of(title, tmp_path)
    command = [sys.executable, "-m", "backtests.run", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr) <= MESSAGE + 100
    assert re.search(case.refused or "", done.stderr)
