"""An account with a pencil: what every fill, the cash and the equity of a backtest must be.

To be read and believed: the exchange (`market.py`), the rules (`rules.py`) and the account are written
anew from what they are said to do, in exact fractions. Of the product they take settings, bars and
forecasts; they import nothing of it and know no Backtrader.

A session has three parts. At the open what was decided at the last close is traded: sales first, then
purchases, the highest forecast over close first, ties by name. During the day limit sales stand. At
the close the account is valued and the rule asked. A rule that fills at the close trades at the very
close it decides on; the books show it from the next session on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from tests.backtests.simulation.market import Bar, Ticker, exact
from tests.backtests.simulation.rules import ask


@dataclass
class Position:
    """What is held of a ticker."""

    size: int
    price: Fraction
    decided: Fraction  # the close of the decision
    sessions: int = 0  # since the decision
    leaving: tuple[str, str] | None = None  # why it is to be sold, and decided when
    limit: tuple[Fraction, str] | None = None  # a sale that stands tomorrow, and decided when


class Wish(NamedTuple):
    """A purchase that was decided."""

    rank: float
    ticker: Ticker
    bar: Bar
    limit: Fraction | None
    reason: str


class Order(NamedTuple):
    """A purchase (sign 1) or a sale (-1) of a day."""

    ticker: Ticker
    sign: int
    size: int
    day: str
    decided: str
    reason: str
    wish: Wish | None = None
    sales_first: int = 0  # a purchase that takes the slot of the n-th sale comes after it


class Row(NamedTuple):
    """A fill as the table of fills shows it."""

    decided: str
    session: str
    ticker: str
    side: str
    size: int
    reason: str
    price: float
    commission: float
    tax: float
    slippage: float
    cash: float


@dataclass
class Account:
    """What `run_backtest` is asked for: call `run`, then read `fills`, `unfilled` and `days`."""

    bars: Any
    forecasts: Any
    rule: Any
    broker: Any
    members: Any = None
    fills: list[Row] = field(default_factory=list)
    unfilled: list[tuple[str, str, str, str, int, str]] = field(default_factory=list)
    days: list[tuple[str, float, float]] = field(default_factory=list)  # session, cash, equity

    def run(self) -> Account:
        """Go through the sessions."""
        flags = self.members or {}
        self.tickers = [
            Ticker(self.bars[name], self.forecasts[name], flags.get(name), self.broker.costs)
            for name in sorted(self.bars)
        ]
        self.cash = self.equity = exact(self.broker.cash)
        self.held: dict[Ticker, Position] = {}
        self.wishes: list[Wish] = []
        self.past: dict[Ticker, list[float]] = {ticker: [] for ticker in self.tickers}
        self.taken: dict[tuple[Ticker, str], int] = {}  # of the volume of a day
        self.moment = "close" if getattr(self.rule, "fill", "open") == "close" else "open"
        sent: list[Order] = []
        for day in sorted({day for ticker in self.tickers for day in ticker.bars}):
            if self.moment == "open":
                sent = self.send(day)
            whole = self.trade(sent)
            self.stand(day, whole)
            self.decide(day)
            self.days.append((day, float(self.cash), float(self.equity)))
            if self.moment == "close":
                sent = self.send(day)
        self.call_delisted(day)
        return self

    # --- at the open, or at the close of the decision ----------------------------------------------

    def send(self, day: str) -> list[Order]:
        """Return the orders of this moment, sized at its prices before anything is filled."""
        cash, free, orders = self.cash, self.broker.slots - len(self.held), []
        for ticker in (t for t in self.tickers if t in self.held and self.held[t].leaving):
            position = self.held[ticker]
            reason, decided = position.leaving
            if why := ticker.shut(day):
                self.miss(decided, day, ticker, -1, position.size, why)
                continue
            cash += self.expected(ticker, -1, position.size, day)
            orders.append(Order(ticker, -1, position.size, day, decided, reason))
        sales = len(orders)
        for wish in sorted(self.wishes, key=lambda wish: (-wish.rank, wish.ticker.name)):
            ticker, decided = wish.ticker, wish.bar.day
            if free + sales <= 0:
                continue
            if why := ticker.shut(day):
                self.miss(decided, day, ticker, 1, 0, why)
                continue
            budget = exact(self.broker.cash_fraction) * min(cash, self.equity / self.broker.slots)
            price, lot = getattr(ticker.bars[day], self.moment), ticker.lot(day)
            size = int(budget // price // lot * lot)
            if size == 0:
                self.miss(decided, day, ticker, 1, 0, "unaffordable")
            elif cash + self.expected(ticker, 1, size, day) < 0:
                self.miss(decided, day, ticker, 1, size, "rejected")
            else:
                cash += self.expected(ticker, 1, size, day)
                free -= 1
                first = max(0, -free)
                orders.append(Order(ticker, 1, size, day, decided, wish.reason, wish, first))
        self.wishes = []
        return orders

    def expected(self, ticker: Ticker, sign: int, size: int, day: str) -> Fraction:
        """Return what an order will add to the cash, as far as the price of the moment tells."""
        price = ticker.slipped(getattr(ticker.bars[day], self.moment), sign, day)
        return self.flow(ticker, sign, size * price, day)

    def trade(self, orders: list[Order]) -> list[Order]:
        """Fill orders at their open or close; return the purchases that got their last share."""
        sold, whole = 0, []
        for order in orders:
            ticker, sign, size, day, decided, *_ = order
            bar = ticker.bars[day]
            if order.sales_first > sold:
                self.miss(decided, day, ticker, sign, size, "expired")
                continue
            bound = bar.high if sign > 0 else bar.low
            filled = self.fill(order, getattr(bar, self.moment), bound)
            if filled == size:
                sold += sign < 0
                whole += [order] * (sign > 0)
        return whole

    # --- during the day ----------------------------------------------------------------------------

    def stand(self, day: str, bought: list[Order]) -> None:
        """Fill limit sales: of what was just bought, then of what was held before."""
        standing = [(o.ticker, o.wish.limit, o.decided) for o in bought if o.wish.limit]
        for ticker in self.tickers:
            if ticker in self.held and self.held[ticker].limit:
                standing.append((ticker, *self.held[ticker].limit))
        for ticker, limit, decided in standing:
            if ticker.shut(day):
                continue
            bar, position = ticker.bars[day], self.held[ticker]
            order = Order(ticker, -1, position.size, day, decided, "touch")
            limit = ticker.rounded(limit, 1, day)
            if ticker.empty(bar):
                self.miss(decided, day, ticker, -1, position.size, "no volume")
            elif bar.high >= limit:
                self.fill(order, max(bar.open, limit), max(bar.low, limit))

    # --- a fill ------------------------------------------------------------------------------------

    def fill(self, order: Order, quoted: Fraction, bound: Fraction) -> int:
        """Fill what the market lets, slipped from `quoted` up or down to `bound`; return the shares."""
        ticker, sign, wanted, day, decided, reason, *_ = order
        bar, size, why = ticker.bars[day], wanted, ""
        if ticker.empty(bar):
            size, why = 0, "no volume"
        elif ticker.locked(quoted, sign, bar):
            size, why = 0, "upper limit" if sign > 0 else "lower limit"
        elif self.broker.volume_cap is not None and bar.volume:
            left = exact(self.broker.volume_cap) * bar.volume - self.taken.get((ticker, day), 0)
            if size > left:
                lot = ticker.lot(day) if sign > 0 else 1
                size, why = int(max(0, left) // lot * lot), "volume cap"
        price = ticker.slipped(quoted, sign, day)
        price = min(price, bound) if sign > 0 else max(price, bound)
        flow = self.flow(ticker, sign, size * price, day)
        if self.cash + flow < 0:
            size, why = 0, "rejected"
        if why:
            self.miss(decided, day, ticker, sign, wanted - size, why)
        if size:
            self.cash += flow
            self.taken[ticker, day] = self.taken.get((ticker, day), 0) + size
            self.hold(order, size, price)
            fees = ticker.commission(size * price), ticker.tax(size * price, day) * (sign < 0)
            money = map(float, (price, *fees, size * abs(price - quoted), self.cash))
            side = "buy" if sign > 0 else "sell"
            self.fills.append(Row(decided, day, ticker.name, side, size, reason, *money))
        return size

    def hold(self, order: Order, size: int, price: Fraction) -> None:
        """Keep what is bought, until the last share of it is sold."""
        if order.sign > 0:
            self.held[order.ticker] = Position(size, price, order.wish.bar.close)
            return
        self.held[order.ticker].size -= size
        if not self.held[order.ticker].size:
            del self.held[order.ticker]

    def flow(self, ticker: Ticker, sign: int, value: Fraction, day: str) -> Fraction:
        """Return what a fill of this value adds to the cash: commission both ways, tax on sales."""
        tax = ticker.tax(value, day) if sign < 0 else 0
        return -sign * value - ticker.commission(value) - tax

    def miss(self, decided: str, day: str, ticker: Ticker, sign: int, size: int, why: str) -> None:
        """Write down what did not fill."""
        side = "buy" if sign > 0 else "sell"
        self.unfilled.append((decided, day, ticker.name, side, size, why))

    def call_delisted(self, end: str) -> None:
        """Call the first miss of a sale that found no bar any more by its name; drop the others."""
        for ticker, position in self.held.items():
            if position.leaving and max(ticker.bars) < end:
                late = [m for m in self.unfilled if m[2] == ticker.name and m[1] > max(ticker.bars)]
                self.unfilled = [miss for miss in self.unfilled if miss not in late]
                self.unfilled.append((*late[0][:5], "delisted"))

    # --- at the close ------------------------------------------------------------------------------

    def decide(self, day: str) -> None:
        """Value the account, then ask the rule about every ticker that has a bar."""
        self.equity = self.cash + sum(p.size * t.close_by(day) for t, p in self.held.items())
        today = [ticker for ticker in self.tickers if day in ticker.bars]
        may_be_bought = [t for t in today if t.bars[day].member and t.bars[day].ratio is not None]
        ranked = sorted(may_be_bought, key=lambda t: (-t.bars[day].ratio, t.name))
        for ticker in today:
            bar, position = ticker.bars[day], self.held.get(ticker)
            if position:
                position.sessions += 1
            place = ranked.index(ticker) + 1 if ticker in ranked else 0
            side, limit, reason = ask(self.rule, ticker, bar, position, place, self.past[ticker])
            if not position and side == "buy" and bar.member:
                rank = (bar.ratio or 0.0) if self.rule.needs_forecast else 0.0
                self.wishes.append(Wish(rank, ticker, bar, limit, reason))
            elif position and not position.leaving:  # what is to be sold stays so until it is
                position.leaving = (reason, day) if side == "sell" else None
                position.limit = (limit, day) if limit and side != "sell" else None
