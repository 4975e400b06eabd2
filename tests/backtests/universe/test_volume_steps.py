"""A step of the volumes is said of one ticker and of a grid as it is of a universe."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backtests.grid import main as grid
from backtests.run import main as run
from backtests.sources.simulated import Simulated

SPLIT, RATIO, END = "2017-03-02", 50, "2018-01-01"
RUN = "--forecaster drift --strategy quantile --shifts 0"
GRID = "--forecaster rnn:epochs=1,hidden=2,lookback=3 --cross learning_rate=0.01,0.02 --seeds 1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a file whose volumes a split left behind, and a sound one."""
    folder = tmp_path_factory.mktemp("bars")
    for ticker in ("A.KS", "B.KS"):
        frame = Simulated().fetch(ticker, "2015-01-01", END).frame
        if ticker == "A.KS":
            frame.loc[frame.index >= SPLIT, "volume"] *= RATIO
        frame.to_csv(folder / f"{ticker}.csv")
    return folder


def made(
    command: Any, flags: str, folder: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[Path, dict[str, Any], str]:
    """Return the folder of a run, its manifest, and what was said on the way."""
    every = f"{flags} --data-dir {folder} --end {END} --jobs 1 --json --out {out}"
    code = command([*every.split(), *(["--tearsheets", "none"] if command is run else [])])
    printed, said = capsys.readouterr()
    assert code == 0, said
    at = Path(json.loads(printed)["folder"])
    return at, json.loads((at / "manifest.json").read_text()), said


def volumes_of(page: Path) -> list[str]:
    return re.findall(r"<dt>Volumes</dt><dd>(.*?)</dd>", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("command", "flags"), [(run, RUN), (grid, GRID)])
def test_a_step_of_the_volumes_is_said_of_a_single_ticker(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: Any,
    flags: str,
) -> None:
    at, manifest, said = made(command, f"--ticker A.KS {flags}", folder, tmp_path, capsys)
    (step,) = manifest["data"][0]["volume_steps"]
    assert (step["ticker"], step["since"]) == ("A.KS", SPLIT)
    assert RATIO / 2 < step["ratio"] < 2 * RATIO
    (sentence,) = volumes_of(at / "index.html")
    for text in (said, sentence):
        assert f"for good on {SPLIT} and its prices do not" in text
        assert f"multiply the volumes before {SPLIT}" in text, "what to do"
        assert "write into the universe file" not in text, "there is none"
        assert "ranked" not in text


@pytest.mark.slow
def test_the_remedy_given_for_a_single_ticker_works(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, said = made(run, f"--ticker A.KS {RUN}", folder, tmp_path, capsys)
    assert f"A.KS xN before {SPLIT}" in said and "--universe FILE --slots 1" in said
    (tmp_path / "corrected.txt").write_text(f"A.KS x{RATIO} before {SPLIT}\n")
    flags = f"--universe {tmp_path / 'corrected.txt'} --slots 1 {RUN}"
    _, manifest, said = made(run, flags, folder, tmp_path, capsys)
    assert manifest["data"][0]["volume_steps"] == [] and "for good" not in said


def test_each_ticker_with_a_step_is_named_on_its_own_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at, manifest, said = made(run, f"--ticker A.KS B.KS {RUN}", folder, tmp_path, capsys)
    assert [len(entry["volume_steps"]) for entry in manifest["data"]] == [1, 0]
    assert said.count("for good") == 1
    assert len(volumes_of(at / "A.KS" / "index.html")) == 1
    assert volumes_of(at / "B.KS" / "index.html") == []


@pytest.mark.slow
def test_a_universe_gives_a_remedy_in_the_same_form(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, alone, _ = made(run, f"--ticker A.KS {RUN}", folder, tmp_path, capsys)
    (tmp_path / "u.txt").write_text("A.KS\nB.KS\n")
    at, manifest, said = made(
        run, f"--universe {tmp_path / 'u.txt'} {RUN}", folder, tmp_path, capsys
    )
    assert manifest["data"][0]["volume_steps"] == alone["data"][0]["volume_steps"]
    (sentence,) = volumes_of(at / "index.html")
    for text in (said, sentence):
        assert f"write into the universe file: A.KS xN before {SPLIT}" in text
