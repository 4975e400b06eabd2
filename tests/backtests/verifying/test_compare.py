"""What differs between a run and the same run made again is named, causes before what follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtests.jobs.saved import read_arrays
from backtests.runs.manifest import write_manifest
from backtests.sources.kept_bars import KeptRows
from backtests.verifying.again import Again
from backtests.verifying.causes import _rows_finding
from backtests.verifying.compare import compare_folders, compare_with_again
from backtests.verifying.finding import Comparison, Finding
from backtests.verifying.recorded import read_recorded
from backtests.verifying.report import to_json, to_markdown, to_text


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    write_manifest(path, manifest, manifest.get("files"))  # by somebody who knows how it is written


def compared(folder: Path, again: Again) -> Comparison:
    return compare_with_again(read_recorded(folder), again, "again")


def only(comparison: Comparison) -> Finding:
    """Return the one finding there is."""
    (finding,) = comparison.findings
    assert not comparison.same
    return finding


def test_the_same_run_is_the_same(made: Path, again: Again) -> None:
    comparison = compared(made, again)
    assert (comparison.same, comparison.findings, comparison.notes) == (True, (), ())
    manifest = json.loads((made / "manifest.json").read_text())
    assert comparison.digest == manifest["digest"]
    assert to_text(comparison).startswith(
        f"the same: {made} beside again; digest {manifest['digest'][:12]}"
    )


def test_another_code_or_library_is_named_and_leaves_the_run_the_same(
    copy: Path, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = json.loads((again.folder / "manifest.json").read_text())
    moved = manifest["versions"] | {"code": "f" * 64, "pandas": "2.3.2"}
    manifest |= {"versions": moved}
    names = again.prepared.made_of
    from backtests.runs.made_of import key_of

    key = key_of({name: manifest[name] for name in names})
    edit_manifest(copy, lambda m: m.update(versions=moved, key=key))
    comparison = compared(copy, again)
    assert comparison.same
    assert [f.kind for f in comparison.findings] == ["code", "library"]
    code, library = comparison.findings
    assert (code.before, code.after) == ("f" * 64, again.prepared.made_of["versions"]["code"])
    assert (library.where, library.before) == ("pandas", "2.3.2")
    assert "the same results, although the programs moved" in to_text(comparison)
    assert f"- pandas: 2.3.2, now {pd.__version__}" in to_text(comparison)


@pytest.mark.parametrize(
    ("change", "where", "values"),
    [
        (lambda m: m["config"].update(step=21), "step", (21, 20)),
        (lambda m: m["given"].update(cash_fraction=0.5), "cash_fraction", (0.5, 0.95)),
        (lambda m: m["config"].update(forecaster=["x/mine.py", "drift"]), "forecaster", None),
        (
            lambda m: m["walk_forward"]["settings"].update(purge=3),
            "walk_forward settings purge",
            (3, 0),
        ),
        (lambda m: m["accounts"]["A.KS"].update(cash=5), "accounts A.KS cash", (5, 100_000_000)),
    ],
)
def test_an_edited_configuration_is_named(
    copy: Path, again: Again, change: Any, where: str, values: tuple[Any, Any] | None
) -> None:
    edit_manifest(copy, change)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where) == ("configuration", where)
    assert values is None or (finding.before, finding.after) == values


def test_where_files_lie_and_how_many_processes_work_is_no_configuration(
    copy: Path, again: Again
) -> None:
    elsewhere = {"out": "x", "jobs": 7, "data_dir": "y", "ledger": "z", "keep": "bars"}
    edit_manifest(copy, lambda m: (m["config"].update(elsewhere), m["given"].update(elsewhere)))
    assert compared(copy, again).findings == ()


def test_one_weight_of_a_saved_fit_is_named(copy: Path, again: Again) -> None:
    from safetensors.numpy import save_file

    path = sorted((copy / "fits").iterdir())[1]
    arrays = read_arrays(path)
    name = max(n for n in arrays if n.startswith("weights/"))
    changed = arrays[name].copy()
    changed.flat[-1] += 0.5
    save_file({**arrays, name: changed}, path)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where, finding.count) == ("fit", f"fits/{path.name}", 1)
    assert finding.what == f"{name}, number {changed.size}"
    assert (finding.before, finding.after) == (changed.flat[-1], arrays[name].flat[-1])


def test_a_loss_is_named_with_its_fit(copy: Path, again: Again) -> None:
    path = copy / "training.parquet"
    table = pd.read_parquet(path)
    table.loc[1, "train_loss"] *= 2
    table.to_parquet(path, index=False)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.count, finding.unit) == ("fit", 1, "fit")
    assert finding.where == "rnn:epochs=1,hidden=2,lookback=2, A.KS"
    assert finding.first == f"seed 0, fold {table['fold'][1].date()}, epoch 1"
    assert finding.largest == pytest.approx(0.5)


def test_forecasts_that_were_changed_are_counted_and_the_first_is_named(
    copy: Path, again: Again
) -> None:
    path = copy / "forecasts.parquet"
    table = pd.read_parquet(path)
    rows = table.index[(table["forecaster"] == "linear:lookback=2") & table["seed"].isna()][3:5]
    old = table.loc[rows[0], "forecast"]
    table.loc[rows, "forecast"] *= [1.25, 1.001]
    table.to_parquet(path, index=False)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where) == ("forecast", "linear:lookback=2, A.KS")
    assert (finding.count, finding.edited) == (2, True)
    assert finding.first == f"{table['as_of'][rows[0]].date()}, the mean of the seeds"
    assert (finding.before, finding.after) == (old * 1.25, old)
    assert finding.largest == pytest.approx(0.2)
    assert "the file was changed after the run" in to_text(compared(copy, again))


def test_a_fill_that_was_deleted_is_named(copy: Path, again: Again) -> None:
    lines = (copy / "fills.csv").read_text().splitlines(keepends=True)
    gone = dict(zip(lines[0].strip().split(","), lines[2].strip().split(","), strict=True))
    (copy / "fills.csv").write_text("".join(lines[:2] + lines[3:]))
    finding = only(compared(copy, again))
    assert (finding.kind, finding.added, finding.count, finding.edited) == ("fill", 1, 0, True)
    assert finding.where == f"direction on {gone['forecaster']}, A.KS"
    assert gone["session"] in finding.first
    assert "1 fill is missing in the file" in to_text(compared(copy, again))


def test_a_day_of_the_equity_is_named(copy: Path, again: Again) -> None:
    path = copy / "equity.parquet"
    table = pd.read_parquet(path)
    table.loc[30, "equity"] += 1
    table.to_parquet(path, index=False)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.count, finding.what) == ("equity", 1, "equity")
    assert finding.first == str(table["session"][30].date())


def test_a_metric_is_named_in_the_manifest_and_in_the_table(copy: Path, again: Again) -> None:
    edit_manifest(copy, lambda m: m["results"][1]["metrics"].update(cagr=0.5))
    finding = only(compared(copy, again))
    assert (finding.kind, finding.what, finding.before) == ("metric", "cagr", 0.5)
    assert finding.where == "direction on linear:lookback=2, A.KS"
    edit_manifest(copy, lambda m: m["results"][1]["metrics"].update(cagr=finding.after))
    assert compared(copy, again).same
    table = pd.read_csv(copy / "metrics.csv", dtype=str, keep_default_na=False)
    table.loc[1, "mape"] = "9.9"
    table.to_csv(copy / "metrics.csv", index=False)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where, finding.what, finding.before) == (
        "metric",
        "metrics.csv",
        "mape",
        9.9,
    )


def test_what_the_manifest_says_besides_is_compared_too(copy: Path, again: Again) -> None:
    edit_manifest(copy, lambda m: m["summary"][1].update(trades=99))
    assert only(compared(copy, again)).where == "summary 2 trades"
    edit_manifest(copy, lambda m: (m["summary"][1].update(trades=1), m.update(digest="0" * 64)))
    assert {f.where for f in compared(copy, again).findings} >= {"digest"}


def test_a_key_that_does_not_fit_what_it_is_made_of_is_told(copy: Path, again: Again) -> None:
    edit_manifest(copy, lambda m: m.update(key="0" * 64))
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where) == ("manifest", "key")


def test_the_copy_of_the_bars_is_compared_with_the_bars_of_the_run(
    copy: Path, again: Again
) -> None:
    path = copy / "bars" / "A.KS.parquet"
    table = pd.read_parquet(path)
    old = table.loc[70, "close"]
    table.loc[70, "close"] += 1
    table.to_parquet(path, index=False)
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where, finding.count) == ("bars", "A.KS", 1)
    assert (finding.what, finding.before, finding.after) == ("close", old, old + 1)
    assert finding.first == str(table["session"][70])[:10]


def test_a_file_is_held_to_its_sha256_where_the_manifest_has_one(copy: Path, again: Again) -> None:
    page, told = "index.html", {"size": 3, "sha256": "0" * 64}
    edit_manifest(copy, lambda m: m.update(files=dict.fromkeys((page, "gone.html", "../x"), told)))
    findings = compared(copy, again).findings
    assert [(f.kind, f.where, f.note) for f in findings] == [
        ("file", page, "was changed"), ("file", "gone.html", "is missing"),
        ("file", "../x", "is no file of the folder"),
    ]  # fmt: skip


def test_on_another_engine_small_differences_count_as_none_and_are_told(
    copy: Path, again: Again
) -> None:
    path = copy / "forecasts.parquet"
    table = pd.read_parquet(path)
    table["forecast"] *= 1 + 1e-5
    table.to_parquet(path, index=False)
    assert not compared(copy, again).same
    edit_manifest(copy, lambda m: m["machine"].update(processor="another"))
    written = json.loads((copy / "manifest.json").read_text())
    write_manifest(copy / "manifest.json", written)  # this file is as its run left it
    comparison = compared(copy, again)
    assert comparison.same
    assert [f.kind for f in comparison.findings] == ["engine"]
    assert "another engine or another kind of processor trained" in comparison.notes[0]
    assert any("40 of 40 forecasts differ, by at most 1e-05" in note for note in comparison.notes)
    table["forecast"] *= 1.5
    table.to_parquet(path, index=False)
    assert "forecast" in {f.kind for f in compared(copy, again).findings}


def test_two_folders_are_compared_without_running_anything(made: Path, copy: Path) -> None:
    assert compare_folders(read_recorded(made), read_recorded(copy)).findings == ()
    edit_manifest(copy, lambda m: (m["config"].update(step=21), m["versions"].update(numpy="1.0")))
    lines = (copy / "fills.csv").read_text().splitlines(keepends=True)
    (copy / "fills.csv").write_text("".join(lines[:-1]))
    comparison = compare_folders(read_recorded(made), read_recorded(copy))
    assert [f.kind for f in comparison.findings] == ["library", "configuration", "fill"]


def test_a_comparison_is_json_and_markdown(copy: Path, again: Again) -> None:
    edit_manifest(copy, lambda m: m["config"].update(step=21))
    comparison = compared(copy, again)
    shown = json.loads(json.dumps(to_json(comparison), allow_nan=False))
    assert (shown["same"], shown["findings"][0]["sentence"]) == (False, "step: 21, now 20")
    page = to_markdown(comparison)
    assert (
        page.startswith("## ❌ Backtest: different\n")
        and "\n### Configuration\n- step: 21, now 20\n" in page
    )
    assert not json.dumps(
        to_json(Comparison("a", "b", (Finding("fit", "x", largest=np.inf),)))
    ).count("Infinity")


@pytest.mark.slow
def test_two_grids_are_compared(home: Path, tmp_path: Path) -> None:
    from backtests.grid import main

    flags = f"--ticker A.KS --data-dir {home / 'bars'} --start 2016-01-01 --end 2016-05-21 --features ohlcv --quiet"
    flags += " --forecaster linear --cross lookback=2,3 --jobs 1 --split 70:30"
    folders = []
    for name, more in (("a", ""), ("b", ""), ("c", " --purge 1")):
        assert main([*flags.split(), *more.split(), "--out", str(tmp_path / name)]) == 0
        folders.append(read_recorded(next((tmp_path / name).iterdir())))
    assert compare_folders(folders[0], folders[1]).findings == ()
    kinds = [f.kind for f in compare_folders(folders[0], folders[2]).findings]
    assert kinds[0] == "configuration" and {"forecast", "metric"} <= set(kinds)


def test_a_manifest_that_was_edited_where_nothing_else_shows_it_is_named(
    made: Path, copy: Path, again: Again
) -> None:
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["verdict"]["A.KS"] = "every network is better"
    path.write_text(json.dumps(manifest))
    finding = only(compared(copy, again))
    assert (finding.kind, finding.where, finding.note) == ("file", "manifest.json", "was changed")
    finding = only(compare_folders(read_recorded(made), read_recorded(copy)))
    assert finding.where == f"{copy}/manifest.json"


def test_a_damaged_file_of_either_folder_is_named(made: Path, copy: Path) -> None:
    (copy / "index.html").write_text("another page")
    for folders, where in (((made, copy), f"{copy}/index.html"), ((copy, made), "index.html")):
        finding = only(compare_folders(*map(read_recorded, folders)))
        assert (finding.kind, finding.where) == ("file", where)


def test_other_words_on_a_page_are_no_other_result(copy: Path, again: Again) -> None:
    def reword(manifest: dict[str, Any]) -> None:
        judged = manifest["judgement"]["A.KS"]
        judged["headline"] = "said in other words"
        judged["rules"][0]["sentence"] = "said in other words"
        manifest["findings"] = {}

    edit_manifest(copy, reword)
    assert compared(copy, again).same
    edit_manifest(copy, lambda m: m["judgement"]["A.KS"]["rules"][0].update(word="timed"))
    finding = only(compared(copy, again))
    assert (finding.kind, finding.before) == ("verdict", "timed")
    assert finding.where == "direction on linear:lookback=2, A.KS"


def test_zero_below_zero_is_another_bit(copy: Path) -> None:
    first = read_recorded(copy).kept()[0].rows
    assert first is not None
    columns = {name: values.copy() for name, values in first.columns.items()}
    columns["volume"][3] = -0.0
    zero = {name: values.copy() for name, values in first.columns.items()}
    zero["volume"][3] = 0.0
    finding = _rows_finding(
        "A.KS", KeptRows(first.sessions, zero, None), KeptRows(first.sessions, columns, None)
    )
    assert (finding.count, finding.what) == (1, "volume")


def test_what_a_foreign_folder_says_reaches_the_terminal_as_escapes(
    copy: Path, again: Again
) -> None:
    edit_manifest(copy, lambda m: m["versions"].update(pandas="\x1b[2J"))
    assert "\x1b" not in to_text(compared(copy, again))
    assert "\\x1b[2J" in to_text(compared(copy, again))
