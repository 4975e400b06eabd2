"""Markets that hypothesis makes of what can happen to a price on the Korea Exchange."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from tests.backtests.simulation.market import exact, limit_of, tick

#: Sessions around every day on which a tax, a limit, a tick or a lot changed.
STARTS = (
    "2014-05-26", "2015-06-09", "2019-05-24", "2020-12-23", "2022-12-22", "2023-01-19", "2023-12-21",
    "2024-12-23", "2025-12-23",
)  # fmt: skip
PRICES = (30, 960, 1_990, 4_980, 9_980, 20_000, 49_900, 99_700, 203_000, 505_000)
EVENTS = (
    "walk", "walk", "walk", "walk", "up", "down", "jump", "flat", "halt", "missing", "quiet", "thin",
    "locked up", "locked down", "opens up", "opens down", "beyond",
)  # fmt: skip
#: Forecast over close; 1.25 and 1 make ties, 1.05 is exactly the threshold.
CALLS = (None, 0.97, 0.99, 1.0, 1.002, 1.01, 1.02, 1.05, 1.05, 1.05, 1.08, 1.25, 1.25)


def _row(event: str, last: Fraction, day: str, kosdaq: bool, rng: Any) -> tuple[Any, ...]:
    """Return open, high, low, close and volume of a session, unrounded but where it is locked."""
    upper, lower = (limit_of(last, sign, day, kosdaq) for sign in (1, -1))
    opened = float(last) * np.exp(rng.normal(0, 0.015))
    close = opened * np.exp(rng.normal(0, 0.02))
    volume = int(rng.integers(1_000, 100_000))
    if event == "up":
        close = float(last) * 1.05
    if event == "down":
        close = float(last) * 0.95
    if event == "jump":
        opened = float(last) * (1 + rng.uniform(-0.14, 0.14))
    if event == "flat":
        return last, last, last, last, volume
    if event == "halt":
        return 0, 0, 0, last, 0
    if event == "locked up":
        return upper, upper, upper, upper, volume
    if event == "locked down":
        return lower, lower, lower, lower, volume
    if event == "opens up":
        return upper, upper, min(close, upper), min(close, upper), volume
    if event == "opens down":
        return lower, max(close, lower), lower, max(close, lower), volume
    if event == "beyond":
        opened = float(last) * rng.choice([0.6, 1.4])
        close = opened * np.exp(rng.normal(0, 0.1))
    volume = {"quiet": 0, "thin": int(rng.integers(1, 60))}.get(event, volume)
    high = max(opened, close) * (1 + rng.choice([0, 0.01]) * rng.random())
    low = min(opened, close) * (1 - rng.choice([0, 0.01]) * rng.random())
    return opened, high, low, close, volume


def _on_tick(price: Any, day: str, kosdaq: bool) -> Fraction:
    if not price:
        return Fraction(0)
    price = max(Fraction(price), Fraction(2))
    step = tick(price, day, kosdaq)
    return Fraction(round(price / step) * step)


@st.composite
def tickers(draw: Any, name: str, days: Any) -> tuple[Bars, Forecasts]:
    """Draw the bars and forecasts of one ticker over these sessions, or some of them."""
    kosdaq, rng = name.endswith(".KQ"), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    listed = min(draw(st.sampled_from([0, 0, 0, 3, 30])), len(days) - 1)
    lives = draw(st.sampled_from([len(days)] * 6 + [9, 1]))
    split = draw(st.sampled_from([0, 0, 0, 8]))  # bars before are divided by it, volumes are not
    events = draw(st.lists(st.sampled_from(EVENTS), min_size=len(days), max_size=len(days)))
    last = _on_tick(draw(st.sampled_from(PRICES)), str(days[0]), kosdaq)
    kept, rows = [], []
    for t in range(listed, min(listed + lives, len(days))):
        event, day = events[t] if rows else "walk", str(days[t])
        if event == "missing":
            continue
        row = _row(event, last, day, kosdaq, rng)
        prices = [_on_tick(price, day, kosdaq) for price in row[:4]]
        last = prices[3]
        if t < split:
            prices = [round(price * Fraction(10, 7), 2) for price in prices]
        kept.append(t)
        rows.append([float(value) for value in (*prices, row[4])])
    columns = np.array(rows).T
    bars = Bars(name, days[kept], *columns)
    first = draw(st.integers(0, min(2, len(bars) - 1)))
    calls = draw(st.lists(st.sampled_from(CALLS), min_size=len(bars), max_size=len(bars)))
    closes = [
        float(exact(bars.close[t]) * exact(calls[t])) if calls[t] and bars.tradable[t] else np.nan
        for t in range(first, len(bars))
    ]
    known = bars.sessions[first:]
    centre = np.where(np.arange(known.size) < 6, 0.004, draw(st.sampled_from([0.0, -0.01, np.nan])))
    forecasts = Forecasts(
        name, "planted", np.repeat(known[:1], known.size), known,
        np.append(known[1:], np.datetime64("NaT")).astype("datetime64[D]"), bars.close[first:].copy(),
        np.array([closes]), np.append(bars.close[first + 1 :], np.nan),
        np.zeros(known.size, dtype=bool), (), centre,
    )  # fmt: skip
    return bars, forecasts


@st.composite
def markets(draw: Any, most: int = 4) -> tuple[dict[str, Bars], dict[str, Forecasts], Any]:
    """Draw bars, forecasts and membership of up to `most` tickers over the same sessions."""
    n = draw(st.sampled_from([2, 12, 20, 20, 30]))
    days = np.busday_offset(draw(st.sampled_from(STARTS)), np.arange(n), roll="forward")
    names = ("C.KS", "A.KQ", "B.KS", "D.KS")[: draw(st.integers(1, most))]
    made = {name: draw(tickers(name, days)) for name in names}
    members = {
        name: np.array(draw(st.lists(st.booleans(), min_size=len(bars), max_size=len(bars))))
        for name, (bars, _) in made.items()
        if draw(st.sampled_from([False, False, True]))
    }
    bars, forecasts = ({name: pair[i] for name, pair in made.items()} for i in (0, 1))
    return bars, forecasts, members or None
