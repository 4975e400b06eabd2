"""The main job as a user runs it, on small networks and simulated bars."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.run import main

SMALL = (
    "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2018-01-01 "
    "--forecaster rnn:hidden=8,epochs=10,learning_rate=0.01,lookback=5 "
    "rnn:hidden=4,epochs=2,lookback=5,target=return "
    "--seeds 2 --tearsheets none --threshold 0.01"
).split()


def run(capsys, *extra, flags=SMALL):
    code = main([*flags, *map(str, extra), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder of one small run with its tearsheets, and what --json printed."""
    out = tmp_path_factory.mktemp("runs")
    flags = [*SMALL, "--tearsheets", "main", "--out", str(out), "--jobs", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "backtests.run", *flags], capture_output=True, text=True, check=True
    )
    printed = json.loads(done.stdout)
    return Path(printed["folder"]), printed


def test_the_run_folder_holds_what_is_promised(finished):
    folder, printed = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == f"051900.KS-{manifest['key'][:8]}"
    assert (printed["key"], printed["digest"]) == (manifest["key"], manifest["digest"])
    for name in (
        "schema",
        "config",
        "data",
        "versions",
        "folds",
        "seeds",
        "results",
        "forecast_metrics",
    ):
        assert manifest[name], name
    assert manifest["config"]["step"] == 126  # defaults too
    for name in ("forecasts.parquet", "equity.parquet", "fills.csv", "trades.csv", "metrics.csv"):
        assert (folder / name).stat().st_size > 0
    assert {p.suffix for p in (folder / "figures").iterdir()} == {".svg", ".png"}
    sheets = sorted(p.stem for p in (folder / "tearsheets").iterdir())
    assert len(sheets) == 4  # naive, two networks, and buy_and_hold once
    assert "buy_and_hold" in sheets
    assert not list(folder.parent.glob(".*")), "nothing is left beside a finished run"


def test_what_is_simulated_is_called_simulated_everywhere(finished):
    folder, printed = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert printed["simulated"] is True
    assert [entry["simulated"] for entry in manifest["data"]] == [True]
    assert all(row["simulated"] is True for row in printed["summary"])
    assert set(pd.read_csv(folder / "metrics.csv")["simulated"]) == {True}
    for page in (folder / "index.html", *(folder / "tearsheets").iterdir()):
        title = page.read_text(encoding="utf-8").partition("<title>")[2].partition("</title>")[0]
        assert "SIMULATED" in title, page.name


def test_tables_agree_with_each_other_and_with_the_rule(finished):
    folder, _ = finished
    forecasts = pd.read_parquet(folder / "forecasts.parquet")
    assert list(forecasts.columns) == [
        "ticker", "forecaster", "seed", "fold", "as_of", "target", "close", "forecast", "actual",
    ]  # fmt: skip
    assert (forecasts["as_of"] < forecasts["target"].fillna(pd.Timestamp.max)).all()
    rnn = forecasts[
        forecasts["forecaster"] == "rnn:epochs=10,hidden=8,learning_rate=0.01,lookback=5"
    ]
    by_seed = rnn[rnn["seed"].notna()].pivot(index="as_of", columns="seed", values="forecast")
    mean = rnn[rnn["seed"].isna()].set_index("as_of")["forecast"]
    assert list(by_seed.columns) == [0, 1]
    assert np.allclose(by_seed.mean(axis=1), mean, rtol=1e-12)
    assert not np.allclose(by_seed[0], by_seed[1])
    naive = forecasts[forecasts["forecaster"] == "naive"]
    assert (naive["forecast"] == naive["close"]).all()

    equity = pd.read_parquet(folder / "equity.parquet")
    sessions = equity.groupby(["forecaster", "strategy"], dropna=False)["session"].agg(
        ["min", "max", "size"]
    )
    assert len(sessions) == 4
    assert sessions.nunique().tolist() == [1, 1, 1], "every account covers the same sessions"
    assert str(sessions["min"].iloc[0])[:10] == str(naive["as_of"].iloc[0])[:10]

    with (folder / "fills.csv").open(encoding="utf-8") as file:
        fills = list(csv.DictReader(file))
    calls = {
        (f, str(day)[:10]): (c, x)
        for f, day, c, x in rnn[rnn["seed"].isna()][
            ["forecaster", "as_of", "close", "forecast"]
        ].itertuples(index=False)
    }
    buys = [f for f in fills if f["side"] == "buy" and (f["forecaster"], f["decided"]) in calls]
    assert buys, "at 1% this network trades; else this test shows nothing"
    for fill in buys:
        close, forecast = calls[fill["forecaster"], fill["decided"]]
        assert forecast >= 1.01 * close
        assert fill["decided"] < fill["session"]


