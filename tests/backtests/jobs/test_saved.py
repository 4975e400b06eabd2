"""A saved fit forecasts what the run forecast, bit for bit, and no pickle is in it."""

import json
import struct

import numpy as np
import pandas as pd
import pytest
import torch

from backtests.jobs.saved import load_fit, read_arrays, save_fit
from backtests.run import main
from backtests.sources.simulated import Simulated
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.models.drift import Drift
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Learned
from tests.backtests.example_runs import interrupt_after, run

TICKERS = ("051900.KS", "005930.KS")
FLAGS = [
    *"--source simulated --start 2015-01-01 --end 2018-01-01 --train-size 400 --step 200".split(),
    *"--seeds 2 --tearsheets none --epochs 3 --clip 4 --components 3 --save-fits --shifts 0 --jobs 1".split(),
    *"--strategy direction".split(),  # no sweep
    *"--forecaster rnn:hidden=4,lookback=5 rnn:hidden=4,lookback=6,pooled=true,target=return".split(),
    "linear",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("saved")
    assert main([*FLAGS, "--ticker", *TICKERS, "--out", str(out), "--quiet"]) == 0
    (made,) = out.glob("0*")
    return made


@pytest.fixture(scope="module")
def bars():
    return {ticker: Simulated().fetch(ticker, "2015-01-01", "2018-01-01") for ticker in TICKERS}


def test_there_is_a_file_for_each_fit_of_a_network(folder):
    names = sorted(path.name for path in (folder / "fits").iterdir())
    assert sum(name.startswith("pooled--rnn_") for name in names) == 2 * 2  # folds x seeds
    assert sum(name.startswith("051900.KS--rnn_") for name in names) == 2 * 2
    assert sum(name.startswith("051900.KS--linear--") for name in names) == 2  # one for all seeds
    assert len(names) == 12 + 2 * 2 and not any("naive" in name for name in names)


def test_it_forecasts_what_the_run_forecast(folder, bars):
    table = pd.read_parquet(folder / "forecasts.parquet")
    checked = 0
    for path in (folder / "fits").iterdir():
        saved = load_fit(path)
        fold, seed = pd.Timestamp(saved.about["fold"]), saved.about["seed"]
        wanted = f"rnn:hidden=4,lookback={saved.forecaster.lookback}"
        if alone := saved.forecaster.name == "linear":  # one for all seeds
            wanted = "linear"
        label = next(name for name in table["forecaster"].unique() if name.startswith(wanted))
        for ticker in saved.transforms:
            chosen = (table["forecaster"] == label) & (table["ticker"] == ticker)
            of_seed = table["seed"].isna() if alone else table["seed"] == seed
            rows_of_fit = table[chosen & (table["fold"] == fold) & of_seed]
            as_of, close = saved.predict(bars[ticker])
            assert as_of[0] == bars[ticker].sessions[saved.forecaster.lookback - 1]
            rows = np.searchsorted(as_of, rows_of_fit["as_of"].to_numpy().astype("datetime64[D]"))
            assert (
                len(rows_of_fit) > 0
                and close[rows].tobytes() == rows_of_fit["forecast"].to_numpy().tobytes()
            )
            checked += len(rows_of_fit)
    # the rows without a seed: means over the seeds, naive, and linear, which has one fit
    assert checked == (table["seed"].notna() | (table["forecaster"] == "linear")).sum()


def test_the_network_is_there_with_its_weights(folder):
    path = next((folder / "fits").glob("051900.KS--*"))
    network = load_fit(path).forecaster.network_
    assert isinstance(network[0], torch.nn.RNN) and not network.training


def test_the_file_is_tensors_and_json(folder):
    data = next((folder / "fits").iterdir()).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    about = json.loads(header.pop("__metadata__")["fit"])
    assert about["forecaster"] == "rnn" and about["settings"]["hidden"] == 4
    assert all(set(entry) == {"dtype", "shape", "data_offsets"} for entry in header.values())


def test_what_is_no_saved_fit_is_refused(folder, bars, tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        load_fit(tmp_path / "none.safetensors")
    path = next((folder / "fits").glob("051900.KS--*"))
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="not a saved fit"):
        load_fit(cut)
    with pytest.raises(InputError, match=r"trained on 051900\.KS, not on 005930\.KS"):
        load_fit(path).predict(bars["005930.KS"])


def test_weights_of_another_network_are_refused(folder):
    path = next((folder / "fits").glob("051900.KS--*"))
    saved = load_fit(path)
    state = saved.forecaster.state()
    with pytest.raises(InputError, match="those of another network"):
        type(saved.forecaster)(hidden=5).restore(state, 3)


@pytest.mark.slow
def test_an_interrupted_run_keeps_the_fits_that_it_had(folder, tmp_path, monkeypatch, capsys):
    """The second run trains what is left, and every file is there as in the run in one piece."""
    flags = [*FLAGS, "--ticker", *TICKERS, "--out", str(tmp_path), "--jobs", "1"]
    with monkeypatch.context() as patch:
        interrupt_after(patch, 5)
        assert main([*flags, "--quiet"]) == 130
    code, printed = run(capsys, flags=flags)
    assert code == 0 and printed["key"].startswith(folder.name[-8:])
    (made,) = tmp_path.glob("0*")
    for path in (folder / "fits").iterdir():
        assert (made / "fits" / path.name).read_bytes() == path.read_bytes()


def test_training_is_told_by_fit_and_epoch(folder):
    training = pd.read_parquet(folder / "training.parquet")
    assert set(training["ticker"]) == set(TICKERS)
    groups = training.groupby(["ticker", "forecaster", "seed", "fold"])
    assert len(groups) == 2 * 2 * 2 * 2  # tickers, networks, seeds, folds
    for _, group in groups:
        assert group["epoch"].tolist() == [1, 2, 3]
        assert group["kept"].tolist() == [False, False, True]
        assert np.isfinite(group[["train_loss", "validation_loss"]]).all(axis=None)


def test_one_ticker_cannot_be_pooled(capsys, tmp_path):
    flags = ["--ticker", "051900.KS", "--source", "simulated", "--out", str(tmp_path)]
    assert main([*flags, "--forecaster", "linear:pooled=true"]) == 2
    assert "learns from several tickers" in capsys.readouterr().err


def test_a_fit_that_saw_further_inputs_wants_them_again(tmp_path, capsys):
    from pathlib import Path

    from backtests.sources.extra_files import read_extra

    bars = Simulated().fetch("051900.KS", "2015-01-01", "2017-06-01")
    days = bars.sessions[::5].astype(str)
    file = tmp_path / "mood.csv"
    lines = [f"{day},{day},{n % 7}" for n, day in enumerate(days)]
    file.write_text("\n".join(["date,known_at,mood", *lines]))
    code, printed = run(
        capsys,
        *("--out", tmp_path / "runs", "--extra", file, "--end", "2017-06-01", "--jobs", 1),
        flags=[*FLAGS[: FLAGS.index("--forecaster")], "--forecaster", "rnn:hidden=3", "--ticker", "051900.KS"],
    )  # fmt: skip
    assert code == 0
    folder = Path(printed["folder"])
    table = pd.read_parquet(folder / "forecasts.parquet").query("forecaster != 'naive'")
    saved = load_fit(next((folder / "fits").glob("*--0.safetensors")))
    rows_of_fit = table[(table["seed"] == 0) & (table["fold"] == pd.Timestamp(saved.about["fold"]))]
    as_of, close = saved.predict(bars, [read_extra(file)])
    rows = np.searchsorted(as_of, rows_of_fit["as_of"].to_numpy().astype("datetime64[D]"))
    assert close[rows].tobytes() == rows_of_fit["forecast"].to_numpy().tobytes()
    with pytest.raises(
        InputError, match=r"the inputs of the fit are open, .*, mood; these bars give"
    ):
        saved.predict(bars)


def test_a_number_without_axes_keeps_its_shape(tmp_path, bars):
    fit = WalkForward(train_size=400, step=400).fits(Drift(), make_features(bars["051900.KS"]))[0]
    learned = Learned({"level": np.array(3.5)}, fit.transforms())
    path = save_fit(tmp_path / "one.safetensors", fit, learned, "ohlcv")
    assert read_arrays(path)["weights/level"].shape == ()
