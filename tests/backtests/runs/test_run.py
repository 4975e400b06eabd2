"""The main job as a user runs it, on small networks and simulated bars."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.run import main
from backtests.runs.folder import Place
from backtests.runs.manifest import write_manifest
from tests.backtests.example_runs import SMALL, TINY, run, without


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


def test_whoever_ends_second_finds_the_run_of_the_first_and_leaves_nothing_behind(tmp_path):
    """The first throws away what both worked with, while the second still writes there."""
    place = Place(str(tmp_path), "A.KS", "ab" * 32)
    assert place.found() is None

    def write(made):
        place.folder.mkdir()
        write_manifest(place.folder / "manifest.json", {"key": place.key})
        shutil.rmtree(place.part)
        (made / "index.html").write_text("too late")

    assert place.put({}, write).found is True
    place.part.mkdir()
    assert place.put({}, lambda made: None).found is True
    assert [path.name for path in tmp_path.iterdir()] == [place.folder.name]


def test_a_disk_that_fails_is_not_taken_for_a_run_in_the_way(tmp_path):
    place = Place(str(tmp_path), "A.KS", "ab" * 32)
    assert place.found() is None

    def write(made):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        place.put({}, write)
    assert not place.folder.exists()


def test_an_out_that_cannot_be_written_is_bad_input(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*SMALL, "--out", str(tmp_path / "file")]) == 2
    assert "file" in capsys.readouterr().err


def test_a_file_that_ends_before_what_was_asked_is_said(tmp_path, capsys):
    from backtests.sources.simulated import Simulated

    frame = Simulated().fetch("051900.KS", "2014-01-01", "2016-12-01").frame
    frame.to_csv(tmp_path / "A.KS.csv")
    flags = "--ticker A.KS --end 2018-01-01 --forecaster naive --tearsheets none".split()
    assert main([*flags, "--data-dir", str(tmp_path), "--out", str(tmp_path / "runs")]) == 0
    err = capsys.readouterr().err
    assert "WARNING: A.KS: the file holds 2014-01-02 to 2016-11-30" in err


@pytest.mark.slow
def test_several_tickers_get_a_folder_each_and_a_page_over_all(tmp_path, capsys):
    flags = [*SMALL, "--ticker", "051900.KS", "005930.KS", "--out", str(tmp_path), "--jobs", "1"]
    code, printed = run(capsys, flags=flags)
    assert code == 0
    folder = Path(printed["folder"])
    for ticker in ("051900.KS", "005930.KS"):
        assert f'href="{ticker}/index.html"' in (folder / "index.html").read_text(encoding="utf-8")
        assert (folder / ticker / "index.html").is_file()
    assert set(pd.read_csv(folder / "metrics.csv")["ticker"]) == {"051900.KS", "005930.KS"}


@pytest.mark.slow
def test_the_forecaster_and_the_rule_of_the_readme_run_from_their_files(tmp_path, capsys):
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    chapter = readme.partition("## Your own forecaster, your own rule")[2].partition("\n## ")[0]
    net, rule = (block.partition("```")[0] for block in chapter.split("```python\n")[1:])
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
        (["--config", "."], ["is a folder"]),
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
    said = [line for line in err.splitlines() if "is given more than once" not in line]
    assert len(said) == 1 and "Traceback" not in err
    for word in words:
        assert word in err
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_without_a_network_auto_says_loudly_that_the_bars_are_simulated(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("BACKTESTS_CACHE", str(tmp_path / "cache"))
    flags = [flag if flag != "simulated" else "auto" for flag in TINY]
    code = main([*flags, "--forecaster", "linear", "--out", str(tmp_path)])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "WARNING" in err and "SIMULATED" in err
    assert "SIMULATED" in out


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


@pytest.mark.slow
def test_the_example_in_your_own_cerebro_gives_the_fills_of_the_command(tmp_path, capsys):
    """The parts serve one by one: the same bars, network, rule and costs give the same fills."""
    from backtests.sources.simulated import Simulated

    frame = Simulated().fetch("051900.KS", "2015-01-01", "2019-01-01").frame
    frame.to_csv(tmp_path / "051900.KS.csv")
    example = Path(__file__).parents[3] / "examples" / "own_cerebro.py"
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
    from backtests.account.result import Fill

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


def test_a_reader_that_leaves_early_is_no_error(finished):
    folder, _ = finished
    flags = [*without(SMALL, ["--tearsheets"]), "--tearsheets", "main"]
    command = [sys.executable, "-m", "backtests.run", *flags]
    command += ["--out", str(folder.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()  # as `| head -0` does
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")


def test_only_naive_is_a_run_too(tmp_path, capsys):
    flags = [*SMALL[:8], "--forecaster", "naive", "--tearsheets", "none", "--out", str(tmp_path)]
    assert main(flags) == 0
    assert "Only naive was run" in capsys.readouterr().out
