"""Simulated bars are reproducible, plausible, and never pass for real ones."""

from __future__ import annotations

import numpy as np
import pytest

from backtests.sources.simulated import Simulated
from backtests.sources.source import NotCovered
from forecasters.bars import COLUMNS, Bars

FIRST_ROWS = [
    [32350, 32650, 31250, 31750, 871702],
    [31750, 31950, 30900, 31500, 824694],
    [31700, 31900, 31650, 31850, 384892],
]
TICKERS = ("051900.KS", "035760.KQ", "AAPL", "^KS11")


def fetch(ticker: str, start: str = "1990-01-01", end: str = "2026-01-01") -> Bars:
    return Simulated().fetch(ticker, start, end)


def test_they_say_what_they_are() -> None:
    origin = fetch("051900.KS").origin
    assert origin.simulated
    assert (origin.source, origin.vendor) == ("simulated", "random generator")


@pytest.mark.parametrize("ticker", TICKERS)
def test_a_longer_request_leaves_the_rows_as_they_were(ticker: str) -> None:
    long = fetch(ticker)
    for start, end in (("1990-01-01", "1990-02-03"), ("2015-03-04", "2019-05-06")):
        short, same = fetch(ticker, start, end), long.between(start, end)
        assert short.digest == same.digest


def test_the_first_rows_are_these() -> None:
    # A change of these rows changes every run that was made without a network: say so in the
    # changelog. Drawn by this code in November 2026, and on the tick grid of 1990 by inspection.
    bars = fetch("051900.KS", "1990-01-01", "1990-01-05")
    assert bars.sessions.astype(str).tolist() == ["1990-01-02", "1990-01-03", "1990-01-04"]
    rows = [[int(getattr(bars, name)[t]) for name in COLUMNS] for t in range(3)]
    assert rows == FIRST_ROWS


@pytest.mark.parametrize("ticker", TICKERS)
def test_volatility_clusters_and_tails_are_fat(ticker: str) -> None:
    r = np.diff(np.log(fetch(ticker).close))
    size = np.abs(r)
    noise = 1 / np.sqrt(size.size)
    for lag in (1, 5, 10):
        assert np.corrcoef(size[:-lag], size[lag:])[0, 1] > 5 * noise
    assert ((r - r.mean()) ** 4).mean() / r.var() ** 2 > 3.5
    assert abs(np.corrcoef(r[:-1], r[1:])[0, 1]) < 5 * noise
    assert 0.01 < r.std() < 0.03


@pytest.mark.parametrize("ticker", TICKERS)
def test_volume_follows_the_size_of_the_day(ticker: str) -> None:
    bars = fetch(ticker)
    r = np.abs(np.diff(np.log(bars.close)))
    assert np.corrcoef(r, np.log(bars.volume[1:]))[0, 1] > 0.2


@pytest.mark.slow
def test_prices_stay_sane_for_decades() -> None:
    for number in range(20):
        close = fetch(f"{number:06d}.KS").close
        assert close.max() / close.min() < 100
        assert 500 < close.min() < close.max() < 2e7


def test_won_lie_on_the_ticks_of_their_date() -> None:
    for number in range(12):
        for suffix, top in ((".KS", 1000), (".KQ", 100)):
            bars = fetch(f"{number:06d}{suffix}", "2020-01-01")
            before = bars.sessions < np.datetime64("2023-01-25")
            for name in COLUMNS[:4]:
                p = getattr(bars, name)
                old = np.select([p < 5e4, p < 1e5, p < 5e5], [50, 100, min(500, top)], top)
                old = np.where(p < 1e4, 10, old)
                new = np.select(
                    [p < 5e3, p < 2e4, p < 5e4, p < 2e5, p < 5e5], [5, 10, 50, 100, 500], 1000
                )
                p, old, new = (x[p >= 2000] for x in (p, np.where(before, old, new), new))
                assert (p % np.where(p < 5000, 5, old) == 0).all()


@pytest.mark.slow
def test_the_2023_ticks_start_on_their_day() -> None:
    # 10,000 to 20,000 won: by 50 before 2023-01-25, by 10 from then on.
    odd = 0
    for number in range(16):
        bars = fetch(f"{number:06d}.KS", "2021-01-01", "2025-01-01")
        after = bars.sessions >= np.datetime64("2023-01-25")
        band = (bars.close >= 10_000) & (bars.close < 20_000)
        assert (bars.close[band & ~after] % 50 == 0).all()
        odd += int((bars.close[band & after] % 50 != 0).sum())
    assert odd > 50


def test_daily_limits_are_never_exceeded() -> None:
    for number in range(24):
        bars = fetch(f"{number:06d}.KS")
        limit = np.where(bars.sessions[1:] < np.datetime64("2015-06-15"), 0.15, 0.30)
        for name in COLUMNS[:4]:
            change = getattr(bars, name)[1:] / bars.close[:-1] - 1
            assert (np.abs(change) <= limit + 1e-12).all()


def test_no_session_on_weekends_and_fixed_holidays() -> None:
    days = fetch("X").sessions
    text = days.astype(str)
    assert np.is_busday(days).all()
    assert not any(day.endswith(("-12-25", "-08-15", "-01-01")) for day in text)
    per_year = len(days) / 36
    assert 240 < per_year < 262


def test_a_span_without_a_session_is_refused() -> None:
    with pytest.raises(NotCovered, match="starts 1990-01-02"):
        fetch("X", "1980-01-01", "1990-01-01")
    with pytest.raises(NotCovered, match="keeps weekdays"):
        fetch("X", "2020-02-01", "2020-02-03")
