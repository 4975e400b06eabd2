"""The Korea Exchange with a pencil: taxes, limits, ticks and lots by date, and the bars of a ticker."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

# --- what the Korea Exchange takes and allows, by trade date ---------------------------------------

TAX = {
    "1996-01-01": "0.0030", "2019-05-30": "0.0025", "2020-12-29": "0.0023", "2022-12-28": "0.0020",
    "2023-12-27": "0.0018", "2024-12-27": "0.0015", "2025-12-29": "0.0020",
}  # fmt: skip
LIMIT = {"1998-12-07": "0.15", "2015-06-15": "0.30"}
OLD = ((500_000, 1_000), (100_000, 500), (50_000, 100), (10_000, 50), (5_000, 10), (1_000, 5))
NEW = ((500_000, 1_000), (200_000, 500), (50_000, 100), (20_000, 50), (5_000, 10), (2_000, 5))


def exact(number: float) -> Fraction:
    """Return a number as it is written: 0.05 is a twentieth."""
    return Fraction(repr(float(number)))


def of_day(table: dict[str, str], day: str) -> Fraction:
    """Return the value that is in force on a day."""
    return Fraction(table[max(since for since in table if since <= day)])


def tick(price: Fraction, day: str, kosdaq: bool) -> int:
    """Return the step of a price; on KOSDAQ it stayed at 100 won until 2023."""
    step = next((s for start, s in (NEW if day >= "2023-01-25" else OLD) if price >= start), 1)
    return min(step, 100) if kosdaq and day < "2023-01-25" else step


def limit_of(previous: Fraction, sign: int, day: str, kosdaq: bool) -> Fraction:
    """Return the day's upper (1) or lower (-1) limit.

    The range is cut down to a tick of the close before, and the limit to a tick of the limit.
    """
    step = tick(previous, day, kosdaq)
    limit = previous + sign * (previous * of_day(LIMIT, day) // step * step)
    step = tick(limit, day, kosdaq)
    return sign * math.floor(sign * limit / step) * Fraction(step)


# --- one ticker ------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """One session of a ticker, and what is known of it at its close."""

    day: str
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction
    volume: Fraction
    halt: bool
    previous: Fraction | None  # the close before
    closes: list[Fraction]  # up to today's
    forecast: Fraction | None
    centre: float
    member: bool

    @property
    def ratio(self) -> float | None:
        """Return forecast over close."""
        return None if self.forecast is None else float(self.forecast) / float(self.close)


class Ticker:
    """The bars of a ticker from its first forecast on, by day, and the prices it trades at."""

    def __init__(self, bars: Any, forecasts: Any, member: Any, costs: Any) -> None:
        self.name, self.costs = bars.ticker, costs
        self.krx, self.kosdaq = costs.market.name == "krx", bars.ticker.endswith(".KQ")
        known = {
            str(day): (exact(close) if math.isfinite(close) else None, float(centre))
            for day, close, centre in zip(
                forecasts.as_of, forecasts.close, forecasts.centre, strict=True
            )
        }
        self.bars: dict[str, Bar] = {}
        self.trusted = self.left = self.counted = "never"  # sorts after every day
        closes: list[Fraction] = []
        for i, day in enumerate(map(str, bars.sessions)):
            prices = [exact(getattr(bars, name)[i]) for name in ("open", "high", "low", "close")]
            volume, on = exact(bars.volume[i]), bool(bars.tradable[i])
            previous, closes = (closes or [None])[-1], [*closes, prices[3]]
            if day >= min(known):
                now = known.get(day, (None, math.nan))
                may = member is None or bool(member[i])
                self.bars[day] = Bar(day, *prices, volume, not on, previous, closes, *now, may)
            if on:
                self.trusted = min(self.trusted, day)
                if any(price % self.tick(price, day) for price in prices):
                    self.left = min(self.left, day)
            if volume:
                self.counted = min(self.counted, day)

    def shut(self, day: str) -> str:
        """Return why no order can be sent on this day."""
        bar = self.bars.get(day)
        return "no bar" if bar is None else "halt" if bar.halt else ""

    def close_by(self, day: str) -> Fraction:
        """Return the newest close on a day."""
        return self.bars[max(past for past in self.bars if past <= day)].close

    def lot(self, day: str) -> int:
        """Return the shares of a lot: 10 on KOSPI below 50,000 won, until June 2014."""
        bar = self.bars[day]
        low = (bar.previous or bar.open) < 50_000
        return 10 if self.krx and not self.kosdaq and low and day < "2014-06-02" else 1

    def tick(self, price: Fraction, day: str) -> int:
        """Return the step of a price in this ticker's segment."""
        return tick(price, day, self.kosdaq)

    def grid(self, day: str) -> bool:
        """Return whether all prices before this day lay on ticks: after a split they do not."""
        return self.krx and self.trusted < day <= self.left

    def empty(self, bar: Bar) -> bool:
        """Return whether nothing was traded, in a series that has had volumes."""
        return bar.volume == 0 and self.counted < bar.day

    def rounded(self, price: Fraction, sign: int, day: str) -> Fraction:
        """Return the next tick against the trader: up for a buy (1), down for a sell (-1)."""
        step = self.tick(price, day)
        return sign * math.ceil(sign * price / step) * Fraction(step) if self.grid(day) else price

    def slipped(self, price: Fraction, sign: int, day: str) -> Fraction:
        """Return the price after slippage, on a tick."""
        if self.grid(day) and self.costs.slippage_ticks is not None:
            for _ in range(self.costs.slippage_ticks):
                reached = price if sign > 0 else price - Fraction(1, 10**6)
                price += sign * self.tick(reached, day)
            return price
        share = exact(self.costs.slippage_bps) / 10_000
        return self.rounded(price * (1 + sign * share), sign, day)

    def locked(self, price: Fraction, sign: int, bar: Bar) -> bool:
        """Return whether a price is the day's limit, on the side where nobody trades with us."""
        if not self.krx or bar.previous is None:
            return False
        limit, slack = limit_of(bar.previous, sign, bar.day, self.kosdaq), Fraction(0)
        if not self.grid(bar.day):  # divided by a split: within the widest tick
            limit = bar.previous * (1 + sign * of_day(LIMIT, bar.day))
            slack = Fraction(1, 400) if bar.day >= "2023-01-25" else Fraction(1, 200)
        edge = bar.high if sign > 0 else bar.low
        beyond = sign * (edge - limit * (1 + sign * slack)) > 0  # then the day had no limit
        return sign * (price - limit * (1 - sign * slack)) >= 0 and not beyond

    def commission(self, value: Fraction) -> Fraction:
        """Return the commission on either side."""
        return value * exact(self.costs.commission_bps) / 10_000

    def tax(self, value: Fraction, day: str) -> Fraction:
        """Return the tax of a seller."""
        if self.costs.tax_bps is not None:
            return value * exact(self.costs.tax_bps) / 10_000
        return value * of_day(TAX, day) if self.krx else Fraction(0)