@pytest.mark.parametrize(
    "other",
    [
        ["--jobs", "2"],
        ["--out", "elsewhere/deep"],
        ["--config", "run.toml"],
    ],
)
def test_the_same_key_and_digest_whatever_cannot_matter(
    finished, tmp_path, monkeypatch, capsys, other
):
    _, printed = finished
    monkeypatch.chdir(tmp_path)
    flags = [*SMALL, "--tearsheets", "main"]
    if "--config" in other:  # the same values from a file, in another order
        (tmp_path / "run.toml").write_text(
            'tearsheets = "main"\nseeds = 2\nend = 2018-01-01\nstart = 2015-01-01\n'
        )
        dropped = {"--seeds", "--end", "--start", "--tearsheets"}
        pairs = list(zip(flags, [*flags[1:], ""], strict=True))
        skip = {i for i, (flag, _) in enumerate(pairs) if flag in dropped}
        flags = [flag for i, flag in enumerate(flags) if i not in skip and i - 1 not in skip]
    code, again = run(capsys, *other, flags=flags)
    assert code == 0
    assert again["found"] is False
    assert (again["key"], again["digest"]) == (printed["key"], printed["digest"])


def test_another_seed_or_threshold_is_another_run(finished, tmp_path, capsys):
    _, printed = finished
    code, other = run(capsys, "--out", tmp_path, "--seed", 5, "--jobs", 1)
    assert code == 0
    assert other["key"] != printed["key"] and other["digest"] != printed["digest"]


def test_a_finished_run_is_found_not_run_again(finished, capsys):
    folder, printed = finished
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    began = time.monotonic()
    code, again = run(capsys, "--tearsheets", "main", "--out", folder.parent, "--jobs", 2)
    assert (code, again["found"]) == (0, True)
    assert again["digest"] == printed["digest"]
    assert again["summary"] == printed["summary"]
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "same",
    [
        ["--engine", "torch"],
        ["--market", "krx"],
        ["--cash", "100000000"],
        ["--strategy", "five_percent:exit=entry"],
        ["--forecaster", *SMALL[10:11], *SMALL[9:10]],
    ],
    ids=str,
)
def test_the_key_is_of_what_the_flags_mean_not_of_how_they_are_written(finished, same):
    """A default written out is the default; the order of names is no part of a run."""
    from backtests.config import from_arguments
    from backtests.resolve import make_broker, make_plan
    from backtests.run import make_parser

    def made_of(flags):
        config = from_arguments(make_parser().parse_args(flags))
        described = make_plan(config).described
        described["strategies"] = {
            label.partition(":")[0]: value for label, value in described["strategies"].items()
        }
        return described, make_broker(config, "051900.KS")

    assert made_of([*SMALL, *same]) == made_of(SMALL)


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


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["naive.py"], "rename the file"),
        (["a/mine.py", "b/mine.py"], "two things are called 'mine'"),
    ],
)
def test_two_things_never_share_a_name(tmp_path, capsys, names, words):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            "from forecasters.models.rnn import RNN\nclass Mine(RNN): pass\n"
        )
    files = [str(tmp_path / name) for name in names]
    assert main([*SMALL, "--out", str(tmp_path / "runs"), "--forecaster", "rnn", *files]) == 2
    assert words in capsys.readouterr().err


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
    digests = set()
    for jobs in (1, 2):
        code, printed = run(
            capsys,
            *("--forecaster", tmp_path / "solver.py", "--jobs", jobs),
            *("--out", tmp_path / str(jobs), "--threshold", 0.05),
        )
        assert code == 0
        digests.add(printed["digest"])
    assert len(digests) == 1


