"""Tickers with hostile names: no file of the run is lost, no text runs, and every name survives."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtests.run import main
from backtests.runs.folder import folder_name
from backtests.writing.csv import read_csv
from tests.backtests.example_runs import json_of

TICKERS = ("=cmd", "-X", "manifest.json", "index.html")


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of bars for each ticker."""
    folder = tmp_path_factory.mktemp("bars")
    days = np.busday_offset("2015-01-05", np.arange(130))
    close = 100 + np.cumsum(np.random.default_rng(3).normal(0, 1, days.size)).round(2)
    rows = [
        f"{d},{c:.2f},{c + 2:.2f},{c - 2:.2f},{c:.2f},900" for d, c in zip(days, close, strict=True)
    ]
    for ticker in TICKERS:
        (folder / f"{ticker}.csv").write_text("\n".join(rows) + "\n")
    return folder


def run_of(bars: Path, out: Path, *tickers: str) -> Path:
    """Return the folder of a small run of these tickers."""
    config = out / "run.toml"  # a ticker with a hyphen before it cannot stand among the flags
    config.write_text(f"ticker = {json.dumps(tickers)}\n")
    flags = f"--config {config} --data-dir {bars} --train-size 60 --step 20 --validation 0.2 --out {out} --jobs 1"
    small = "--forecaster naive --strategy buy_and_hold --tearsheets none --json"
    return Path(json_of(main, [*flags.split(), *small.split()])["folder"])


@pytest.mark.slow
def test_names_survive_in_tables_and_collide_with_no_file(bars: Path, tmp_path: Path) -> None:
    folder = run_of(bars, tmp_path, *TICKERS)
    assert folder.parent == tmp_path
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [entry["ticker"] for entry in manifest["data"]] == list(TICKERS)
    assert set(pd.read_parquet(folder / "forecasts.parquet")["ticker"]) == set(TICKERS)
    fills = read_csv(folder / "fills.csv")
    assert set(fills["account"]) == set(TICKERS)
    lines = (folder / "fills.csv").read_text().splitlines()
    assert not any(line.startswith(("=", "-")) for line in lines)
    pages = sorted(path.parent.name for path in folder.glob("*/index.html"))
    assert len(pages) == len(TICKERS) and not set(pages) & {"manifest.json", "index.html"}
    overview = (folder / "index.html").read_text()
    assert "manifest_json-ffa5b716/index.html" in overview
    assert all(ticker in overview for ticker in TICKERS)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([folder.name, "run.toml"])


@pytest.mark.parametrize(
    ("ticker", "message"),
    [
        ("..", "is not a ticker"),
        ("../X", "is not a ticker"),
        ("X" * 300, r"\(300 letters\) is not a ticker: it has at most 64 letters"),
        ("X\u202e", "cannot be seen"),
        ("universe", "rename the ticker"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ticker: str, message: str
) -> None:
    flags = ["--ticker", ticker, "--source", "simulated", "--out", str(tmp_path)]
    assert main(flags) == 2
    said = capsys.readouterr().err
    assert message.replace("\\", "") in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_long_list_of_long_tickers_makes_a_short_folder() -> None:
    assert len(folder_name(["\uac00" * 64] * 9).encode()) <= 120
