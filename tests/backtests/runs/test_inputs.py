"""Whole runs with other inputs than prices and volume."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.command.config import RunConfig
from backtests.command.flag import flags_of
from backtests.sources.simulated import Simulated
from forecasters.features import KINDS
from tests.backtests.example_runs import run

FLAGS = (
    "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2016-06-01 --train-size 200 "
    "--forecaster linear --strategy direction --tearsheets none --shifts 0 --jobs 1"
).split()


def write(path: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def tomorrow() -> pd.DataFrame:
    """Return the close of the next session, as if it were known one session too early."""
    bars = Simulated().fetch("051900.KS", "2015-01-01", "2016-06-01")
    return pd.DataFrame(
        {"date": bars.sessions[:-1], "known_at": bars.sessions[:-1], "oracle": bars.close[1:]}
    )


def error_of(printed, forecaster="linear"):
    (row,) = [row for row in printed["summary"] if row["forecaster"] == forecaster]
    return row["mape"]


def test_an_extra_input_reaches_the_forecaster_and_known_at_holds_it_back(
    capsys, tmp_path, tomorrow
):
    """With tomorrow's close as an input, a line is nearly right; with the same close a session later it is not."""
    _, plain = run(capsys, "--out", tmp_path, flags=FLAGS)
    early_file = write(tmp_path / "early.csv", tomorrow)
    code, early = run(capsys, "--extra", early_file, "--out", tmp_path, flags=FLAGS)
    assert code == 0
    assert error_of(early) < 0.1 * error_of(plain)
    late = tomorrow.assign(known_at=tomorrow["known_at"].shift(-1)).dropna()
    held = write(tmp_path / "held.csv", late)
    _, honest = run(capsys, "--extra", held, "--out", tmp_path, flags=FLAGS)
    assert error_of(honest) > 0.9 * error_of(plain)


def test_the_content_of_the_file_is_in_the_key_and_the_manifest(capsys, tmp_path, tomorrow):
    file = write(tmp_path / "mood.csv", tomorrow)
    _, first = run(capsys, "--extra", file, "--out", tmp_path, flags=FLAGS)
    data = json.loads((Path(first["folder"]) / "manifest.json").read_text())["data"]
    (used,) = data[0]["extras"]
    assert (used["file"], used["columns"], used["rows"]) == ("mood.csv", ["oracle"], len(tomorrow))
    write(file, tomorrow[::-1])
    _, again = run(capsys, "--extra", file, "--out", tmp_path, flags=FLAGS)
    assert again["found"] and again["key"] == first["key"], "the same content in another order"
    write(file, tomorrow.assign(oracle=tomorrow["oracle"] + np.arange(len(tomorrow))))
    _, other = run(capsys, "--extra", file, "--out", tmp_path, flags=FLAGS)
    assert not other["found"] and other["key"] != first["key"]


@pytest.mark.slow
def test_the_indicators_change_the_forecasts_and_the_key(capsys, tmp_path):
    _, plain = run(capsys, "--out", tmp_path, flags=FLAGS)
    code, rich = run(capsys, "--features", "ohlcv+indicators", "--out", tmp_path, flags=FLAGS)
    assert code == 0
    assert rich["key"] != plain["key"] and rich["digest"] != plain["digest"]
    assert error_of(rich, "naive") == error_of(plain, "naive")


def complaint(capsys, *flags):
    from backtests.run import main

    code = main([*FLAGS, *map(str, flags)])
    return code, capsys.readouterr().err


def test_a_wrong_name_is_answered_with_the_nearest(capsys, tmp_path):
    code, message = complaint(capsys, "--features", "ohlcv+indicator", "--out", tmp_path)
    assert code == 2
    assert "--features is 'ohlcv+indicator', did you mean 'ohlcv+indicators'?" in message
    file = tmp_path / "run.toml"
    file.write_text('features = "ohlvc"\n')
    code, message = complaint(capsys, "--config", file, "--out", tmp_path)
    assert code == 2
    assert "did you mean 'ohlcv'" in message


def test_the_flag_knows_every_kind():
    """The flag cannot ask for the kinds: `--help` would wait for NumPy."""
    assert flags_of(RunConfig)["features"].choices == tuple(KINDS)


def test_too_few_sessions_for_the_indicators_are_said_before_the_training(capsys, tmp_path):
    flags = ("--features", "ohlcv+indicators", "--end", "2015-02-14", "--train-size", 20)
    code, message = complaint(capsys, *flags, "--out", tmp_path)
    assert code == 2
    assert "051900.KS: stochastic_d, macd, macd_signal: not known in any of the" in message
    assert list(tmp_path.iterdir()) == []


def test_an_extra_that_is_known_too_late_or_of_another_ticker_is_named(capsys, tmp_path, tomorrow):
    late = write(tmp_path / "late.csv", tomorrow[250:])
    code, message = complaint(capsys, "--extra", late, "--out", tmp_path)
    assert code == 2
    assert "051900.KS: oracle: known from session 251 on" in message
    others = write(tmp_path / "others.csv", tomorrow.assign(ticker="051905.KS"))
    code, message = complaint(capsys, "--extra", others, "--out", tmp_path)
    assert code == 2
    assert "others.csv has no row of 051900.KS, did you mean '051905.KS'" in message
    twice = write(tmp_path / "twice.csv", tomorrow.rename(columns={"oracle": "Volume"}))
    code, message = complaint(capsys, "--extra", twice, "--out", tmp_path)
    assert code == 2
    assert "twice.csv: the column 'Volume' is also an input" in message