def test_an_error_in_the_users_file_shows_where_and_does_not_blame_us(tmp_path, capsys):
    (tmp_path / "broken.py").write_text(
        "from dataclasses import dataclass\nfrom forecasters.base import Forecaster\n"
        "@dataclass(kw_only=True)\nclass Broken(Forecaster):\n"
        "    def fit(self, windows, validation, rng):\n        return {}['no such key']\n"
        "    def predict(self, windows):\n        return windows.y\n"
    )
    for jobs in ("1", "2"):
        flags = [*SMALL, "--forecaster", str(tmp_path / "broken.py"), "--jobs", jobs]
        assert main([*flags, "--threshold", "0.05", "--out", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert "no such key" in err and "in your file" in err and "broken.py" in err


def test_an_out_that_cannot_be_written_is_bad_input(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*SMALL, "--out", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err


def test_a_file_that_ends_before_what_was_asked_is_said(tmp_path, capsys):
    from backtests.data.simulated import Simulated

    frame = Simulated().fetch("051900.KS", "2014-01-01", "2016-12-01").frame
    frame.to_csv(tmp_path / "A.KS.csv")
    flags = "--ticker A.KS --end 2018-01-01 --forecaster naive --tearsheets none".split()
    assert main([*flags, "--data-dir", str(tmp_path), "--out", str(tmp_path / "runs")]) == 0
    err = capsys.readouterr().err
    assert "WARNING: A.KS: the file holds 2014-01-02 to 2016-11-30" in err


def test_what_the_user_put_in_the_way_is_not_overwritten(finished, tmp_path, capsys):
    folder, _ = finished
    (tmp_path / folder.name).mkdir()
    (tmp_path / folder.name / "mine.txt").write_text("precious")
    code = main([*SMALL, "--tearsheets", "main", "--out", str(tmp_path)])
    assert code == 2
    assert "in the way" in capsys.readouterr().err
    assert (tmp_path / folder.name / "mine.txt").read_text() == "precious"


def test_interrupted_it_says_how_to_go_on_and_goes_on_to_the_same_digest(finished, tmp_path):
    _, printed = finished
    flags = [*SMALL, "--tearsheets", "main", "--out", str(tmp_path), "--jobs", "1"]
    command = [sys.executable, "-m", "backtests.run", *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    give_up = time.monotonic() + 60
    while not list(tmp_path.glob(".*.part/fits/0*.npz")) and time.monotonic() < give_up:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "go on with" in err and "backtests.run --ticker 051900.KS" in err
    kept = list(tmp_path.glob(".*.part/fits/0*.npz"))
    assert kept
    kept[0].write_bytes(kept[0].read_bytes()[:100])  # a truncated file is trained again
    again = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["digest"] == printed["digest"]


def test_several_tickers_get_a_folder_each_and_a_page_over_all(tmp_path, capsys):
    flags = [*SMALL, "--ticker", "051900.KS", "005930.KS", "--out", str(tmp_path), "--jobs", "1"]
    code, printed = run(capsys, flags=flags)
    assert code == 0
    folder = Path(printed["folder"])
    for ticker in ("051900.KS", "005930.KS"):
        assert f'href="{ticker}/index.html"' in (folder / "index.html").read_text(encoding="utf-8")
        assert (folder / ticker / "index.html").is_file()
    assert set(pd.read_csv(folder / "metrics.csv")["ticker"]) == {"051900.KS", "005930.KS"}


def test_the_forecaster_and_the_rule_of_the_readme_run_from_their_files(tmp_path, capsys):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    net, rule = (block.partition("```")[0] for block in readme.split("```python\n")[1:])
    (tmp_path / "my_gru.py").write_text(net)
    (tmp_path / "my_rule.py").write_text(rule)
    code, printed = run(
        capsys,
        *("--forecaster", f"{tmp_path / 'my_gru.py'}:epochs=20,learning_rate=0.01", "--seeds", 1),
        *("--strategy", f"{tmp_path / 'my_rule.py'}:bound=0.005"),
        *("--out", tmp_path / "runs", "--jobs", 2),
        flags=SMALL[: SMALL.index("--threshold")],
    )
    assert code == 0
    rows = {(row["forecaster"], row["strategy"]): row for row in printed["summary"]}
    assert rows["my_gru:epochs=20,learning_rate=0.01", "my_rule:bound=0.005"]["trades"] > 0
    assert rows["naive", "my_rule:bound=0.005"]["trades"] == 0
    page = Path(printed["index"]).read_text(encoding="utf-8")
    assert "In when the forecast return is at least 0.5%" in page


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--forecaster", "stacked_lstn"],
            ["no forecaster 'stacked_lstn'", "did you mean 'stacked_lstm'"],
        ),
        (["--forecaster", "cnn:filtres=3"], ["no setting 'filtres'", "filters"]),
        (["--forecaster", "cnn:filters=many"], ["cnn:filters", "'many'", "int"]),
        (["--forecaster", "./nothing.py"], ["there is no file"]),
        (["--strategy", "five_percent:exit=never"], ["entry, day, touch"]),
        (["--start", "2017-06-01"], ["need 506 sessions", "--train-size", "--start"]),
        (["--start", "01.02.2015"], ["--start", "2015-01-31"]),
        (["--start", "2019-01-01", "--end", "2018-01-01"], ["must lie before"]),
        (["--cash", "-5"], ["--cash"]),
        (["--seeds", "0"], ["--seeds"]),
        (["--max-hold", "3", "--strategy", "buy_and_hold"], ["fits no strategy of this run"]),
        (["--data-dir", "no/such/folder", "--source", "auto"], ["no/such/folder"]),
        (["--market", "mars"], ["no market 'mars'"]),
        (["--config", "missing.toml"], ["missing.toml"]),
        (["--config", "."], ["directory"]),
        (["--threshold", "inf"], ["--threshold"]),
        (["--strategy", "five_percent:threshold=inf"], ["threshold"]),
        (["--split", "70:20"], ["70:30"]),
    ],
)
def test_what_is_wrong_ends_with_2_and_one_line_that_says_what_to_do(
    tmp_path, capsys, flags, words
):
    code = main([*SMALL, "--out", str(tmp_path), *flags])
    err = capsys.readouterr().err
    assert code == 2
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err
    for word in words:
        assert word in err
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_without_a_network_auto_says_loudly_that_the_bars_are_simulated(tmp_path):
    flags = [flag if flag != "simulated" else "auto" for flag in SMALL]
    done = subprocess.run(
        [sys.executable, "-m", "backtests.run", *flags, "--out", str(tmp_path), "--jobs", "1"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "BACKTESTS_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" in done.stderr and "SIMULATED" in done.stderr
    assert "SIMULATED" in done.stdout


def test_yahoo_never_falls_back(tmp_path, capsys):
    flags = [flag if flag != "simulated" else "yahoo" for flag in SMALL]
    assert main([*flags, "--out", str(tmp_path)]) == 69
    assert "backtests:" in capsys.readouterr().err


def test_a_folder_of_the_users_that_hides_ours_is_named_in_one_line(tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "backtests.run", *SMALL],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(tmp_path / "strategies") in done.stderr and "another folder" in done.stderr


def test_the_example_in_your_own_cerebro_gives_the_fills_of_the_command(tmp_path, capsys):
    """The parts serve one by one: the same bars, network, rule and costs give the same fills."""
    from backtests.data.simulated import Simulated

    frame = Simulated().fetch("051900.KS", "2015-01-01", "2019-01-01").frame
    frame.to_csv(tmp_path / "051900.KS.csv")
    example = Path(__file__).parents[2] / "examples" / "own_cerebro.py"
    assert len(example.read_text().splitlines()) <= 20
    done = subprocess.run(
        [sys.executable, str(example), str(tmp_path), "051900.KS", "2015-01-01", "2019-01-01"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = [line for line in done.stdout.splitlines() if line.startswith("Fill(")]
    assert (tmp_path / "tearsheet.html").stat().st_size > 10_000
    code, printed = run(
        capsys,
        *("--data-dir", tmp_path, "--out", tmp_path / "runs"),
        flags="--ticker 051900.KS --start 2015-01-01 --end 2019-01-01 --forecaster rnn:epochs=5 "
        "--strategy five_percent:threshold=0.02 --tearsheets none --jobs 1".split(),
    )
    assert code == 0
    fills = pd.read_csv(
        Path(printed["folder"]) / "fills.csv", keep_default_na=False, float_precision="round_trip"
    )
    fills = fills[fills["forecaster"] == "rnn:epochs=5"].drop(
        columns=["account", "forecaster", "strategy"]
    )
    from backtests.result import Fill

    ours = [repr(Fill(**row)) for row in fills.to_dict("records")]
    assert ours, "the rule must trade here, or nothing is compared"
    assert theirs == ours


def test_help_answers_at_once_because_nothing_heavy_is_imported():
    code = (
        "import sys; from backtests.run import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'torch', 'backtrader', 'quantstats', 'matplotlib', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_bar_that_comes_later_changes_no_order_that_was_decided_before(tmp_path, capsys):
    """Cut off at a day and run again: every forecast and order up to that day is the same."""
    runs = {}
    for end in ("2018-01-01", "2017-08-11"):
        code, printed = run(capsys, "--end", end, "--out", tmp_path, "--jobs", 1)
        assert code == 0
        folder = Path(printed["folder"])
        forecasts = pd.read_parquet(folder / "forecasts.parquet").drop(columns=["target", "actual"])
        fills = pd.read_csv(folder / "fills.csv")
        runs[end] = (
            forecasts[forecasts["as_of"] < "2017-08-11"].reset_index(drop=True),
            fills[fills["session"] < "2017-08-11"].reset_index(drop=True),
        )
        shutil.rmtree(folder)
    (longer, longer_fills), (shorter, shorter_fills) = runs.values()
    assert len(longer_fills) >= 5
    pd.testing.assert_frame_equal(longer, shorter, check_exact=True)
    pd.testing.assert_frame_equal(longer_fills, shorter_fills, check_exact=True)


def test_a_reader_that_leaves_early_is_no_error(finished):
    folder, _ = finished
    command = [sys.executable, "-m", "backtests.run", *SMALL, "--tearsheets", "main"]
    command += ["--out", str(folder.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()  # as `| head -0` does
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")


def test_only_naive_is_a_run_too(tmp_path, capsys):
    flags = [*SMALL[:8], "--forecaster", "naive", "--tearsheets", "none", "--out", str(tmp_path)]
    assert main(flags) == 0
    assert "Only naive was run" in capsys.readouterr().out
