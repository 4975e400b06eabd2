"""Made-up bars: it is known whether their next close can be forecast."""

from __future__ import annotations

import math

import numpy as np

from forecasters.bars import Bars, Floats, Origin

#: The first session, unless another is asked for.
FIRST = np.datetime64("2010-01-04")
#: The planted swing of the log price: an AR(2) with this period in sessions and this damping, and the
#: standard deviation of its shocks. A constant forecast is worse than naive on it.
PERIOD, DAMPING, SHOCK = 12, 0.94, 0.007
#: Daily standard deviation of the white noise.
DAILY = 0.015


def white_noise(seed: int, rows: int, like: Bars | None = None) -> Bars:
    """Return bars whose log returns are independent and normal: nothing can be forecast."""
    rng = np.random.default_rng([seed, 1])
    return _bars(f"NOISE{seed}", rng.normal(0.0, DAILY, rows), rng, like)


def planted(seed: int, rows: int, like: Bars | None = None) -> Bars:
    """Return bars whose log price swings, with noise: the next close can partly be forecast."""
    rng = np.random.default_rng([seed, 2])
    return _bars(f"SWING{seed}", _swing(rng, rows), rng, like)


def drawn_future(seed: int, rows: int, known: int, like: Bars | None = None) -> Bars:
    """Return planted bars whose returns have random signs from row `known` on."""
    rng = np.random.default_rng([seed, 3])
    returns = _swing(rng, rows)
    returns[known:] = np.abs(returns[known:]) * rng.choice((-1.0, 1.0), rows - known)
    return _bars(f"DRAWN{seed}", returns, rng, like)


def _swing(rng: np.random.Generator, rows: int) -> Floats:
    shocks = rng.normal(0.0, SHOCK, rows + 200)
    level = np.zeros(rows + 200)
    once, twice = 2 * DAMPING * math.cos(2 * math.pi / PERIOD), -(DAMPING**2)
    for t in range(2, level.size):
        level[t] = once * level[t - 1] + twice * level[t - 2] + shocks[t]
    return np.asarray(np.diff(level)[-rows:])


def _bars(ticker: str, returns: Floats, rng: np.random.Generator, like: Bars | None = None) -> Bars:
    """Return bars with these log returns; prices are not rounded, so no sign becomes more frequent.

    With `like` they have its ticker and begin on its first session, so that columns which are known for
    it are known for them.
    """
    close = np.asarray(100 * np.exp(np.cumsum(returns)), dtype=np.float64)
    before = np.concatenate([[100.0], close[:-1]])
    opened = before * np.exp(rng.normal(0.0, 0.002, returns.size))
    top = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.002, returns.size)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.002, returns.size)))
    volume = np.asarray(np.exp(rng.normal(11.0, 0.3, returns.size)), dtype=np.float64)
    first = FIRST
    if like is not None:
        ticker, first = like.ticker, like.sessions[0]
    days = np.busday_offset(first, np.arange(returns.size), roll="forward")
    origin = Origin(source="simulated", vendor="random generator", simulated=True)
    return Bars(ticker, days, opened, top, low, close, volume, origin=origin)
