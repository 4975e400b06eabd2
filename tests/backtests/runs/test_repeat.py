"""Same inputs, same key and digest; a run is found, resumed and never overwritten."""

import json
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from backtests.run import main
from backtests.runs.manifest import write_manifest
from tests.backtests.example_runs import (
    SMALL,
    TINY,
    interrupt_after,
    interrupted,
    json_of,
    run,
    without,
)

#: The same values as some of the flags of SMALL, from a file, in another order.
CONFIG = "seeds = 2\nend = 2018-01-01\nstart = 2015-01-01\n"
IN_FILE = ("--seeds", "--end", "--start")
TINY_RNN = TINY[TINY.index("--forecaster") + 1]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return what the tiny run printed with --json."""
    return json_of(main, [*TINY, "--out", str(tmp_path_factory.mktemp("tiny")), "--json"])


@pytest.mark.parametrize(
    "other",
    [
        ["--jobs", "2"],
        ["--out", "elsewhere/deep"],
        ["--config", "run.toml"],
    ],
)
@pytest.mark.slow
def test_the_same_key_and_digest_whatever_cannot_matter(
    finished, tmp_path, monkeypatch, capsys, other
):
    _, printed = finished
    monkeypatch.chdir(tmp_path)
    sheets = [] if "--jobs" in other else ["--tearsheets", "main"]  # a page each takes a second
    flags = [*SMALL, *sheets]
    if "--config" in other:
        (tmp_path / "run.toml").write_text(CONFIG + 'tearsheets = "main"\n')
        flags = without(flags, (*IN_FILE, "--tearsheets"))
    code, again = run(capsys, *other, flags=flags)
    assert code == 0
    assert again["found"] is False
    assert again["digest"] == printed["digest"]
    assert again["key"] == printed["key"], "the key does not know which pages were asked for"
    if sheets:  # Workers of an earlier run may still stand in another folder.
        pages = list((Path(again["folder"]) / "tearsheets").iterdir())
        assert len(pages) == 4
        assert pages[0].resolve().is_relative_to(tmp_path)


def test_a_run_whose_pages_other_code_drew_says_how_to_draw_them_again(finished, tmp_path, capsys):
    folder, _ = finished
    copy = Path(shutil.copytree(folder, tmp_path / folder.name))
    flags = [*SMALL, "--tearsheets", "none", "--out", str(tmp_path), "--jobs", "1", "--quiet"]
    assert main(flags) == 0
    assert "draws them again" not in capsys.readouterr().err
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["pages"]["code"] = "0" * 64
    write_manifest(copy / "manifest.json", manifest)
    assert main(flags) == 0
    out, err = capsys.readouterr()
    assert out == f"{copy / 'index.html'}\n", "the run is found as it is"
    assert f"this one draws them again with\n  {sys.executable} -m backtests.report {copy}\n" in err


def test_another_seed_is_another_run(tiny, tmp_path, capsys):
    code, other = run(capsys, "--out", tmp_path, "--seed", 5, flags=TINY)
    assert code == 0
    assert other["key"] != tiny["key"] and other["digest"] != tiny["digest"]


def test_a_finished_run_is_found_not_run_again(finished, capsys):
    folder, printed = finished
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    code, again = run(capsys, "--tearsheets", "main", "--out", folder.parent, "--jobs", 2)
    assert (code, again["found"]) == (0, True)
    assert again["digest"] == printed["digest"]
    assert again["summary"] == printed["summary"]
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


@pytest.mark.parametrize(
    "same",
    [
        ["--config", "run.toml"],
        ["--jobs", "2"],
        ["--engine", "auto"],
        ["--market", "krx"],
        ["--cash", "100000000"],
        ["--strategy", "five_percent:exit=entry"],
        ["--forecaster", *SMALL[10:11], *SMALL[9:10]],
    ],
    ids=str,
)
def test_the_key_is_of_what_the_flags_mean_not_of_how_they_are_written(tmp_path, monkeypatch, same):
    """A default written out is the default; the order of names is no part of a run."""
    from backtests.command.flags import from_arguments
    from backtests.run import make_parser
    from backtests.runs.resolve import make_broker, make_plan

    def made_of(flags):
        config = from_arguments(make_parser().parse_args(flags))
        described = make_plan(config).described
        described["strategies"] = {
            label.partition(":")[0]: value for label, value in described["strategies"].items()
        }
        return described, make_broker(config, "051900.KS")

    monkeypatch.chdir(tmp_path)
    flags = without(SMALL, IN_FILE) if "--config" in same else SMALL
    (tmp_path / "run.toml").write_text(CONFIG)
    assert made_of([*flags, *same]) == made_of(SMALL)


def test_the_manifest_holds_every_value_resolved(finished):
    manifest = json.loads((finished[0] / "manifest.json").read_text())
    account = manifest["accounts"]["051900.KS"]
    assert (account["cash"], account["costs"]["commission_bps"]) == (100_000_000, 1.5)
    assert account["costs"]["market"]["tax"][1][:2] == ["2019-05-30", 0.0025]
    assert manifest["strategies"]["five_percent"]["settings"]["threshold"] == 0.01
    assert manifest["strategies"]["five_percent"]["settings"]["max_hold"] is None
    assert manifest["walk_forward"]["settings"]["train_size"] == 504
    rnn = manifest["forecasters"]["rnn:epochs=2,hidden=4,lookback=5,target=return"]
    assert rnn["settings"]["batch_size"] == 64
    assert set(manifest["results"][0]["sha256"]) == {"equity", "fills"}


def test_a_plugin_that_changed_is_another_run_also_in_a_module_beside_it(tmp_path, monkeypatch):
    from backtests.plugins import FORECASTERS, load, parse, provenance

    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "helping_module.py").write_text("VALUE = 1\n")
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from helping_module import VALUE\nfrom forecasters.models.rnn import RNN\nclass Mine(RNN): pass\n"
    )
    first = provenance(load(FORECASTERS, parse(str(mine))))
    (tmp_path / "helping_module.py").write_text("VALUE = 2\n")
    second = provenance(load(FORECASTERS, parse(str(mine))))
    mine.write_text(mine.read_text() + "# changed\n")
    third = provenance(load(FORECASTERS, parse(str(mine))))
    assert len({first, second, third}) == 3
    assert provenance(load(FORECASTERS, parse("rnn"))) is None


def test_a_plugin_that_remembers_or_solves_gives_the_same_digest_on_any_number_of_jobs(
    tmp_path, capsys
):
    """One process must not carry a fit's state into the next, nor give BLAS more threads."""
    (tmp_path / "solver.py").write_text(
        "from dataclasses import dataclass, field\nimport numpy as np\n"
        "from forecasters.base import Forecaster\n"
        "@dataclass(kw_only=True)\n"
        "class Solver(Forecaster):\n"
        "    lookback: int = 60\n"
        "    memory: list = field(default_factory=list)\n"
        "    def fit(self, windows, validation, rng):\n"
        "        self.memory.append(len(windows))\n"
        "        X = windows.X.reshape(len(windows), -1)\n"
        "        self.w_ = np.linalg.solve(X.T @ X + np.eye(X.shape[1]), X.T @ windows.y)\n"
        "        self.w_ += 1e-3 * len(self.memory)\n"
        "        return self\n"
        "    def predict(self, windows):\n"
        "        return np.array([x.ravel() @ self.w_ for x in windows.X])\n"
    )
    printed = []
    for jobs in (1, 2):
        code, made = run(
            capsys,
            *("--forecaster", tmp_path / "solver.py", TINY_RNN, "--jobs", jobs, "--shifts", 5),
            *("--out", tmp_path / str(jobs), "--strategy", "five_percent", "--threshold", 0.01),
            flags=TINY,
        )
        assert (code, made["found"]) == (0, False)
        printed.append((made["key"], made["digest"]))
    assert printed[0] == printed[1]


