"""The grid as a user runs it, on small networks and simulated bars."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.__main__ import main as backtests
from backtests.grid import main
from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.models.cnn import CNN
from forecasters.walk_forward.fixed_split import FixedSplit
from tests.backtests.example_runs import interrupt_after, interrupted, json_of

SMALL = (
    "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2017-01-01 --features ohlcv "
    "--forecaster cnn --cross filters=2,4 activation=relu,tanh --beside rnn:hidden=3 "
    "--epochs 3 --learning-rate 0.01 --seeds 2 --jobs 1"
).split()
LABELS = {
    "naive", "rnn:hidden=3", *(f"cnn:activation={a},filters={f}" for a in ("relu", "tanh") for f in (2, 4)),
}  # fmt: skip


def grid(capsys, *extra, flags=SMALL):
    """Return the exit code and what --json printed."""
    code = main([*flags, *map(str, extra), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("grids")
    printed = json_of(main, [*SMALL, "--out", str(out), "--json"])
    return Path(printed["folder"]), printed


def test_the_folder_holds_what_is_promised(finished):
    folder, printed = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert folder.name == f"grid-051900.KS-{manifest['key'][:8]}"
    assert (printed["key"], printed["digest"]) == (manifest["key"], manifest["digest"])
    assert printed["simulated"] is True and printed["found"] is False
    for name in (
        "schema",
        "config",
        "data",
        "versions",
        "folds",
        "seeds",
        "ranking",
        "selection",
        "findings",
    ):
        assert manifest[name], name
    assert manifest["config"]["cross"] == ["filters=2,4", "activation=relu,tanh"]
    assert manifest["config"]["split"] == "80:20" and "strategy" not in manifest["config"]
    for name in (
        "index.html", "metrics.csv", "ranking.md", "ranking.tex", "forecasts.parquet", "training.parquet",
    ):  # fmt: skip
        assert (folder / name).stat().st_size > 0
    assert {p.suffix for p in (folder / "figures").iterdir()} == {".svg", ".png"}
    assert not list(folder.parent.glob(".*")), "nothing is left beside a finished grid"


def test_every_combination_is_there_beside_naive_in_every_table(finished):
    folder, printed = finished
    forecasts = pd.read_parquet(folder / "forecasts.parquet")
    metrics = pd.read_csv(folder / "metrics.csv")
    assert set(forecasts["forecaster"]) == set(metrics["forecaster"]) == LABELS
    assert metrics["simulated"].all() and set(metrics["ticker"]) == {"051900.KS"}
    assert metrics["forecaster"].iloc[0] == printed["ranking"][0]["forecaster"] == "naive"
    assert metrics["mape"].iloc[1:].is_monotonic_increasing
    assert metrics["rank"].iloc[1:].tolist() == [1, 2, 3, 4, 5]
    training = pd.read_parquet(folder / "training.parquet")
    groups = training.groupby(["forecaster", "seed"])
    assert set(groups.size().index) == {(f, s) for f in LABELS - {"naive"} for s in (0, 1)}
    assert set(groups.size()) == {3}, "epochs"
    assert training["validation_loss"].notna().all()


def test_the_ranked_figures_follow_from_the_forecasts(finished):
    """Worked out anew from the table of forecasts, on the rows that all are judged on."""
    folder, _ = finished
    table = pd.read_parquet(folder / "forecasts.parquet")
    mean = table[table["seed"].isna() & table["actual"].notna() & table["forecast"].notna()]
    figures = pd.read_csv(folder / "metrics.csv").set_index("forecaster")
    assert mean.groupby("forecaster")["as_of"].agg(lambda days: tuple(days)).nunique() == 1
    for label, rows in mean.groupby("forecaster"):
        error = (rows["forecast"] / rows["actual"] - 1).abs()
        assert figures.loc[label, "mape"] == pytest.approx(100 * error.mean())
    naive = mean[mean["forecaster"] == "naive"]
    assert (naive["forecast"] == naive["close"]).all()


def test_the_honest_choice_follows_from_the_validation_column(finished):
    folder, printed = finished
    rows = pd.read_csv(folder / "metrics.csv").iloc[1:]
    honest, papers = printed["selection"]
    assert honest["forecaster"] == rows.loc[rows["validation_mape"].idxmin(), "forecaster"]
    assert papers["forecaster"] == rows.loc[rows["mape"].idxmin(), "forecaster"]
    assert (honest["in_sample"], papers["in_sample"]) == (False, True)
    rows = rows.set_index("forecaster")
    assert honest["mape"] == pytest.approx(rows.loc[honest["forecaster"], "mape"])


def test_what_is_judged_was_fitted_on_all_rows_before_the_test(finished):
    """The forecasts are, to the bit, those of a split 80:20 that never set validation rows apart."""
    folder, _ = finished
    table = pd.read_parquet(folder / "forecasts.parquet")
    bars = Simulated().fetch("051900.KS", "2015-01-01", "2017-01-01")
    network = CNN(activation="tanh", filters=4, epochs=3, learning_rate=0.01)
    features = make_features(bars, "ohlcv", 1)
    plain = FixedSplit.parse("80:20").predict(network, features, seeds=(0, 1))
    of_it = table[table["forecaster"] == "cnn:activation=tanh,filters=4"]
    for seed, closes in zip((0, 1), plain.by_seed, strict=True):
        np.testing.assert_array_equal(of_it.loc[of_it["seed"] == seed, "forecast"], closes)
    refits = pd.read_parquet(folder / "refits.parquet")
    assert refits["validation_loss"].isna().all(), "nothing was watched"
    assert len(refits) == len(pd.read_parquet(folder / "training.parquet"))


def test_the_page_says_which_fits_are_judged_and_what_luck_and_seeds_do(finished):
    folder, printed = finished
    page = " ".join((folder / "index.html").read_text("utf-8").split())
    assert "judged after a second fit on fit and validation (" in page
    text = " ".join(printed["findings"])
    assert "Every error on the test rows, of the ranking too, is that of the second fit." in text
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["luck"]["trials"] == 5 and manifest["luck"]["overfit"]["rows"] > 80
    assert "Deflated for 5 forecasters" in text and "Probability of overfitting" in text
    rows = pd.read_csv(folder / "metrics.csv").iloc[1:]
    moved = rows["mape_seed_max"] - rows["mape_seed_min"]
    assert manifest["seeds_move"]["most"] == pytest.approx(moved.max())
    assert manifest["seeds_move"]["median"] == pytest.approx(moved.median())
    assert f"by up to {moved.max():.2f} points" in text
    head = (folder / "ranking.md").read_text(encoding="utf-8").splitlines()[2]
    assert "| Lowest seed | Highest seed |" in head


def test_other_jobs_order_and_folder_give_the_same_key_and_digest(finished, tmp_path, capsys):
    _, printed = finished
    flags = " ".join(SMALL).replace(
        "filters=2,4 activation=relu,tanh", "activation=tanh,relu filters=4,2"
    )
    code, again = grid(capsys, "--jobs", 2, "--out", tmp_path, flags=flags.split())
    assert code == 0 and again["found"] is False
    assert (again["key"], again["digest"]) == (printed["key"], printed["digest"])
    assert [row["mape"] for row in again["ranking"]] == [row["mape"] for row in printed["ranking"]]


def test_a_finished_grid_is_found_and_another_value_is_another_grid(finished, capsys):
    folder, printed = finished
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    code, again = grid(capsys, "--out", folder.parent)
    assert (code, again["found"], again["digest"]) == (0, True, printed["digest"])
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    assert main([*SMALL, "--out", str(folder.parent)]) == 0
    text = capsys.readouterr().out
    assert "was there already" in text and "SIMULATED" in text
    table = text.partition("Rank")[2]
    assert table.index("naive") < table.index("cnn"), "naive first"
    assert str(folder / "index.html") in text.replace("\n", "")


def told(fits):
    """Return what fits are, to compare those of two calls."""
    return {(fit.words, json.dumps(fit.forecaster.get_params(), sort_keys=True)) for fit in fits}


def test_interrupted_it_goes_on_with_what_is_missing_to_the_same_digest(
    finished, tmp_path, monkeypatch, capsys
):
    """Ctrl-C after five fits, and among the second fits; the rest is trained, and only that.

    5 networks x 2 seeds and naive once are 11 fits, and as many again on all rows before the test.
    """
    _, printed = finished
    flags = [*SMALL, "--out", str(tmp_path)]
    with monkeypatch.context() as patch:
        first = interrupt_after(patch, 5)
        assert main([*flags, "--quiet"]) == 130
    err = capsys.readouterr().err
    assert "go on with" in err and "backtests.grid --ticker 051900.KS" in err
    store = Path(os.environ["BACKTESTS_STORE"])
    assert len(list(store.rglob("*.safetensors"))) == 5
    flags = " ".join(flags).replace("filters=2,4", "filters=4,2").split()
    with monkeypatch.context() as patch:
        more = interrupt_after(patch, 11 - 5 + 4)
        assert main([*flags, "--quiet"]) == 130
    assert len(list(store.rglob("*.safetensors"))) == 11 + 4
    left = interrupt_after(monkeypatch, 11 - 4)
    code, again = grid(capsys, flags=flags)
    assert code == 0 and again["digest"] == printed["digest"] and again["key"] == printed["key"]
    assert not told(more[:6]) & told(first) and not told(more[6:]) & told(left)
    assert len(left) == 11 - 4
    assert [row["validation_mape"] for row in again["ranking"]] == [
        row["validation_mape"] for row in printed["ranking"]
    ], "what is chosen by is kept, too"


@pytest.mark.slow
def test_a_signal_ends_it_with_130(tmp_path):
    code, err = interrupted("grid", [*SMALL, "--out", str(tmp_path)])
    assert code == 130
    assert "interrupted" in err and "Traceback" not in err


def test_a_walk_forward_grid_from_a_file_of_flags(tmp_path, capsys):
    """Keys of the file are the flags; each fold chooses alone."""
    (tmp_path / "grid.toml").write_text(
        'ticker = "051900.KS"\nsource = "simulated"\nstart = 2015-01-01\nend = 2016-09-01\n'
        'forecaster = "linear"\ncross = ["lookback=1,3", "features=ohlcv,ohlcv+indicators"]\n'
        "train_size = 250\nstep = 60\njobs = 1\n"
    )
    code, printed = grid(
        capsys, flags=["--config", str(tmp_path / "grid.toml"), "--out", str(tmp_path)]
    )
    assert code == 0
    manifest = json.loads((Path(printed["folder"]) / "manifest.json").read_text())
    folds = manifest["folds"]["051900.KS"]
    assert len(folds) >= 3
    assert list(printed["selection"][0]["folds"]) == folds
    labels = {row["forecaster"] for row in printed["ranking"]}
    assert labels == {
        "naive", *(f"linear:features={i},lookback={n}" for i in ("ohlcv", "ohlcv+indicators") for n in (1, 3)),
    }  # fmt: skip
    assert len({row["rows"] for row in printed["ranking"]}) == 1, "all on the same rows"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--cross", "filtres=2,4"], ["filtres", "did you mean 'filters'"]),
        (["--forecaster", "cmm"], ["no forecaster 'cmm'", "cnn"]),
        (["--cross", "epochs=1,2"], ["--epochs and --cross epochs=1,2"]),
        (["--ticker", "A.KS", "B.KS"], ["searches on one ticker"]),
        (["--split", "80:30"], ["70:30"]),
        (["--market", "krx"], ["grid takes no --market", "trades nothing", "backtests run"]),
        (["--commission-bps=5"], ["grid takes no --commission-bps", "no costs"]),
        (["--start", "2016-12-01"], ["no complete window of 20 sessions", "lower its lookback"]),
    ],
)
def test_what_is_wrong_ends_with_2_and_one_line(tmp_path, capsys, flags, words):
    code = main([*SMALL, "--out", str(tmp_path), *flags])
    err = capsys.readouterr().err
    assert code == 2
    said = [line for line in err.splitlines() if "is given more than once" not in line]
    assert len(said) == 1 and "Traceback" not in err
    assert all(word in err for word in words), err
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_a_source_without_a_network_ends_with_69(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(os.environ, "BACKTESTS_CACHE", str(tmp_path / "cache"))
    flags = [flag if flag != "simulated" else "yahoo" for flag in SMALL]
    assert main([*flags, "--out", str(tmp_path / "runs")]) == 69


def test_it_is_a_command_of_backtests_and_its_help_is_light(capsys):
    with pytest.raises(SystemExit) as end:
        backtests(["grid", "--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--cross" in text and "default 80:20" in text and "(default ohlcv+indicators)" in text
    code = (
        "import sys; from backtests.grid import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'torch', 'backtrader', 'quantstats', 'matplotlib', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.slow
def test_the_grid_of_s3_in_one_command(tmp_path, capsys):
    """One epoch on few sessions: all 54 and the RNN run, and S3's figures stand beside ours."""
    flags = "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2015-10-01 --epochs 1"
    code, printed = grid(capsys, "--out", tmp_path, "--jobs", 2, flags=flags.split())
    assert code == 0
    rows = printed["ranking"]
    assert len(rows) == 56 and rows[0]["forecaster"] == "naive"
    assert np.all([row["published_mape"] is not None for row in rows[1:]])
    table = (Path(printed["folder"]) / "ranking.md").read_text(encoding="utf-8")
    assert "S3 MAPE" in table.splitlines()[2]
    assert any("epochs 1 where S3 has 50" in sentence for sentence in printed["findings"])


