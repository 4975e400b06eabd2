"""Inputs are known at their row's close, whatever comes later, and say which are late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from forecasters.bars import COLUMNS, Bars
from forecasters.errors import InputError
from forecasters.features import KINDS, make_features
from forecasters.inputs.extras import Extra

MakeBars = Callable[..., Bars]


@pytest.fixture(scope="module")
def bars(bars_of: MakeBars, walk: Any) -> Bars:
    """Return 120 sessions with a halt in row 60."""
    close = walk(120)
    close[60] = close[59]
    nothing = {60: 0.0}
    return bars_of(close, open=nothing, high=nothing, low=nothing, volume=nothing)


def extra_of(bars: Bars, changed_after: int | None = None) -> Extra:
    """Return a value a session, known two sessions later, every third revised five later."""
    n = len(bars)
    about = np.concatenate([np.arange(n), np.arange(0, n, 3)])
    late = np.minimum(about + np.where(np.arange(about.size) < n, 2, 5), n - 1)
    values = np.random.default_rng(1).normal(size=(about.size, 1))
    if changed_after is not None:
        values[late > changed_after] *= -100.0
    keep = np.unique(np.stack([about, late]), axis=1, return_index=True)[1]
    return Extra(
        "my.csv", ("mood",), bars.sessions[about][keep], bars.sessions[late][keep], values[keep]
    )


def other_futures(bars: Bars, t: int) -> Iterator[tuple[str, Bars]]:
    """Yield bars that are the same up to row t and differ after it."""
    rows = {name: getattr(bars, name) for name in COLUMNS}
    after = np.arange(len(bars)) > t
    rng = np.random.default_rng(t)
    yield "cut off", bars.rows(slice(0, t + 1))
    factor = np.where(after, rng.uniform(0.1, 10.0, len(bars)), 1.0)
    yield "changed", replace(bars, **{name: rows[name] * factor for name in COLUMNS})
    flat = {name: np.where(after, bars.close[t], rows[name]) for name in COLUMNS[:4]}
    yield "a halt for ever", replace(bars, **flat, volume=np.where(after, 0.0, bars.volume))
    sessions = np.busday_offset(bars.sessions[-1], np.arange(1, 41), roll="forward")
    more = {name: np.append(rows[name], np.full(40, 7 * rows[name].max())) for name in COLUMNS}
    yield "appended", Bars(bars.ticker, np.append(bars.sessions, sessions), **more)


@pytest.mark.parametrize("t", [0, 8, 9, 32, 33, 34, 59, 60, 90, 118])
@pytest.mark.parametrize("kind", KINDS)
def test_no_input_depends_on_a_later_row(kind: str, t: int, bars: Bars) -> None:
    expected = make_features(bars, kind, extras=[extra_of(bars)])
    for what, other in other_futures(bars, t):
        answer = make_features(other, kind, extras=[extra_of(bars, changed_after=t)])
        for column, name in enumerate(expected.names):
            found, known = answer.X[: t + 1, column], expected.X[: t + 1, column]
            assert found.tobytes() == known.tobytes(), f"{what}: {name}"


def test_extras_follow_the_others_and_make_the_warm_up_longer(bars: Bars) -> None:
    plain = make_features(bars)
    features = make_features(bars, extras=[extra_of(bars)])
    assert features.names == (*COLUMNS, "mood")
    assert (plain.warmup, features.warmup) == (0, 2)
    assert features.X[:, :5].tobytes() == plain.X.tobytes()


def test_the_close_and_the_target_are_the_same_whatever_the_inputs(bars: Bars) -> None:
    plain, rich = make_features(bars), make_features(bars, "ohlcv+indicators")
    for name in ("y", "close", "tradable"):
        assert getattr(plain, name).tobytes() == getattr(rich, name).tobytes()


@pytest.mark.parametrize(
    ("kind", "names", "message"),
    [
        ("ohlcv", ["Close"], "the column 'Close' is also an input of --features ohlcv"),
        ("ohlcv+indicators", ["rsi"], "'rsi' is also an input of --features ohlcv.indicators"),
        ("ohlcv", ["mood", "MOOD"], "'MOOD' is also a column of my.csv"),
    ],
)
def test_a_name_that_is_taken_is_refused(
    bars: Bars, kind: str, names: list[str], message: str
) -> None:
    extras = [replace(extra_of(bars), names=(name,)) for name in names]
    with pytest.raises(InputError, match=message):
        make_features(bars, kind, extras=extras)


def test_an_input_that_is_known_too_late_is_named(bars: Bars) -> None:
    features = make_features(bars, "ohlcv+indicators", extras=[extra_of(bars)])
    features.require(lookback=5, fit=range(38))  # rows 33 to 37
    with pytest.raises(InputError, match=r"TEST: macd, macd_signal: known from session 34 on"):
        features.require(lookback=5, fit=range(37))
    short = make_features(bars.rows(slice(0, 30)), "ohlcv+indicators")
    with pytest.raises(InputError, match="macd_signal: not known in any of the 30 sessions"):
        short.require(lookback=5, fit=range(25))


def test_an_unknown_kind_is_answered_with_the_nearest(bars: Bars) -> None:
    with pytest.raises(InputError, match=r"did you mean 'ohlcv\+indicators'"):
        make_features(bars, "ohlcv+indicator")
