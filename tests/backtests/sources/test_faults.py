"""One faulty row of one file: a universe uses that ticker up to the row before, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from backtests.run import main
from backtests.sources.csv import CsvFolder
from backtests.sources.faults import fetch_each
from backtests.sources.simulated import Simulated
from forecasters.bars import Bars

END = "2018-01-01"
#: A row in the last year, one so early that too little comes before it, and the very first.
LATE, EARLY, FIRST = 700, 40, 0


def lines_of(ticker: str) -> list[str]:
    """Return the lines of a file of made bars, the header first."""
    frame = Simulated().fetch(ticker, "2015-01-01", END).frame
    return frame.to_csv(float_format="%.2f").splitlines()


def day_of(line: str) -> str:
    return line.partition(",")[0]


def with_cell(line: str, place: int, text: str) -> str:
    cells = line.split(",")
    return ",".join([*cells[:place], text, *cells[place + 1 :]])


def low_high(line: str) -> str:
    """Return the row with a high far below its close, as in a real file."""
    return with_cell(line, 2, f"{0.9 * float(line.split(',')[4]):.2f}")


def write(folder: Path, ticker: str, lines: list[str]) -> None:
    (folder / f"{ticker}.csv").write_text("\n".join(lines) + "\n")


def run_universe(
    folder: Path, tickers: str, out: Path, capsys: pytest.CaptureFixture[str], *extra: str
) -> tuple[Path, dict[str, Any], str]:
    """Return the folder of the run, its manifest, and what was said on the way."""
    universe = out / "u.txt"
    out.mkdir(exist_ok=True)
    universe.write_text("\n".join(tickers.split(",")) + "\n")
    command = (
        f"--universe {universe} --data-dir {folder} --end {END} --forecaster drift "
        "--strategy quantile --slots 2 --tearsheets none --shifts 0 --jobs 1 --json"
    ).split()
    code = main([*command, "--out", str(out), *extra])
    printed, said = capsys.readouterr()
    assert code == 0, said
    made = Path(json.loads(printed)["folder"])
    return made, json.loads((made / "manifest.json").read_text()), said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of three sound files."""
    folder = tmp_path / "bars"
    folder.mkdir()
    for ticker in ("A.KS", "B.KS", "C.KS"):
        write(folder, ticker, lines_of(ticker))
    return folder


def test_a_universe_uses_a_ticker_up_to_its_faulty_row_and_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_of("B.KS")
    at = LATE + 1  # the header is a line too
    before, day = day_of(lines[at - 1]), day_of(lines[at])
    broken = [*lines[:at], low_high(lines[at]), *lines[at + 1 :]]
    write(folder, "B.KS", broken)
    made, manifest, said = run_universe(folder, "A.KS,B.KS,C.KS", tmp_path / "runs", capsys)
    assert [entry["ticker"] for entry in manifest["data"]] == ["A.KS", "B.KS", "C.KS"]
    assert manifest["data"][1]["last"] == before
    (fault,) = manifest["faults"]
    assert (fault["ticker"], fault["session"], fault["last"]) == ("B.KS", day, before)
    assert f"row {LATE + 1} ({day}) has a high below its open, close or low" in fault["what"]
    assert manifest["members"]["universe"]["left_out"] == []
    page = (made / "index.html").read_text(encoding="utf-8")
    for text in (said, page):
        assert f"B.KS: row {LATE + 1} ({day}) has a high below" in text
        assert f"used up to {before}" in text
    assert "file holds" not in said, "one warning is enough"

    # What comes from it is what a file that ends there gives: nothing of the later rows is used.
    write(folder, "B.KS", lines[:at])
    _, ended, _ = run_universe(folder, "A.KS,B.KS,C.KS", tmp_path / "ended", capsys)
    assert ended["digest"] == manifest["digest"]
    assert ended["faults"] == []
    assert ended["key"] != manifest["key"], "else the page of the one is shown for the other"


