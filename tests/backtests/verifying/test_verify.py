"""A run is made again from its folder alone, or on other bars; what is missing is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.runs.runner import run
from backtests.verifying.again import run_again
from backtests.verifying.finding import Comparison
from backtests.verifying.fits import fits_for
from backtests.verifying.recorded import read_recorded
from backtests.verifying.report import to_text
from backtests.verifying.update import replace_folder
from backtests.verifying.verify import verified
from forecasters.errors import InputError
from forecasters.walk_forward.fit import Fit
from tests.backtests.verifying.conftest import config, write_bars

MINE = "from dataclasses import dataclass\nfrom forecasters.models.drift import Drift\n\n\n@dataclass(kw_only=True)\n"


@pytest.fixture(scope="session")
def rich_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return where a run with extra inputs, a benchmark and a user's forecaster was made, and its folder."""
    home = tmp_path_factory.mktemp("rich")
    for seed, ticker in enumerate(("A.KS", "I.KS")):
        write_bars(home / "bars", ticker, seed)
    days = np.busday_offset("2016-01-04", np.arange(100))
    lines = [f"{day},{day},{number % 7}" for number, day in enumerate(days)]
    (home / "mood.csv").write_text("\n".join(["date,known_at,mood", *lines]) + "\n")
    (home / "mine.py").write_text(f"{MINE}class Mine(Drift):\n    pass\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        given = config(
            home, forecaster=("./mine.py",), extra=("mood.csv",), benchmark="I.KS", out="runs", data_dir="bars",
            ledger="trials.jsonl",
        )  # fmt: skip
        return home, str(run(given, quiet=True).folder.relative_to(home))


