"""The ten indicators against exact arithmetic, written out in loops without NumPy or TA-Lib."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from forecasters.bars import COLUMNS, Bars, Floats
from forecasters.features import make_features
from forecasters.inputs.indicators import NAMES, indicators

MakeBars = Callable[..., Bars]
Exact = dict[str, list[Fraction | None]]

FIRST = {
    "wma": 9, "momentum": 9, "stochastic_k": 9, "stochastic_d": 18, "rsi": 10,
    "macd": 33, "macd_signal": 33, "williams_r": 9, "obv": 0, "cci": 9,
}  # fmt: skip


def exact(bars: Bars, smooth: int = 10) -> Exact:
    """Return what exact arithmetic makes of the formulas; None where the window is not full."""
    high, low, close, volume = (
        [Fraction(float(x)) for x in getattr(bars, name)]
        for name in ("high", "low", "close", "volume")
    )
    made: Exact = {name: [] for name in NAMES}
    typical = [(h + low_ + c) / 3 for h, low_, c in zip(high, low, close, strict=True)]
    fast, slow, signal = (_average(close, n) for n in (12, 26, 9))
    # TA-Lib starts both averages of MACD on the same row.
    fast = [None] * 25 + _average(close[14:], 12)[11:]
    difference = [f - s for f, s in zip(fast, slow, strict=True) if f is not None and s is not None]
    signal = [None] * 25 + _average(difference, 9)
    for t in range(len(close)):
        last = range(t - 9, t + 1)
        full = t >= 9
        made["wma"].append(sum(close[t - i] * (10 - i) for i in range(10)) / 55 if full else None)
        made["momentum"].append(close[t] - close[t - 9] if full else None)
        k = r = cci = None
        if full:
            top, bottom = max(high[i] for i in last), min(low[i] for i in last)
            k = r = Fraction(50)
            if top > bottom:
                k = (close[t] - bottom) / (top - bottom) * 100
                r = (top - close[t]) / (top - bottom) * 100
            mean = sum(typical[i] for i in last) / 10
            deviation = sum(abs(typical[i] - mean) for i in last) / 10
            cci = (
                (typical[t] - mean) / (Fraction(15, 1000) * deviation) if deviation else Fraction(0)
            )
        made["stochastic_k"].append(k)
        made["williams_r"].append(r)
        made["cci"].append(cci)
        latest = made["stochastic_k"][max(t - smooth + 1, 0) :]
        whole = [x for x in latest if x is not None]
        mean_k = sum(whole, Fraction(0)) / smooth if len(whole) == smooth else None
        made["stochastic_d"].append(mean_k)
        if t >= 10:
            up = sum(max(close[i] - close[i - 1], Fraction(0)) for i in last) / 10
            down = sum(max(close[i - 1] - close[i], Fraction(0)) for i in last) / 10
            strength = 100 - 100 / (1 + up / down) if down else Fraction(100 if up else 50)
            made["rsi"].append(strength)
        else:
            made["rsi"].append(None)
        has_macd = t >= 33
        made["macd"].append(difference[t - 25] if has_macd else None)
        made["macd_signal"].append(signal[t] if has_macd else None)
        sign = 0 if t == 0 else (close[t] > close[t - 1]) - (close[t] < close[t - 1])
        before = made["obv"][-1] if t else volume[0]
        assert before is not None
        made["obv"].append(before + sign * volume[t])
    return made


def _average(values: list[Fraction], n: int) -> list[Fraction | None]:
    """Return the exponential average of n, started with the simple mean of the first n."""
    made: list[Fraction | None] = [None] * min(n - 1, len(values))
    if len(values) >= n:
        now = sum(values[:n], Fraction(0)) / n
        made.append(now)
        for value in values[n:]:
            now = now + Fraction(2, n + 1) * (value - now)
            made.append(now)
    return made


def _prices(seed: int, level: float, decimals: int) -> dict[str, Floats]:
    """Return 120 sessions: 50 that move, 12 the same candle, 24 halts, 34 that move again."""
    rng = np.random.default_rng(seed)
    close = level * np.exp(np.cumsum(rng.normal(0, 0.02, 120)))
    high = close * (1 + rng.uniform(0, 0.02, 120))
    low = close * (1 - rng.uniform(0, 0.02, 120))
    rows = {"high": high, "low": low, "close": close, "open": close.copy()}
    rows = {name: np.round(column, decimals) for name, column in rows.items()}
    volume = rng.integers(1, 10**7, 120).astype(float)
    for column in rows.values():
        column[50:62] = column[50]
        column[62:86] = rows["close"][62]
    volume[62:86] = 0
    return {**rows, "volume": volume}


@pytest.mark.parametrize(
    ("level", "decimals"), [(50_000, 0), (120, 2), (0.7, 4), (1_000_000, 0)], ids=str
)
@pytest.mark.parametrize("seed", [0, 1])
def test_each_is_the_formula_of_the_paper(
    bars_of: MakeBars, seed: int, level: float, decimals: int
) -> None:
    rows = _prices(seed, level, decimals)
    bars = bars_of(rows.pop("close"), **rows)
    assert bars.halts == 24
    made = indicators(bars)
    assert tuple(made) == NAMES
    for name, expected in exact(bars).items():
        reference = np.array([np.nan if x is None else float(x) for x in expected])
        scale = level if name in ("wma", "momentum", "macd", "macd_signal") else 100
        np.testing.assert_allclose(
            made[name], reference, rtol=1e-10, atol=1e-12 * scale, equal_nan=True, err_msg=name
        )
        assert int(np.isnan(made[name]).sum()) == FIRST[name], name


def test_the_mean_of_k_may_be_over_three_sessions(bars_of: MakeBars) -> None:
    rows = _prices(2, 50_000, 0)
    bars = bars_of(rows.pop("close"), **rows)
    expected = [np.nan if x is None else float(x) for x in exact(bars, smooth=3)["stochastic_d"]]
    features = make_features(bars, "ohlcv+indicators-d3")
    column = features.X[:, features.names.index("stochastic_d")]
    np.testing.assert_allclose(column, expected, rtol=1e-11, equal_nan=True)
    assert features.names == make_features(bars, "ohlcv+indicators").names


def test_in_a_flat_stretch_nothing_is_left_of_the_prices_before(bars_of: MakeBars) -> None:
    """A running sum leaves a rounding there, which a scaler may blow up to the whole range."""
    for seed in range(20):
        rows = _prices(seed, 0.7 * 10**seed**0.5, 4)
        bars = bars_of(rows.pop("close"), **rows)
        made = {name: column[83:86] for name, column in indicators(bars).items()}
        assert made["wma"].tolist() == bars.close[83:86].tolist()
        for name, value in {
            "momentum": 0, "stochastic_k": 50, "stochastic_d": 50, "rsi": 50, "williams_r": 50, "cci": 0,
        }.items():  # fmt: skip
            assert made[name].tolist() == [value] * 3, name
        assert len(set(made["obv"])) == 1


@pytest.mark.parametrize("price", [0.1, 0.3, 1 / 3, 1234.56, 50_000.0])
def test_a_series_that_never_moved(bars_of: MakeBars, price: float) -> None:
    n = 60
    flat = {name: np.full(n, price) for name in ("open", "high", "low")}
    bars = bars_of(np.full(n, price), **flat, volume=np.full(n, 7.0))
    newest = {name: float(column[-1]) for name, column in indicators(bars).items()}
    assert newest == {
        "wma": price, "momentum": 0, "stochastic_k": 50, "stochastic_d": 50, "rsi": 50,
        "macd": 0, "macd_signal": 0, "williams_r": 50, "obv": 7, "cci": 0,
    }  # fmt: skip


def test_by_hand_on_closes_that_rise_by_one(bars_of: MakeBars) -> None:
    """On a straight line an average of n lags by (n - 1) / 2: MACD is 12.5 - 5.5."""
    close = np.arange(1.0, 61.0) + 100
    bars = bars_of(close, open=close, high=close + 1, low=close - 1, volume=np.full(60, 5.0))
    newest = {name: float(column[-1]) for name, column in indicators(bars).items()}
    assert newest == pytest.approx(
        {
            "wma": 160 - 3,  # 9 x 1 + 8 x 2 + ... + 1 x 9 = 165 = 3 x 55
            "momentum": 9,
            "stochastic_k": 100 * 10 / 11,  # from the low 9 sessions ago, 150, to the high, 161
            "stochastic_d": 100 * 10 / 11,
            "rsi": 100,
            "macd": 7,
            "macd_signal": 7,
            "williams_r": 100 / 11,
            "obv": 300,
            "cci": 120,  # 4.5 / (0.015 x 2.5)
        },
        rel=1e-12,
    )


def test_windows_forget_what_lies_before_them(bars_of: MakeBars, walk: Any) -> None:
    """The same sessions after 5,000 others give the same bits: nothing drifts."""
    close = walk(5000) / 7
    bars = bars_of(close, high=close * 1.01, low=close * 0.99)
    whole = indicators(bars)
    for start in (4943, 4944, 4981):
        part = indicators(bars.rows(slice(start, None)))
        for name in ("wma", "momentum", "stochastic_k", "stochastic_d", "rsi", "williams_r"):
            later = part[name][19:]
            assert later.tobytes() == whole[name][start + 19 :].tobytes(), name
        np.testing.assert_allclose(part["cci"][9:], whole["cci"][start + 9 :], rtol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 18, 19, 33, 34])
def test_short_bars_have_fewer_known_rows_and_no_error(bars_of: MakeBars, count: int) -> None:
    for name, column in indicators(bars_of(np.arange(100.0, 100.0 + count))).items():
        known = np.isfinite(column)
        assert known.tolist() == [row >= FIRST[name] for row in range(count)], name


def test_the_inputs_are_fifteen_and_known_after_33_sessions(bars_of: MakeBars, walk: Any) -> None:
    features = make_features(bars_of(walk(80)), "ohlcv+indicators")
    assert features.names == (*COLUMNS, *NAMES)
    assert features.X.shape == (80, 15)
    assert features.warmup == 33