def test_what_the_user_put_in_the_way_is_not_overwritten(finished, tmp_path, capsys):
    folder, _ = finished
    (tmp_path / folder.name).mkdir()
    (tmp_path / folder.name / "mine.txt").write_text("precious")
    code = main([*SMALL, "--tearsheets", "main", "--out", str(tmp_path)])
    assert code == 2
    assert "in the way" in capsys.readouterr().err
    assert (tmp_path / folder.name / "mine.txt").read_text() == "precious"


def test_interrupted_it_says_how_to_go_on_and_goes_on_to_the_same_digest(tiny, tmp_path, capsys):
    flags = [*TINY, "--out", str(tmp_path)]
    code, err = interrupted("run", flags)
    assert code == 130
    assert "go on with" in err and "backtests.run --ticker 051900.KS" in err
    (kept,) = Path(os.environ["BACKTESTS_STORE"]).rglob("*.safetensors")
    kept.write_bytes(kept.read_bytes()[:100])  # a truncated file is trained again
    code, again = run(capsys, flags=flags)
    assert (code, again["digest"]) == (0, tiny["digest"])


@pytest.mark.slow
def test_interrupted_it_goes_on_with_the_forecasters_named_in_another_order(
    tmp_path, monkeypatch, capsys, finished
):
    """The key does not know their order, so no fit of one may be taken for a fit of another."""
    _, printed = finished
    at = SMALL.index("--forecaster") + 1
    other = [*SMALL[:at], SMALL[at + 1], SMALL[at], *SMALL[at + 2 :]]
    flags = ["--tearsheets", "main", "--out", str(tmp_path), "--jobs", "1"]
    with monkeypatch.context() as patch:
        interrupt_after(patch, 12)
        assert main([*SMALL, *flags, "--quiet"]) == 130
    capsys.readouterr()
    code, again = run(capsys, *flags, flags=other)
    assert code == 0
    assert (again["key"], again["digest"]) == (printed["key"], printed["digest"])


def test_a_bar_that_comes_later_changes_no_order_that_was_decided_before(tmp_path, capsys):
    """Cut off at a day and run again: every forecast and order up to that day is the same."""
    runs = {}
    for end in ("2016-06-01", "2016-04-20"):  # the second ends in the second fold
        code, printed = run(capsys, "--end", end, "--out", tmp_path, flags=TINY)
        assert code == 0
        folder = Path(printed["folder"])
        forecasts = pd.read_parquet(folder / "forecasts.parquet").drop(columns=["target", "actual"])
        fills = pd.read_csv(folder / "fills.csv")
        runs[end] = (
            forecasts[forecasts["as_of"] < "2016-04-20"].reset_index(drop=True),
            fills[fills["session"] < "2016-04-20"].reset_index(drop=True),
        )
        shutil.rmtree(folder)
    (longer, longer_fills), (shorter, shorter_fills) = runs.values()
    assert len(longer_fills) >= 5
    pd.testing.assert_frame_equal(longer, shorter, check_exact=True)
    pd.testing.assert_frame_equal(longer_fills, shorter_fills, check_exact=True)