def test_the_verdict_stands_first_on_the_page_and_holds_the_choice(finished):
    folder, printed = finished
    manifest = json.loads((folder / "manifest.json").read_text())
    assert printed["verdict"] == manifest["verdict"]
    assert "of 5 forecasters" in printed["verdict"][0]
    honest = printed["selection"][0]
    assert printed["verdict"][1].startswith(
        f"Chosen on the validation rows, judged once: {honest['forecaster']} "
    )
    page = (folder / "index.html").read_text("utf-8")
    assert page.index('class="verdict"') < page.index('class="lead"')


def test_a_grid_counts_as_so_many_trials_and_once(tmp_path, capsys):
    flags = ("--out", tmp_path, "--ledger", tmp_path / "trials.jsonl")
    code, first = grid(capsys, *flags, "--epochs", 1)
    assert code == 0
    lines = [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()]
    assert len(lines) == len(LABELS) - 1, "naive is no trial"
    assert {line["command"] for line in lines} == {"grid"}
    assert all(line["sharpe"] is None for line in lines)
    manifest = json.loads((Path(first["folder"]) / "manifest.json").read_text())
    assert manifest["trials"]["count"] == len(lines)
    assert first["verdict"] == manifest["verdict_alone"], "nothing was looked at before"
    _, seeded = grid(capsys, *flags, "--epochs", 1, "--seed", 7)
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 2 * len(lines)
    manifest = json.loads((Path(seeded["folder"]) / "manifest.json").read_text())
    looked = manifest["overall"]["grid"]
    assert (looked["own"], looked["earlier"], looked["without_series"]) == (5, 5, 0)
    assert looked["page"] < looked["everything"] <= 10
    assert any("That counts 10 trials on these prices" in s for s in manifest["verdict"])
    assert f"This grid alone: {manifest['verdict_alone'][0]}" in manifest["verdict"]