@pytest.fixture
def rich(rich_home: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of that run, seen from a copy of the folder in which it was made."""
    shutil.copytree(rich_home[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Path(rich_home[1])


def comparison_of(folder: Path, data_dir: Path | None = None) -> Comparison:
    with verified(folder, None if data_dir is None else str(data_dir), jobs=1, quiet=True) as made:
        return made.comparison


def change_close(path: Path, row: int, by: float = 1) -> str:
    """Change a close in a kept file of bars; return its day."""
    table = pd.read_parquet(path)
    table.loc[row, "close"] += by
    table.to_parquet(path, index=False)
    return str(table["session"][row])[:10]


def change_csv(path: Path, row: int) -> str:
    rows = path.read_text().splitlines()
    cells = rows[row].split(",")
    cells[4] = str(int(cells[4]) + 1)
    rows[row] = ",".join(cells)
    path.write_text("\n".join(rows))
    return cells[0]


def test_a_won_in_the_kept_bars_is_named_with_its_day_and_what_follows(
    copy: Path, home: Path
) -> None:
    """The day is one of training: no forecast knows its close, the parity of the copy does."""
    ledger = copy.parent / "new.jsonl"  # nothing is known there, so every trial would be new
    manifest = (copy / "manifest.json").read_text()
    known = json.dumps(str(home / "trials.jsonl"))
    (copy / "manifest.json").write_text(manifest.replace(known, json.dumps(str(ledger))))
    before = {p: p.read_bytes() for p in copy.rglob("*.*")}
    day = change_close(copy / "bars" / "A.KS.parquet", 30)
    comparison = comparison_of(copy)
    bars, *others = comparison.findings
    assert (bars.kind, bars.first, bars.count, bars.of, bars.what) == ("bars", day, 1, 100, "close")
    assert bars.after - bars.before == 1
    kinds = [f.kind for f in others]
    assert kinds == sorted(
        kinds, key=["fit", "forecast", "fill", "equity", "metric", "table"].index
    )
    assert {"fit", "forecast", "metric"} <= set(kinds) and not comparison.same
    forecasts = next(f for f in others if f.kind == "forecast")
    assert forecasts.where == "linear:lookback=2, A.KS" and forecasts.count == forecasts.of
    assert known in manifest and not ledger.exists(), "a check is no new look"
    after = {p: p.read_bytes() for p in copy.rglob("*.*")}
    changed = [p.name for p in before | after if before.get(p) != after.get(p)]
    assert changed == ["A.KS.parquet"], "the folder is only read"


def test_bars_that_are_none_any_more_are_named_and_not_run(copy: Path) -> None:
    day = change_close(copy / "bars" / "A.KS.parquet", 40, by=-1e9)
    with verified(copy, quiet=True) as made:
        assert made.again is None
    (finding,) = made.comparison.findings
    assert (finding.kind, finding.first, finding.count) == ("bars", day, 1)
    text = to_text(made.comparison)
    assert "a price of zero or less" in text and "was not made again" in text


def test_a_won_in_the_files_of_data_dir_is_named(made: Path, home: Path, tmp_path: Path) -> None:
    bars = tmp_path / "other"
    shutil.copytree(home / "bars", bars)
    day = change_csv(bars / "A.KS.csv", 85)
    first, *others = comparison_of(made, bars).findings
    assert (first.kind, first.where, first.first, first.count) == ("bars", "A.KS", day, 1)
    assert first.after - first.before == 1 and others


def test_a_run_is_made_again_from_its_folder_alone(rich: Path, tmp_path: Path) -> None:
    """Bars, benchmark and extra inputs come from the folder; a user's file is needed where it was."""
    for name in ("bars", "mood.csv"):
        (tmp_path / name).rename(tmp_path / f"gone-{name}")
    assert comparison_of(rich).findings == ()
    (tmp_path / "mine.py").write_text(f"{MINE}class Mine(Drift):\n    pass  # changed\n")
    comparison = comparison_of(rich)
    assert comparison.same and {f.kind for f in comparison.findings} == {"code"}
    assert "code mine.py: sha256 " in to_text(comparison)
    (tmp_path / "mine.py").unlink()
    with pytest.raises(
        InputError,
        match=r"needs your file \./mine\.py, which is not here: read its copy .*mine\.py",
    ):
        comparison_of(rich)


def test_an_extra_input_that_was_changed_is_named(rich: Path) -> None:
    path = rich / "made_of" / "extra-1" / "mood.csv"
    path.write_text(path.read_text().replace(",3\n", ",4\n"))
    first, *_ = comparison_of(rich).findings
    assert (first.kind, first.where) == ("input", "extra mood.csv")


@pytest.mark.slow
def test_a_universe_with_a_fault_and_several_tickers_are_made_again(
    rich: Path, tmp_path: Path
) -> None:
    (tmp_path / "some.txt").write_text("A.KS\nI.KS\n")
    universe = config(
        tmp_path,
        ticker=(),
        universe="some.txt",
        out="more",
        forecaster=("drift",),
        strategy=("rank:k=1",),
    )
    several = config(tmp_path, ticker=("A.KS", "I.KS"), forecaster=("drift",), out="more")
    faulty = tmp_path / "bars" / "I.KS.csv"
    folder = run(several, quiet=True).folder
    assert comparison_of(folder).findings == ()
    rows = faulty.read_text().splitlines()
    rows[95] = f"{rows[95].partition(',')[0]},5,4,6,5,100"
    faulty.write_text("\n".join(rows))
    with pytest.warns(match="is used up to"):
        folder = run(universe, quiet=True).folder
    (tmp_path / "some.txt").unlink()
    with pytest.warns(match="is used up to"):
        assert comparison_of(folder).findings == ()


def test_an_update_puts_the_new_run_in_its_place_and_keeps_the_old_one(
    copy: Path, again: Any
) -> None:
    (copy / "fills.csv").write_text("mine\n")
    kept = replace_folder(copy, again, quiet=True)
    assert kept == copy.with_name(f"{copy.name}.before-1")
    assert (kept / "fills.csv").read_text() == "mine\n"
    assert (copy / "index.html").stat().st_size > 1000
    from backtests.verifying.compare import compare_with_again

    assert compare_with_again(read_recorded(copy), again, "").findings == ()
    assert sorted(p.name for p in copy.parent.iterdir()) == [copy.name, kept.name]


def broken(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        for name, value in changes.items():
            manifest.pop(name) if value is None else manifest.update({name: value})

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (broken(schema=7), "has schema 7, this version reads 1"),
        (broken(key=None), "key is missing"),
        (broken(given=None), "an earlier version made this run"),
        (broken(inputs=None), "does not say what the run was made of"),
        (broken(inputs={"bars": [{}], "files": []}), "does not say what the run was made of"),
        (broken(results={"a": 1}), "results is .*, not a list"),
        (broken(versions=[1]), "versions is .1., not an object"),
        (broken(kind="grid"), "is a grid: only a run is made again"),
        (lambda m: m["given"].update(step="x"), "'given' in its manifest has step 'x'"),
        (lambda m: m["given"].update(rank=1), "'given' in its manifest has rank 1"),
        (lambda m: m["given"].update(forecaster=["no_such"]), "cannot be made again here: no forecaster 'no_such'"),
        (lambda m: m["inputs"]["bars"][0].update(file=None), "keeps no bars of A.KS: add --data-dir "),
        (lambda m: m["inputs"]["bars"][0].update(file="../x"), "which is not inside it"),
        (lambda m: m["inputs"]["bars"][0].update(file="bars/no"), "there is no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said(copy: Path, change: Any, words: str) -> None:
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        comparison_of(copy)


def test_a_folder_that_is_no_run_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a finished run"):
        comparison_of(tmp_path)
    (tmp_path / "manifest.json").write_text('{"key": ')
    with pytest.raises(InputError, match="is not usable JSON"):
        comparison_of(tmp_path)


def test_stored_fits_are_read_and_none_is_trained(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fit: Fit) -> None:
        raise AssertionError("a fit was trained")

    monkeypatch.setattr(Fit, "learn", refuse)
    with verified(made, stored=True, quiet=True) as found:
        assert found.comparison.same
    with pytest.raises(InputError, match="are not in the store"):
        run_again(read_recorded(made), fits_for(True, str(tmp_path)), tmp_path, jobs=1, quiet=True)


def test_other_bars_need_no_copy_in_the_folder(copy: Path, home: Path) -> None:
    (copy / "bars" / "A.KS.parquet").unlink()
    with pytest.raises(InputError, match=r"there is no such file.*--data-dir"):
        comparison_of(copy)
    findings = comparison_of(copy, home / "bars").findings
    assert [(f.kind, f.where, f.note) for f in findings] == [
        ("file", "bars/A.KS.parquet", "is missing")
    ]