def test_what_is_held_when_the_bars_end_keeps_its_last_close(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_of("B.KS")
    at = LATE + 1
    write(folder, "B.KS", [*lines[:at], low_high(lines[at]), *lines[at + 1 :]])
    made, _, _ = run_universe(folder, "A.KS,B.KS", tmp_path / "runs", capsys)
    fills = pd.read_csv(made / "fills.csv")
    held = fills[(fills["strategy"] == "buy_and_hold")]
    assert sorted(held["ticker"]) == ["A.KS", "B.KS"]
    assert set(held["side"]) == {"buy"}, "no sale at the fault: nobody knew of it"
    equity = pd.read_parquet(made / "equity.parquet")
    line = equity[equity["strategy"] == "buy_and_hold"]
    assert str(line["session"].max())[:10] == day_of(lines_of("A.KS")[-1])


@pytest.mark.parametrize("row", [EARLY, FIRST])
def test_a_ticker_with_too_little_before_its_fault_is_left_out_with_the_reason(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: int
) -> None:
    lines = lines_of("B.KS")
    broken = [*lines[: row + 1], with_cell(lines[row + 1], 4, "oops"), *lines[row + 2 :]]
    write(folder, "B.KS", broken)
    made, manifest, said = run_universe(folder, "A.KS,B.KS,C.KS", tmp_path / "runs", capsys)
    assert [entry["ticker"] for entry in manifest["data"]] == ["A.KS", "C.KS"]
    assert manifest["members"]["universe"]["left_out"] == ["B.KS"]
    (fault,) = manifest["faults"]
    assert fault["last"] == (day_of(lines[row]) if row else None)
    page = (made / "index.html").read_text(encoding="utf-8")
    for text in (said, page):
        assert f"B.KS: line {row + 2}: close &#39;oops&#39; is not a number" in text.replace(
            "'", "&#39;"
        )
        assert "left out" in text.casefold()
    assert "Left out, with too few sessions: B.KS" in page


def test_a_universe_of_faults_alone_ends_and_names_the_first(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for ticker in ("A.KS", "B.KS"):
        lines = lines_of(ticker)
        write(folder, ticker, [lines[0], low_high(lines[1]), *lines[2:]])
    (tmp_path / "u.txt").write_text("A.KS\nB.KS\n")
    flags = f"--universe {tmp_path / 'u.txt'} --data-dir {folder} --forecaster drift"
    assert main([*flags.split(), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "no ticker of the universe can be forecast" in said
    assert "A.KS" in said and "a high below" in said


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (low_high, "has a high below its open, close or low"),
        (lambda line: with_cell(line, 5, "-1"), "has a negative volume"),
        (lambda line: with_cell(line, 4, "oops"), "close 'oops' is not a number"),
        (lambda line: with_cell(line, 4, "inf"), "has a value that is not a finite number"),
        (lambda line: f"{line}\n{line}", "comes twice"),
        (lambda line: f"{line}\n{with_cell(line, 4, 'oops')}", "close 'oops' is not a number"),
        (lambda line: ",".join(line.split(",")[:3]), "has 3 cells, 6 are expected"),
        (lambda line: f"{line},000", "has 7 cells, 6 are expected"),
    ],
)
@pytest.mark.parametrize("newest_first", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_fault_of_a_row_cuts_a_universe_and_ends_the_run_of_a_ticker(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: Callable[[str], str],
    words: str,
    newest_first: bool,
) -> None:
    lines = lines_of("B.KS")
    at = LATE + 1
    # A second fault, later in time and of the kind that is looked for first, is not the one that is named.
    rows = [
        *lines[1:at],
        *fault(lines[at]).split("\n"),
        *lines[at + 1 : -1],
        with_cell(lines[-1], 4, "inf"),
    ]
    write(folder, "B.KS", [lines[0], *(reversed(rows) if newest_first else rows)])
    bars, (found,) = fetch_each(CsvFolder(folder), ("A.KS", "B.KS"), "2015-01-01", END)
    assert words in found.what
    assert (found.session, found.last) == (day_of(lines[at]), day_of(lines[at - 1]))
    assert len(bars["A.KS"]) == len(lines) - 1
    write(folder, "B.KS", lines[:at])
    assert bars["B.KS"].digest == CsvFolder(folder).fetch("B.KS", "2015-01-01", END).digest
    write(folder, "B.KS", [lines[0], *rows])
    flags = f"--ticker B.KS --data-dir {folder} --forecaster drift --tearsheets none --shifts 0"
    assert main([*flags.split(), "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_a_source_may_check_more_dates_than_it_gives(folder: Path) -> None:
    """A source of a user's own may make bars of a whole series and cut the dates out afterwards."""

    class Whole:
        def fetch(self, ticker: str, start: str, end: str) -> Bars:
            return CsvFolder(folder).fetch(ticker, "2015-01-01", END).between(start, end)

    lines = lines_of("B.KS")
    at = LATE + 1
    write(folder, "B.KS", [*lines[:at], low_high(lines[at]), *lines[at + 1 :]])
    bars, (fault,) = fetch_each(Whole(), ("B.KS",), "2016-01-04", END)
    assert str(bars["B.KS"].sessions[0]) == "2016-01-04"
    assert fault.last == day_of(lines[at - 1])
    bars, (fault,) = fetch_each(Whole(), ("B.KS",), "2017-12-01", END)
    assert (bars, fault.last) == ({}, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Date,Open,High,Low,Volume\n2015-01-05,1,1,1,1\n", "no column close"),
        ("2015-01-05,100,110,90,105,1000\nsoon,100,110,90,105,1000\n", "'soon' is not a date"),
        ("2015-01-05,100,110,90,105,1000\n2015-01\n", "line 2 has 1 cells"),
        ("", "is empty"),
    ],
)
def test_a_fault_of_the_whole_file_ends_a_universe_too(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (folder / "B.KS.csv").write_text(text)
    (tmp_path / "u.txt").write_text("A.KS\nB.KS\n")
    flags = f"--universe {tmp_path / 'u.txt'} --data-dir {folder} --forecaster drift"
    assert main([*flags.split(), "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_a_faulty_row_outside_the_dates_is_nothing(folder: Path) -> None:
    span = ("2015-01-01", END)
    sound = CsvFolder(folder).fetch("B.KS", *span)
    lines = lines_of("B.KS")
    write(folder, "B.KS", [*lines, "2018-01-02,1,1,1,oops,1"])
    bars, faults = fetch_each(CsvFolder(folder), ("B.KS",), *span)
    assert (bars["B.KS"].digest, faults) == (sound.digest, ())


def test_mended_volumes_and_the_ranking_are_those_of_the_cut_bars(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_of("B.KS")
    at = LATE + 1
    write(folder, "B.KS", [*lines[:at], low_high(lines[at]), *lines[at + 1 :]])
    _, plain, _ = run_universe(folder, "A.KS,B.KS", tmp_path / "runs", capsys, "--largest", "1")
    spans = plain["members"]["universe"]["spans"]
    assert all(last <= day_of(lines[at - 1]) for _, last in spans["B.KS"])
    mend = "A.KS,B.KS x1000000 before 2018-01-01"
    _, mended, _ = run_universe(folder, mend, tmp_path / "mended", capsys, "--largest", "1")
    assert mended["faults"] == plain["faults"]
    assert mended["data"][1]["sha256"] != plain["data"][1]["sha256"]
    ((_, last),) = mended["members"]["universe"]["spans"]["B.KS"]
    assert last == day_of(lines[at - 1]), "the larger one, as long as it has bars"
