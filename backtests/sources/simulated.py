"""Daily bars from a random generator, for work without a network. They are not market prices."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backtests.sources.source import NotCovered, check_ticker, parse_dates
from forecasters.bars import Bars, Days, Floats, Origin

#: Every series starts here, whatever the requested dates, so a longer one begins with the shorter.
FIRST = np.datetime64("1990-01-02")
#: Fixed-date Korean holidays and the exchange's last day of the year, month and day.
HOLIDAYS = ("0101", "0301", "0501", "0505", "0606", "0815", "1003", "1009", "1225", "1231")
#: Daily price limit and ticks of the Korea Exchange: from which price on, tick in won.
#: Sources: global.krx.co.kr GLB0602010201T5 and GLB0602020201; etoday 2213548 for 2023.
LIMIT_SWITCH, LIMITS = np.datetime64("2015-06-15"), (0.15, 0.30)
TICK_SWITCH = np.datetime64("2023-01-25")
KOSPI_TICKS = ((1000, 5000, 10000, 50000, 100000, 500000), (1, 5, 10, 50, 100, 500, 1000))
KOSDAQ_TICKS = ((1000, 5000, 10000, 50000), (1, 5, 10, 50, 100))
NEW_TICKS = ((2000, 5000, 20000, 50000, 200000, 500000), (1, 5, 10, 50, 100, 500, 1000))
#: All other tickers have ticks of a cent.
CENT = ((), (0.01,))

#: Daily return: GARCH(1,1), variance v' = (1 - ALPHA - BETA) V + ALPHA r^2 + BETA v, with shocks of
#: Student's t (Bollerslev 1987). The fourth moment exists:
#: 6 ALPHA^2 + 2 ALPHA BETA + BETA^2 < 1, 6 being the kurtosis of t with 6 degrees.
DAILY, ALPHA, BETA, DEGREES = 0.018, 0.08, 0.90, 6.0
#: Pull of the log price back to a slowly rising line; without it, a random walk of thirty-five years
#: ends near zero or in the trillions.
PULL, DRIFT = 0.0015, 0.02 / 245
#: Share of the day's standard deviation that is in the gap before the open.
GAP = 0.45
#: Mean distance of high and low beyond open and close, in standard deviations of the day.
REACH = 0.45
#: Log volume: persistence, increase with the size of the day's return, noise.
STICKY, LIFT, NOISE = 0.75, 0.35, 0.25
DRAWS = 8

Ticks = tuple[tuple[int, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Simulated:
    """A series seeded by the ticker, with clustered volatility, fat tails, gaps and limits.

    Row t depends only on the ticker and on the rows before it: two requests agree bit for bit where they
    overlap. Tickers that end in `.KS` or `.KQ` are in won, on the exchange's ticks and within its daily
    limits (30%, before 2015-06-15 15%); all others are in cents, within 30%. The sessions are the Korean
    weekdays without fixed holidays.

    References
    ----------
    Bollerslev (1987), "A conditionally heteroskedastic time series model for speculative prices
    and rates of return". Bailey (1994), "Polar generation of random variates with the
    t-distribution".
    """

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the simulated bars from `start` to before `end`."""
        first, stop = parse_dates(start, end)
        days = _sessions(stop)
        if not (days >= first).any():
            raise NotCovered(
                f"no simulated session from {start} to before {end}; the series starts {FIRST} "
                "and keeps weekdays: change --start and --end"
            )
        opened, high, low, close, volume = _grow(check_ticker(ticker), days)[days >= first].T
        origin = Origin(
            source="simulated", vendor="random generator", simulated=True, adjusted="splits"
        )
        return Bars(ticker, days[days >= first], opened, high, low, close, volume, origin=origin)


