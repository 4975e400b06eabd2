"""Small bars whose numbers can be worked out by hand, and windows to train on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from forecasters.bars import Bars, Days, Floats
from forecasters.preparation.windows import Windows

MakeBars = Callable[..., Bars]


def _days(count: int, first: str = "2015-01-05") -> Days:
    """Return `count` weekdays."""
    return np.busday_offset(np.datetime64(first, "D"), np.arange(count), roll="forward")


def _bars(closes: Any, **columns: Any) -> Bars:
    """Return bars of these closes; each column can be given as a sequence or as {row: value}."""
    close = np.asarray(closes, dtype=np.float64)
    rows: dict[str, Any] = {
        "sessions": _days(close.size),
        "open": close.copy(),
        "high": close + 10.0,
        "low": close - 10.0,
        "close": close,
        "volume": np.arange(1000.0, 1000.0 + close.size),
    }
    ticker, origin = columns.pop("ticker", "TEST"), columns.pop("origin", None)
    for name, value in columns.items():
        if isinstance(value, dict):
            for row, number in value.items():
                rows[name][row] = number
        else:
            rows[name] = value
    return Bars(ticker, **rows) if origin is None else Bars(ticker, **rows, origin=origin)


def _walk(count: int, seed: int = 0) -> Floats:
    """Return closes of a random walk in whole won, far from zero."""
    steps = np.random.default_rng(seed).normal(0.0, 0.02, count)
    return np.rint(50_000 * np.exp(np.cumsum(steps)))


@pytest.fixture(scope="session")
def days() -> Callable[..., Days]:
    return _days


@pytest.fixture(scope="session")
def bars_of() -> MakeBars:
    return _bars


@pytest.fixture(scope="session")
def walk() -> Callable[..., Floats]:
    return _walk


@pytest.fixture(scope="session")
def windows_of() -> Callable[..., Windows]:
    """Return what makes `count` windows of noise with a target that depends on the inputs."""

    def make(count: int, lookback: int = 5, channels: int = 5, seed: int = 0) -> Windows:
        rng = np.random.default_rng(seed)
        X = rng.uniform(0.0, 1.0, (count, lookback, channels))
        y = X[:, -1, 0] - 0.5 * X[:, 0, 1] + 0.1 * rng.standard_normal(count)
        return Windows(X, y, np.full(count, 100.0), _days(count))

    return make
