"""Bars and forecasts made by hand, and one small run for all tests of a process."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backtests.command import config
from backtests.run import main
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from tests.backtests.example_runs import SMALL, json_of
from tests.backtests.plain_charts import drawn_plain, drawn_whole


@pytest.fixture
def make_bars() -> Callable[..., Bars]:
    """Return a maker of bars from rows (open, high, low, close, volume), one a weekday."""

    def make(rows, start="2019-01-07", ticker="PLANTED.KS"):
        columns = np.array(rows, dtype=float).T
        days = np.busday_offset(start, np.arange(len(rows)))
        return Bars(ticker, days, *columns)

    return make


@pytest.fixture
def make_forecasts() -> Callable[..., Forecasts]:
    """Return a maker of forecasts for bars: one close a bar, NaN or None where there is none."""

    def make(bars, closes, forecaster="planted"):
        n = len(bars)
        target = np.concatenate([bars.sessions[1:], np.array(["NaT"], dtype="datetime64[D]")])
        return Forecasts(
            ticker=bars.ticker,
            forecaster=forecaster,
            fold=np.repeat(bars.sessions[:1], n),
            as_of=bars.sessions,
            target=target,
            last_close=bars.close,
            by_seed=np.array(closes, dtype=float)[None],
            actual=np.append(bars.close[1:], np.nan),
            outside=np.zeros(n, dtype=bool),
        )

    return make


@pytest.fixture(scope="session", autouse=True)
def _one_job():
    """Let a command that names no --jobs use this process: two others take seconds for imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "_cores", lambda: 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def _plain_charts():
    with drawn_plain():
        yield


@pytest.fixture
def whole_charts():
    """Draw the charts of this test as a user gets them."""
    with drawn_whole():
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return the folder of one small run with its tearsheets, and what --json printed."""
    out = tmp_path_factory.mktemp("runs")
    flags = [*SMALL, "--tearsheets", "main", "--out", str(out), "--jobs", "1", "--json"]
    printed = json_of(main, flags)
    return Path(printed["folder"]), printed
