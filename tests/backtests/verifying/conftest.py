"""One small run of two forecasters, and the same run made again, for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.command.config import RunConfig
from backtests.runs.runner import run
from backtests.verifying.again import Again, run_again
from backtests.verifying.fits import fits_for
from backtests.verifying.recorded import read_recorded

SESSIONS = 100


def write_bars(folder: Path, ticker: str, seed: int = 0) -> None:
    """Write a file of a hundred sessions, prices in won."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2016-01-04", np.arange(SESSIONS))
    close = np.round(100_000 * np.exp(np.cumsum(rng.normal(0, 0.02, SESSIONS))), -2)
    opened = np.append(close[:1], close[:-1])
    high, low = np.maximum(opened, close) + 500, np.minimum(opened, close) - 500
    rows = zip(days, opened, high, low, close, strict=True)
    lines = [
        f"{d},{o:.0f},{h:.0f},{low:.0f},{c:.0f},{50_000 + d.astype(int)}"
        for d, o, h, low, c in rows
    ]
    folder.mkdir(exist_ok=True)
    (folder / f"{ticker}.csv").write_text("\n".join(lines) + "\n")


def config(folder: Path, **given: Any) -> RunConfig:
    """Return a run that takes a second, on the bars of `folder`."""
    values = {
        "ticker": ("A.KS",), "data_dir": str(folder / "bars"), "start": "2016-01-01", "end": "2016-05-21",
        "forecaster": ("linear:lookback=2",), "strategy": ("direction",), "seeds": 1, "tearsheets": "none",
        "train_size": 60, "step": 20, "jobs": 1, "out": str(folder / "runs"),
    }  # fmt: skip
    return RunConfig(**values | given)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small run: bars, runs, a ledger."""
    folder = tmp_path_factory.mktemp("verifying")
    write_bars(folder / "bars", "A.KS")
    return folder


@pytest.fixture(scope="session")
def made(home: Path) -> Path:
    """Return the folder of a small run with a network, whose fits are saved."""
    forecasters = ("linear:lookback=2", "rnn:epochs=1,hidden=2,lookback=2")
    ledger = str(home / "trials.jsonl")
    return run(
        config(
            home, forecaster=forecasters, save_fits=True, ledger=ledger, store=str(home / "store")
        ),
        quiet=True,
    ).folder


@pytest.fixture(scope="session")
def again(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Again:
    """Return the same run, made again."""
    work = tmp_path_factory.mktemp("again")
    return run_again(read_recorded(made), fits_for(False, learned=True), work, jobs=1, quiet=True)


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the small run, for a test to change."""
    return Path(shutil.copytree(made, tmp_path / made.name))
