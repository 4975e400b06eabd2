"""The pages of a finished run are drawn again, byte for byte, and nothing else of it changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.__main__ import main
from backtests.runs import redraw as redrawing
from backtests.runs.code import PAGES
from backtests.runs.folder import Finished
from backtests.runs.manifest import write_manifest
from backtests.runs.redraw import redraw, with_tearsheets
from backtests.sources.simulated import Simulated
from forecasters.errors import InputError
from tests.backtests.example_runs import json_of
from tests.backtests.runs.made_run import Made

SHEETS = "backtests.report.tearsheet.tearsheet_of"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def pages_of(files: dict[str, bytes]) -> set[str]:
    return {name for name in files if name.endswith((".html", ".svg", ".png"))}


def asked(path: Path, result: Any, *rest: Any, **settings: Any) -> Path:
    """Stand for a tearsheet, which takes a second to draw."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"the tearsheet of {result.label}")
    return path


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to train, to trade, and to ask a source for bars."""

    def refuse(*given: Any, **named: Any) -> None:
        raise AssertionError("something was trained, traded or fetched")

    for place in (
        "forecasters.walk_forward.fit.Fit.run",
        "backtests.account.engine.run_backtest",
        "backtests.studies.pipeline.run_backtest",
        "backtests.runs.outcome.run_fits",
        "backtests.runs.outcome.backtest",
        "backtests.sources.simulated.Simulated.fetch",
        "backtests.trials.ledger.TrialLedger.add",
    ):
        monkeypatch.setattr(place, refuse)


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "run"))


@pytest.mark.usefixtures("idle")
def test_drawn_again_in_its_place_every_file_is_the_same(copy: Path) -> None:
    before = contents(copy)
    (copy / "index.html").write_text("an old page")
    mine = {"notes.txt": b"of the user", "figures/mine.svg": b"beside the figures of the run"}
    for name, text in mine.items():
        (copy / name).write_bytes(text)
    drawn = redraw(copy, quiet=True)
    assert drawn.folder == copy
    assert contents(copy) == before | mine
    assert [path.name for path in copy.parent.iterdir()] == ["run"], "nothing is left beside it"


@pytest.mark.usefixtures("idle")
def test_a_copy_has_the_pages_and_the_run_stays_as_it_is(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(SHEETS, asked)
    before = contents(copy)
    out = tmp_path / "copies"
    flags = ["report", str(copy), "--out", str(out), "--tearsheets", "main", "--quiet"]
    assert main(flags) == 0
    index = out / "run" / "index.html"
    assert capsys.readouterr().out == f"{index}\n"
    after = contents(out / "run")
    sheets = {f"tearsheets/{name}" for name in
        ("buy_and_hold.html", "linear--five_percent_threshold=0.005.html",
         "naive--five_percent_threshold=0.005.html")}  # fmt: skip
    assert set(after) == set(before) | sheets
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"index.html", "manifest.json"}, "tables and figures are those of the run"
    assert contents(copy) == before
    old, new = (json.loads(files["manifest.json"]) for files in (before, after))
    assert new["config"]["tearsheets"] == "main"
    assert {name for name in old if old[name] != new[name]} == {"config", "files", "sha256"}
    assert main(flags) == 2, "a folder that is there is not written to"
    assert "is there already: use another --out" in capsys.readouterr().err


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("has", ["none", "main", "all"])
@pytest.mark.parametrize("wanted", ["none", "main", "all"])
def test_a_run_that_is_found_gets_the_tearsheets_that_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has: str, wanted: str
) -> None:
    drawn = []
    monkeypatch.setattr(redrawing, "redraw", lambda folder, **given: drawn.append(given))
    found = Finished(tmp_path, {"config": {"tearsheets": has}}, found=True)
    answer = with_tearsheets(found, wanted, 2, quiet=True)
    lacks = (has, wanted) in {("none", "main"), ("none", "all"), ("main", "all")}
    assert drawn == ([{"tearsheets": wanted, "jobs": 2, "quiet": True}] if lacks else [])
    assert lacks or answer is found


@pytest.mark.usefixtures("idle")
def test_a_table_that_was_changed_is_told_where_pages_are_drawn(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "forecasts.parquet").unlink()
    assert main(["report", str(copy), "--quiet"]) == 0
    err = capsys.readouterr().err
    assert "WARNING" in err and "forecasts.parquet is missing since the run" in err
    (tmp_path / "file").touch()
    assert main(["report", str(copy), "--out", str(tmp_path / "file")]) == 2
    assert "is not a folder: use another --out" in capsys.readouterr().err


@pytest.mark.usefixtures("idle")
def test_an_error_leaves_the_old_pages(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(copy)

    def fail(folder: Path, *rest: Any) -> None:
        (folder / "index.html").write_text("half of the ne")
        raise KeyboardInterrupt

    monkeypatch.setattr(redrawing, "write_pages", fail)
    with pytest.raises(KeyboardInterrupt):
        redraw(copy, quiet=True)
    assert contents(copy) == before
    assert [path.name for path in copy.parent.iterdir()] == ["run"]


def test_the_manifest_says_which_version_drew_the_pages(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrawing, "write_pages", lambda *given: None)
    before = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    monkeypatch.setattr("backtests.runs.code.digest_of_files", lambda side: f"newer {side}")
    redraw(copy, quiet=True)
    after = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    assert after["pages"] == before["pages"] | {"code": f"newer {PAGES}"}
    assert {name for name in before if before[name] != after[name]} == {"pages", "files", "sha256"}
    assert (after["key"], after["digest"]) == (before["key"], before["digest"])


def test_what_cannot_be_drawn_ends_with_exit_2_and_one_line(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for flags, said in (
        ([str(tmp_path / "nothing")], "is not the folder of a finished run"),
        ([str(copy), "--jobs", "0"], "--jobs is 0"),
        ([str(copy), "--out", str(copy / "copies")], "inside the run itself"),
    ):
        assert main(["report", *flags]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    del manifest["config"]["tearsheets"]
    write_manifest(copy / "manifest.json", manifest, manifest["files"])
    with pytest.raises(InputError, match="has no 'tearsheets'"):
        redraw(copy)


SMALL = (
    "--forecaster linear --strategy five_percent:threshold=0.01 --seeds 1 --shifts 20 --jobs 1 "
    "--tearsheets main --end 2018-01-01"
)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three files; one lacks a split, one is listed later."""
    folder = tmp_path_factory.mktemp("bars")
    for i, ticker in enumerate(("A.KS", "B.KS", "SPLIT.KS")):
        frame = Simulated().fetch(f"{ticker}{i}", "2015-01-01", "2018-01-01").frame
        frame["volume"] = 1e6 * (i + 1) * (1 + 0.2 * np.sin(np.arange(len(frame))))
        if ticker == "B.KS":
            frame = frame[frame.index >= "2015-06-01"]
        if ticker == "SPLIT.KS":
            columns = ["open", "high", "low", "close"]
            frame.loc[frame.index >= frame.index[600], columns] /= 5
        frame.to_csv(folder / f"{ticker}.csv")
    (folder / "caps.txt").write_text("A.KS\nB.KS\n")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [
        lambda bars: "--ticker A.KS --source simulated --start 2015-01-01",
        lambda bars: f"--ticker A.KS B.KS --data-dir {bars}",
        lambda bars: f"--universe {bars}/caps.txt --largest 1 --data-dir {bars}",
        lambda bars: f"--ticker A.KS --benchmark B.KS --data-dir {bars}",
        lambda bars: f"--ticker SPLIT.KS --as-is --data-dir {bars}",
    ],
    ids=["simulated", "several", "universe", "benchmark", "as-is"],
)
def test_any_run_is_drawn_again_byte_for_byte(
    flags: Callable[[Path], str],
    bars: Path,
    tmp_path: Path,
    whole_charts: None,
    request: pytest.FixtureRequest,
) -> None:
    from backtests.run import main as run

    words = f"{flags(bars)} {SMALL} --out {tmp_path} --json".split()
    folder = Path(json_of(run, words)["folder"])
    before = contents(folder)
    assert {name for name in pages_of(before) if "tearsheets/" in name}
    request.getfixturevalue("idle")
    redraw(folder, quiet=True)
    assert contents(folder) == before