def _sessions(stop: np.datetime64) -> Days:
    """Return the weekdays from `FIRST` to before `stop`, without fixed holidays."""
    days = np.arange(FIRST, max(stop, FIRST), dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    month_day = [text[5:7] + text[8:] for text in days.astype(str)]
    return days[~np.isin(month_day, HOLIDAYS)]


def _uniforms(ticker: str, rows: int) -> Floats:
    """Return uniform draws in (0, 1), shape [rows, DRAWS]; a longer series begins with the shorter.

    They are made from the raw bits of a counter, which numpy promises not to change between versions. It
    does not promise this for its normal and t draws.
    """
    seed = int.from_bytes(hashlib.sha256(ticker.encode()).digest()[:16], "big")
    raw = np.random.Philox(key=seed).random_raw(rows * DRAWS)
    return (((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53).reshape(rows, DRAWS)


def _shocks(u: list[float]) -> tuple[float, float, float]:
    """Return a t shock of variance 1 and two normal shocks from four uniform draws.

    One row at a time: numpy's functions may round differently in the middle of an array and at its
    end, and a row must not depend on how many rows follow it.
    """
    radius = math.sqrt(DEGREES * (u[0] ** (-2.0 / DEGREES) - 1.0))
    t = radius * math.cos(2 * math.pi * u[1]) * math.sqrt((DEGREES - 2.0) / DEGREES)
    size, angle = math.sqrt(-2.0 * math.log(u[2])), 2 * math.pi * u[3]
    return t, size * math.cos(angle), size * math.sin(angle)


def _grow(ticker: str, days: Days) -> Floats:
    """Return open, high, low, close and volume of the whole series, shape [T, 5]."""
    won = ticker.endswith((".KS", ".KQ"))
    level, busy = _uniforms(ticker + "|level", 1)[0, :2]
    close = 5000.0 * 100.0**level if won else 10.0 * 30.0**level
    base = math.log((2e10 if won else 1e8) / close) + 2.0 * (busy - 0.5)
    draws = _uniforms(ticker, len(days)).tolist()
    old_ticks = KOSPI_TICKS if ticker.endswith(".KS") else KOSDAQ_TICKS
    new_ticks = (days >= TICK_SWITCH).tolist()
    wide = (days >= LIMIT_SWITCH).tolist() if won else [True] * len(days)

    variance, crowd, line = DAILY**2, 0.0, math.log(close)
    inner = math.sqrt(1.0 - GAP**2)
    rows = np.empty((len(days), 5))
    for t, u in enumerate(draws):
        shock, gap_shock, noise = _shocks(u)
        up, down = -REACH * math.log(u[4]), -REACH * math.log(u[5])
        ticks = CENT if not won else NEW_TICKS if new_ticks[t] else old_ticks
        limit = LIMITS[wide[t]]
        # Limits are rounded to a tick towards the previous close, so they can never be exceeded.
        floor = _to_tick(close * (1.0 - limit), ticks, math.ceil)
        top = _to_tick(close * (1.0 + limit), ticks, math.floor)
        deviation = math.sqrt(variance)
        line += DRIFT
        pull = DRIFT + PULL * (line - math.log(close))
        gap = GAP * deviation * gap_shock
        opened = _to_tick(close * math.exp(gap), ticks, round)
        closed = _to_tick(close * math.exp(pull + gap + inner * deviation * shock), ticks, round)
        opened, closed = min(max(opened, floor), top), min(max(closed, floor), top)
        high = _to_tick(max(opened, closed) * math.exp(deviation * up), ticks, round)
        low = _to_tick(min(opened, closed) * math.exp(-deviation * down), ticks, round)
        change = math.log(closed / close)
        crowd = STICKY * crowd + LIFT * (min(abs(change) / DAILY, 6.0) - 0.75) + NOISE * noise
        rows[t] = (opened, min(high, top), max(low, floor), closed, round(math.exp(base + crowd)))
        variance = (1.0 - ALPHA - BETA) * DAILY**2 + ALPHA * change**2 + BETA * variance
        close = closed
    return rows


def _to_tick(price: float, ticks: Ticks, cut: Callable[[float], int]) -> float:
    """Return the price rounded to a tick by `cut` (round, floor, ceil)."""
    bounds, sizes = ticks
    size = sizes[bisect_right(bounds, price)]
    # A cent is no binary fraction: divided by 100, not multiplied by 0.01, prices print exactly.
    return cut(price * 100.0) / 100.0 if size == 0.01 else float(cut(price / size) * size)
