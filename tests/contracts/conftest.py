"""The checks that every plugin must pass, and the settings that make them quick."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backtests import plugins
from backtests.data.simulated import Simulated
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


def _other_futures(bars: Bars, t: int) -> Iterator[tuple[str, Bars]]:
    """Yield bars that agree with `bars` up to row t and differ after it."""
    past = np.arange(len(bars)) <= t
    rng = np.random.default_rng(t)
    rows = {name: getattr(bars, name) for name in COLUMNS}
    yield "the future ends here", bars.rows(slice(0, t + 1))
    yield "the future ends a session later", bars.rows(slice(0, t + 2))

    factor = np.where(past, 1.0, rng.uniform(0.1, 10.0, len(bars)))
    yield "other prices", replace(bars, **{name: rows[name] * factor for name in COLUMNS})

    halt = np.where(past, 1.0, 0.0)
    repeated = np.where(past, bars.close, bars.close[t])
    nothing = {name: rows[name] * halt for name in ("open", "high", "low", "volume")}
    yield "a halt for ever", replace(bars, close=repeated, **nothing)

    days = 40  # new sessions, more than two steps, and far outside every range
    sessions = np.busday_offset(bars.sessions[-1], np.arange(1, days + 1), roll="forward")
    longer = {name: np.append(rows[name], np.full(days, 7 * rows[name].max())) for name in COLUMNS}
    grown = Bars(bars.ticker, np.append(bars.sessions, sessions), **longer)
    yield "appended sessions", grown


def _known(forecasts: Forecasts, day: np.datetime64) -> dict[str, bytes]:
    """Return all that was known of the forecasts at the close of `day`, as bytes."""
    rows = forecasts.as_of <= day
    told = rows & (forecasts.target <= day)  # NaT, still to come, compares as False
    made = ("fold", "as_of", "last_close", "outside")
    return {
        "by_seed": forecasts.by_seed[:, rows].tobytes(),
        "close": forecasts.close[rows].tobytes(),
        **{name: getattr(forecasts, name)[rows].tobytes() for name in made},
        **{name: getattr(forecasts, name)[told].tobytes() for name in ("target", "actual")},
    }


def _forecasts_unchanged(make_forecasts: MakeForecasts, bars: Bars, t: int) -> list[str]:
    """Return how what was forecast up to row t depends on what came after it; nothing is right.

    The bars after t are cut off, changed, halted and appended to. Every forecast made up to t, the
    fold and the flags that go with it must be the same bytes.
    """
    day = bars.sessions[t]
    expected = _known(make_forecasts(bars), day)
    found = []
    for what, other in _other_futures(bars, t):
        answer = _known(make_forecasts(other), day)
        differ = [name for name, value in expected.items() if answer[name] != value]
        if differ:
            found.append(f"{what}: {', '.join(differ)}")
    return found


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
