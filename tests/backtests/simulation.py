"""An account kept with a pencil: what every fill, the cash and the equity of a backtest must be.

Written from the rules of the exchange and the sentences of the strategies, in exact fractions, to be
read from top to bottom and believed. Of the product it takes the settings alone: it imports nothing
of it, knows no Backtrader, and has tables of its own.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

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

    The range is cut down to a tick of the close before, and the limit to a tick of its own.
    """
    step = tick(previous, day, kosdaq)
    limit = previous + sign * (previous * of_day(LIMIT, day) // step * step)
    step = tick(limit, day, kosdaq)
    return sign * math.floor(sign * limit / step) * Fraction(step)


def lot(day: str, previous: Fraction, kosdaq: bool) -> int:
    """Return the shares of a lot: 10 on KOSPI below 50,000 won, until June 2014."""
    return 10 if day < "2014-06-02" and previous < 50_000 and not kosdaq else 1


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


class Ticker:
    """The bars of a ticker from its first forecast on, by day, and the prices it trades at."""

    def __init__(self, bars: Any, forecasts: Any, member: Any, broker: Any) -> None:
        self.name, self.costs = bars.ticker, broker.costs
        self.krx = broker.costs.market.name == "krx"
        self.kosdaq = bars.ticker.endswith(".KQ")
        columns = [getattr(bars, name) for name in ("open", "high", "low", "close", "volume")]
        rows = [[exact(value) for value in row] for row in zip(*columns, strict=True)]
        days = [str(day) for day in bars.sessions]
        known = {
            str(day): (exact(close) if math.isfinite(close) else None, float(centre))
            for day, close, centre in zip(forecasts.as_of, forecasts.close, forecasts.centre, strict=True)
        }  # fmt: skip
        self.bars = {
            day: Bar(
                day, *rows[i], not bars.tradable[i], rows[i - 1][3] if i else None,
                [row[3] for row in rows[: i + 1]], *known.get(day, (None, math.nan)),
                member is None or bool(member[i]),
            )
            for i, day in enumerate(days)
            if day >= min(known)
        }  # fmt: skip
        self.last = max(self.bars)
        off = [
            days[i]
            for i, row in enumerate(rows)
            if bars.tradable[i] and any(price % self.tick(price, days[i]) for price in row[:4])
        ]
        self.trusted = min(
            (day for day, on in zip(days, bars.tradable, strict=True) if on), default="9"
        )
        self.left = min(off, default="9")
        self.counted = min((days[i] for i, row in enumerate(rows) if row[4]), default="9")

    def tick(self, price: Fraction, day: str) -> int:
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
        return value * exact(self.costs.commission_bps) / 10_000

    def tax(self, value: Fraction, day: str) -> Fraction:
        if self.costs.tax_bps is not None:
            return value * exact(self.costs.tax_bps) / 10_000
        return value * of_day(TAX, day) if self.krx else Fraction(0)


# --- the account -----------------------------------------------------------------------------------


@dataclass
class Position:
    size: int
    price: Fraction
    decided: Fraction  # the close of the decision
    sessions: int = 0  # since the decision
    leaving: tuple[str, str] | None = None  # why, and decided when
    limit: tuple[Fraction, str] | None = None  # for the next session, and decided when


class Order(NamedTuple):
    ticker: Ticker
    sign: int
    size: int
    day: str
    decided: str
    reason: str
    limit: Fraction | None = None
    close: Fraction | None = None  # that of a decision to buy
    needs: int = 0  # sales of the same moment that must come first, for the slot


class Row(NamedTuple):
    """A fill as the table of fills shows it."""

    decided: str
    session: str
    ticker: str
    side: str
    size: int
    price: float
    commission: float
    tax: float
    slippage: float
    cash: float
    reason: str


@dataclass
class Account:
    """What `run_backtest` is asked to do, done by hand; read `fills`, `unfilled`, `days`."""

    bars: Any
    forecasts: Any
    rule: Any
    broker: Any
    members: Any = None
    fills: list[Row] = field(default_factory=list)
    unfilled: list[tuple[str, str, str, str, int, str]] = field(default_factory=list)
    days: list[tuple[str, float, float]] = field(default_factory=list)  # session, cash, equity

    def run(self) -> Account:
        """Go through the sessions: the open, the day, the close."""
        flags = self.members or {}
        self.tickers = [
            Ticker(self.bars[name], self.forecasts[name], flags.get(name), self.broker)
            for name in sorted(self.bars)
        ]
        self.cash, self.held = exact(self.broker.cash), {}
        self.equity, self.past = self.cash, {}
        self.wishes: list[tuple[float, Ticker, Bar, Fraction | None, str]] = []
        at_close = getattr(self.rule, "fill", "open") == "close"
        sent: list[Order] = []
        for day in sorted({day for ticker in self.tickers for day in ticker.bars}):
            self.taken: dict[str, int] = self.taken if at_close and sent else {}
            if not at_close:
                sent = self.send(day, "open")
            done = self.trade(sent)
            self.taken = {}
            self.stand(day, sent, done)
            self.decide(day)
            self.days.append((day, float(self.cash), float(self.equity)))
            sent = self.send(day, "close") if at_close else []
        self.call_delisted(day)
        return self

    # --- at the open, or at the close of the decision ----------------------------------------------

    def send(self, day: str, moment: str) -> list[Order]:
        """Return the orders of this moment: sales, then purchases, the highest forecast first."""
        cash, free, freed = self.cash, self.broker.slots - len(self.held), 0
        orders = []
        for ticker in self.tickers:
            position = self.held.get(ticker)
            if position is None or position.leaving is None:
                continue
            reason, decided = position.leaving
            if why := self.shut(ticker, day):
                self.miss(decided, day, ticker, -1, position.size, why)
                continue
            price = ticker.slipped(getattr(ticker.bars[day], moment), -1, day)
            cash += self.value(ticker, -1, position.size, price, day)
            orders.append(Order(ticker, -1, position.size, day, decided, reason))
            freed += 1
        for _, ticker, decision, limit, reason in sorted(
            self.wishes, key=lambda wish: (-wish[0], wish[1].name)
        ):
            if free + freed <= 0:
                continue
            if why := self.shut(ticker, day):
                self.miss(decision.day, day, ticker, 1, 0, why)
                continue
            bar = ticker.bars[day]
            quoted = getattr(bar, moment)
            budget = exact(self.broker.cash_fraction) * min(cash, self.equity / self.broker.slots)
            lots = lot(day, bar.previous or bar.open, ticker.kosdaq) if ticker.krx else 1
            size = budget // quoted // lots * lots
            if size < 1:
                self.miss(decision.day, day, ticker, 1, 0, "unaffordable")
                continue
            cost = -self.value(ticker, 1, size, ticker.slipped(quoted, 1, day), day)
            if cost > cash:
                self.miss(decision.day, day, ticker, 1, size, "rejected")
                continue
            cash -= cost
            free -= 1
            needs = max(0, -free)  # takes the slot of a sale, and waits for it
            orders.append(
                Order(ticker, 1, size, day, decision.day, reason, limit, decision.close, needs)
            )
        self.wishes.clear()
        return orders

    def trade(self, orders: list[Order]) -> list[Ticker]:
        """Fill market orders at their open or close; return what was bought to the last share."""
        moment = "close" if getattr(self.rule, "fill", "open") == "close" else "open"
        sold, whole = 0, []
        for order in orders:
            bar = order.ticker.bars[order.day]
            if order.needs > sold:
                self.miss(order.decided, order.day, order.ticker, 1, order.size, "expired")
                continue
            quoted = getattr(bar, moment)
            filled = self.fill(order, quoted, bar.high if order.sign > 0 else bar.low)
            if order.sign > 0 and filled:
                price = self.exact_price
                self.held[order.ticker] = Position(filled, price, order.close)
            if filled == order.size and order.sign < 0:
                sold += 1
            if filled == order.size and order.sign > 0:
                whole.append(order.ticker)
        return whole

    def stand(self, day: str, sent: list[Order], whole: list[Ticker]) -> None:
        """Fill the limit sales of a day, also of what was bought at its open or the close before."""
        new = [
            (order.ticker, order.limit, order.decided)
            for order in sent
            if order.limit is not None and order.ticker in whole
        ]
        old = [
            (ticker, *self.held[ticker].limit)
            for ticker in self.tickers
            if ticker in self.held and self.held[ticker].limit
        ]
        for ticker, limit, decided in [*new, *old]:
            if self.shut(ticker, day) or self.held[ticker].leaving:
                continue
            bar = ticker.bars[day]
            order = Order(ticker, -1, self.held[ticker].size, day, decided, "touch")
            limit = ticker.rounded(limit, 1, day)
            if ticker.empty(bar):
                self.miss(decided, day, ticker, -1, order.size, "no volume")
            elif bar.open >= limit:
                self.fill(order, bar.open, limit)
            elif bar.high >= limit:
                self.fill(order, limit, limit)

    # --- fills -------------------------------------------------------------------------------------

    def fill(self, order: Order, quoted: Fraction, bound: Fraction) -> int:
        """Fill what the market lets, at a price within `bound`; return the shares."""
        ticker, sign, day = order.ticker, order.sign, order.day
        bar, size, why = ticker.bars[day], order.size, ""
        if ticker.empty(bar):
            size, why = 0, "no volume"
        elif ticker.locked(quoted, sign, bar):
            size, why = 0, "upper limit" if sign > 0 else "lower limit"
        elif self.broker.volume_cap is not None and bar.volume:
            cap = exact(self.broker.volume_cap) * bar.volume - self.taken.get(ticker.name, 0)
            if size > cap:
                size, why = max(0, math.floor(cap)), "volume cap"
                lots = lot(day, bar.previous or bar.open, ticker.kosdaq) if ticker.krx else 1
                size -= size % lots if sign > 0 else 0
        price = ticker.slipped(quoted, sign, day)
        price = min(price, bound) if sign > 0 else max(price, bound)
        value = self.value(ticker, sign, size, price, day)
        if self.cash + value < 0:
            self.miss(order.decided, day, ticker, sign, order.size, "rejected")
            return 0
        if why:
            self.miss(order.decided, day, ticker, sign, order.size - size, why)
        if not size:
            return 0
        self.cash += value
        self.exact_price = price
        self.taken[ticker.name] = self.taken.get(ticker.name, 0) + size
        if sign < 0:
            self.held[ticker].size -= size
            if not self.held[ticker].size:
                del self.held[ticker]
        paid = ticker.commission(size * price), ticker.tax(size * price, day) if sign < 0 else 0
        money = map(float, (price, *paid, size * abs(price - quoted), self.cash))
        side = "buy" if sign > 0 else "sell"
        self.fills.append(Row(order.decided, day, ticker.name, side, size, *money, order.reason))
        return size

    def value(self, ticker: Ticker, sign: int, size: int, price: Fraction, day: str) -> Fraction:
        """Return what a fill adds to the cash; a purchase takes, and pays no tax."""
        value = size * price
        tax = ticker.tax(value, day) if sign < 0 else 0
        return -sign * value - ticker.commission(value) - tax

    def shut(self, ticker: Ticker, day: str) -> str:
        bar = ticker.bars.get(day)
        return "no bar" if bar is None else "halt" if bar.halt else ""

    def miss(self, decided: str, day: str, ticker: Ticker, sign: int, size: int, why: str) -> None:
        side = "buy" if sign > 0 else "sell"
        self.unfilled.append((decided, day, ticker.name, side, int(size), why))

    def call_delisted(self, end: str) -> None:
        """Of a sale that found no bar any more keep the first miss."""
        for ticker, position in self.held.items():
            if position.leaving and ticker.last < end:
                late = [m for m in self.unfilled if m[2] == ticker.name and m[1] > ticker.last]
                at = self.unfilled.index(late[0])
                self.unfilled[at] = (*late[0][:5], "delisted")
                self.unfilled = [m for m in self.unfilled if m not in late[1:]]

    # --- at the close ------------------------------------------------------------------------------

    def decide(self, day: str) -> None:
        """Value the account at the close and ask the rule about every ticker that has a bar."""
        today = [ticker for ticker in self.tickers if day in ticker.bars]
        self.equity = self.cash
        for ticker, position in self.held.items():
            seen = max(past for past in ticker.bars if past <= day)
            self.equity += position.size * ticker.bars[seen].close
        ratios = sorted(
            (-float(bar.forecast) / float(bar.close), ticker.name)
            for ticker in today
            if (bar := ticker.bars[day]).forecast is not None and bar.member
        )
        places = {name: place for place, (_, name) in enumerate(ratios, 1)}
        for ticker in today:
            bar, position = ticker.bars[day], self.held.get(ticker)
            if position:
                position.sessions += 1
            side, limit, reason = self.ask(ticker, bar, position, places.get(ticker.name, 0))
            if position and not position.leaving:
                position.leaving = (reason, day) if side == "sell" else None
                position.limit = None if limit is None or position.leaving else (limit, day)
            elif not position and side == "buy" and bar.member:
                ranked = self.rule.needs_forecast and bar.forecast is not None
                rank = float(bar.forecast) / float(bar.close) if ranked else 0.0
                self.wishes.append((rank, ticker, bar, limit, reason))

    def ask(self, ticker: Ticker, bar: Bar, position: Position | None, place: int) -> Any:
        """Return what the rule says: side, limit of a sale in the next session, reason."""
        rule, name = self.rule, type(self.rule).__name__
        if name == "FivePercentRule":
            return self.five_percent(bar, position)
        if name == "BuyAndHoldRule":
            return "" if position else "buy", None, "start"
        if name == "SmaCrossRule":
            fast, slow = (sum(bar.closes[-n:]) * Fraction(1, n) for n in (rule.fast, rule.slow))
            enough = len(bar.closes) >= rule.slow
            side = "sell" if position and fast < slow else "buy" if fast > slow else ""
            return side if enough else "", None, "sma_cross"
        if name == "DirectionRule":
            price = bar.close
            bought, sold = (ticker.slipped(price, sign, bar.day) for sign in (1, -1))
            cost = (
                bought - sold + 2 * ticker.commission(price) + ticker.tax(price, bar.day)
            ) / price
            up = None if bar.forecast is None else bar.forecast / price - 1
            side = (
                "" if up is None else "sell" if position and up < 0 else "buy" if up > cost else ""
            )
            return side, None, "forecast"
        if name == "RankRule":
            last = rule.k if rule.leave is None or not position else rule.leave
            inside = 1 <= place <= last
            side = "" if bar.forecast is None else "buy" if inside else "sell"
            return side, None, "rank"
        assert name == "QuantileRule"
        return self.quantile(ticker, bar, position)

    def quantile(self, ticker: Ticker, bar: Bar, position: Position | None) -> Any:
        """Compare today's centred forecast return with those of earlier sessions."""
        rule, past = self.rule, self.past.setdefault(ticker.name, deque(maxlen=self.rule.memory))
        if bar.forecast is None or not math.isfinite(bar.centre):
            return "", None, ""
        centred = float(bar.forecast) / float(bar.close) - 1 - bar.centre
        high, count = int(np.sum(np.array(past) >= centred)), len(past)
        past.append(centred)
        if count < rule.least:
            return "", None, ""
        if position:
            return "sell" if high > exact(rule.leave) * count else "", None, "quantile"
        return "buy" if high <= exact(rule.q) * count else "", None, "quantile"

    def five_percent(self, bar: Bar, position: Position | None) -> Any:
        """The 5% rule in all its readings."""
        rule, rise = self.rule, 1 + exact(self.rule.threshold)
        touch = rule.exit == "touch"
        if position is None:
            called = bar.forecast is not None and bar.forecast >= bar.close * rise
            limit = bar.close * rise if touch and rule.first_exit == 1 else None
            return "buy" if called else "", limit, "forecast"
        held = position.sessions
        if rule.max_hold is not None and held >= rule.max_hold:
            return "sell", None, "max_hold"
        if rule.stop_loss is not None and bar.close <= position.price * (1 - exact(rule.stop_loss)):
            return "sell", None, "stop_loss"
        if touch:
            return "", position.decided * rise if held + 1 >= rule.first_exit else None, ""
        over = {
            "entry": bar.close >= position.decided * rise,
            "day": bar.close >= bar.previous * rise,
            "one-day": True,
            "forecast": bar.forecast is not None
            and bar.forecast < bar.close * (1 + exact(rule.bound)),
        }[rule.exit]
        return "sell" if over and held >= rule.first_exit else "", None, rule.exit
