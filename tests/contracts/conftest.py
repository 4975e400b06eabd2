"""The checks that every plugin must pass, and the settings that make them quick."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from backtests import plugins
from backtests.auditing.checks.lookahead import changed_forecasts
from backtests.sources.simulated import Simulated
from forecasters.bars import COLUMNS, Bars
from forecasters.base import Forecaster
from forecasters.forecasts import Forecasts

MakeForecasts = Callable[[Bars], Forecasts]

#: Used where a forecaster has a setting of that name and this type; a new plugin is then quick too.
TINY: dict[str, Any] = {
    "lookback": 8,
    "epochs": 2,
    "batch_size": 32,
    "hidden": 4,
    "filters": 4,
    "layers": 2,
    "trees": 5,
}


def _make(name: str, **settings: Any) -> Forecaster:
    """Return the named forecaster with tiny settings, over which `settings` go where they fit."""
    cls = plugins.load(plugins.FORECASTERS, plugins.parse(name))
    known = plugins.settings_of(cls)
    given = {key: value for key, value in (TINY | settings).items() if key in known}
    return cls(**given)


def _forecasts_unchanged(make_forecasts: MakeForecasts, bars: Bars, t: int) -> list[str]:
    """Return how what was forecast up to row t depends on what came after it; nothing is right."""

    def make(every: Mapping[str, Bars]) -> dict[str, Forecasts]:
        return {ticker: make_forecasts(each) for ticker, each in every.items()}

    return changed_forecasts(make, {bars.ticker: bars}, bars.sessions[t])


@pytest.fixture(scope="session")
def make_forecaster() -> Callable[..., Forecaster]:
    return _make


@pytest.fixture(scope="session")
def forecasts_unchanged() -> Callable[[MakeForecasts, Bars, int], list[str]]:
    return _forecasts_unchanged


@pytest.fixture(scope="session")
def bars() -> Bars:
    """Return 110 simulated sessions with two halts, the second among the forecasts."""
    bars = Simulated().fetch("051900.KS", "2015-01-01", "2016-01-01").rows(slice(0, 110))
    rows = {name: getattr(bars, name).copy() for name in COLUMNS}
    for row in (40, 85):
        rows["close"][row] = rows["close"][row - 1]
        for name in ("open", "high", "low", "volume"):
            rows[name][row] = 0
    return replace(bars, **rows)


@pytest.fixture
def comes_to_an_end() -> Iterator[None]:
    """Fail a test that goes round for ever: after 30 s of this process, however busy the machine."""

    def stop(*_: object) -> None:
        raise TimeoutError("Backtrader did not come to an end")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 30)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)
