"""The Backtrader strategy around a rule: it sizes at the open, cancels, counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from datetime import date
from functools import partial
from typing import Any, ClassVar

import backtrader as bt

from strategies.book import Book
from strategies.candidates import Candidates
from strategies.round_trip import round_trip, slipped
from strategies.rule import HOLD, Rule, Side, Signal, checked
from strategies.shares import affordable_shares
from strategies.situation import Situation, nothing


def params_of(rule_type: type[Rule]) -> tuple[tuple[str, Any], ...]:
    """Return the settings of a rule as Backtrader params: (name, default) pairs."""
    return tuple((f.name, None if f.default is MISSING else f.default) for f in fields(rule_type))


def _completed(orders: Sequence[Any], least: int = 1) -> bool:
    """Return whether at least so many of these orders are filled to the last share."""
    return sum(bool(order.status == order.Completed) for order in orders) >= least


class ForecastStrategy(bt.Strategy):
    """Trades a rule on feeds with a `forecast` line, one or many, in a plain Cerebro.

    At each close the rule decides. At the next open sells go first, then buys: the highest
    forecast over close first, equal ones by name. A buy is sized at the open at which it fills, so
    that a gap up does not reject it: ``cash_fraction x min(cash, equity / slots)`` is its budget,
    `affordable_shares` gives the shares. The cash includes what the sells of the same open will
    bring. There are never more positions than slots. A buy that finds no slot is dropped; a buy
    that takes the slot of a sell of the same open fills only after that sell has filled to the last
    share. What did not fill in its session is cancelled: a buy is then forgotten, a sell is sent
    again each session. Nothing is sent on a halt (line `tradable` 0) or where a feed has no bar of
    the session, and no ticker is bought whose line `member` is 0. A limit sell that belongs to a
    buy becomes active when that buy is filled, and not before. A ticker whose bars end while it is
    held cannot be sold: it keeps its last close and its slot to the end.

    A rule with ``fill="close"`` fills at the close it decides on: its market orders are sent at
    once and Backtrader books them with the next bar, at the price of the close before.

    Orders have `decided` (a date) and `reason` in ``order.info``. `unfilled` lists every signal that
    became no order and every order that did not fill, one entry a session: decided, session, ticker,
    side, size, why.

    Parameters
    ----------
    rule : Rule
        Given here, or made from the params of a subclass.
    cash_fraction : float
        Share of the cash that a purchase may use.
    slots : int
        Equal parts of the equity, one a position.

    Raises
    ------
    ValueError
        The Cerebro does not cheat on open: with ``bt.Cerebro(cheat_on_open=True)`` the strategy sees
        the open, and sizes purchases by it. It decides nothing on it. Or the rule fills at the close
        and the broker does not: ``cerebro.broker.set_coc(True)``.
    """

    rule_type: ClassVar[type[Rule] | None] = None
    params: tuple[tuple[str, Any], ...] = (("rule", None), ("cash_fraction", 0.95), ("slots", 1))

    def __init__(self) -> None:
        self.rule: Rule = self.p.rule or self._own_rule()
        if not 0 < self.p.cash_fraction <= 1:
            raise ValueError(f"cash_fraction is {self.p.cash_fraction}; it is a share up to 1")
        if self.p.slots < 1:
            raise ValueError(f"slots is {self.p.slots}; a position needs 1 at least")
        self.books = {
            data: Book(number, data, self.rule.memory) for number, data in enumerate(self.datas)
        }
        self.clock = self.lines.datetime
        self.candidates: Candidates | None = None
        self.busy: dict[Book, None] = {}
        self.buying: list[Book] = []
        self.at_close = self.rule.fill == "close"
        self.orders: list[Any] = []
        self.under_way: list[tuple[Any, float]] = []
        self.equity = math.nan
        self.rejected = self.expired = self.unaffordable = 0
        self.unfilled: list[dict[str, Any]] = []

    def _own_rule(self) -> Rule:
        if self.rule_type is None:
            raise ValueError(
                "ForecastStrategy needs a rule: addstrategy(ForecastStrategy, rule=...)"
            )
        return self.rule_type(**{f.name: getattr(self.p, f.name) for f in fields(self.rule_type)})

    def start(self) -> None:
        """Check the Cerebro."""
        if not self.env.p.cheat_on_open:
            raise ValueError(
                "a purchase is sized at the open it fills at: make bt.Cerebro(cheat_on_open=True)"
            )
        if self.at_close and not getattr(self.broker.p, "coc", False):
            raise ValueError(
                "this rule fills at the close it decides on: call cerebro.broker.set_coc(True)"
            )
        self.equity = self.broker.getvalue()
        books = list(self.books.values())
        if Candidates.can_tell(self.rule, books):
            self.candidates = Candidates(self.rule, books)

    def _size(self, book: Book) -> float:
        return float(self.getposition(book.data).size)

    # --- at the open -----------------------------------------------------------------------------

    def prenext_open(self) -> None:
        """Trade the feeds that are there already."""
        self.next_open()

    def next_open(self) -> None:
        """Send what was decided at the last close; only the open of this bar is looked at."""
        waiting = any(book.selling or book.signal.sell_at is not None for book in self.busy)
        if not (waiting or self.buying or self.under_way):
            return
        concerned = sorted({*self.busy, *self.buying}, key=lambda book: book.number)
        for book in concerned:
            book.look_again()
        if not self.at_close:
            self._send(concerned)
        for buy, price in self.under_way:
            if not self._shut(self.books[buy.data]):
                order = self._sell_limit(buy.data, buy.size, price, buy.info["decided"])
                order.active = partial(_completed, [buy])
        self.under_way.clear()
        for book in concerned:
            limit = book.signal.sell_at
            if limit is None or book.selling or self._shut(book):
                continue
            if (size := self._size(book)) > 0:
                self._sell_limit(book.data, size, limit, book.decided_on)

    def _send(self, concerned: Sequence[Book]) -> None:
        """Send sells, then buys, at the open of this session or, for a fill at the close, its close."""
        cash, free = self.broker.getcash(), self.p.slots
        sales: list[Any] = []
        for book in concerned:
            if book not in self.busy or (size := self._size(book)) <= 0:
                continue
            free -= 1
            if not book.selling:
                continue
            if why := self._shut(book):
                self._miss(book, "sell", size, why)
                continue
            sales.append(self._send_sell(book, size))
            cash += self._value(book, -size)
        for book in sorted(self.buying, key=lambda book: (-book.rank, book.name)):
            signal, book.signal = book.signal, HOLD
            if free + len(sales) <= 0:
                continue
            if why := self._shut(book):
                self.expired += 1
                self._miss(book, "buy", 0, why)
            elif buy := self._send_buy(book, signal, cash):
                self.busy[book] = None
                cash += self._value(book, buy.size)
                free -= 1
                if free < 0:
                    buy.active = partial(_completed, sales, -free)
        self.buying.clear()

    def _shut(self, book: Book) -> str:
        """Return why this feed takes no order in this session; empty if it does."""
        if not book.has_bar:
            return "no bar"
        return "" if book.today("tradable") else "halt"

    def _price(self, book: Book) -> float:
        return float(book.close[0] if self.at_close else book.open[0])

    def _value(self, book: Book, size: float) -> float:
        """Return what a fill of so many shares will add to the cash, as far as the price tells."""
        price = slipped(self.broker, book.data, self._price(book), math.copysign(1, size))
        scheme = self.broker.getcommissioninfo(book.data)
        return float(-size * price - scheme.getcommission(size, price))

    def _send_sell(self, book: Book, size: float) -> Any:
        """Send a sale of all."""
        reason = book.selling.reason if book.selling else ""
        order = self.sell(
            book.data, size=size, reason=reason, decided=book.decided_on, coc=self.at_close
        )
        self.orders.append(order)
        return order

    def _sell_limit(self, data: Any, size: float, price: float, decided: date | None) -> Any:
        order = self.sell(
            data, size=size, exectype=bt.Order.Limit, price=price, reason="touch", decided=decided
        )
        self.orders.append(order)
        return order

    def _send_buy(self, book: Book, signal: Signal, cash: float) -> Any:
        """Send a purchase; return its order, None if there is none.

        Its limit sell is sent after all purchases of the session and becomes active once this purchase
        is filled to the last share. So a purchase that is refused, or filled in part, leaves no sell
        behind and thus no short position. The money of a limit sell later in the day pays for no
        purchase at the open.
        """
        data = book.data
        lot = getattr(self.broker, "lot_of", lambda data: 1)(data)
        budget = self.p.cash_fraction * min(cash, self.equity / self.p.slots)
        size = affordable_shares(budget, self._price(book), lot, cash)
        if size < 1:
            self.unaffordable += 1
            self._miss(book, "buy", 0, "unaffordable")
            return None
        if cash + self._value(book, size) < 0:
            self.rejected += 1
            self._miss(book, "buy", size, "rejected")
            return None
        buy = self.buy(
            data, size=size, reason=signal.reason, decided=book.decided_on, coc=self.at_close
        )
        self.orders.append(buy)
        if signal.sell_at is not None:
            self.under_way.append((buy, signal.sell_at))
        book.decision_close = book.decided_close
        book.sessions_since_decision = 0
        return buy

    def _miss(self, book: Book, side: str, size: float, why: str, order: Any = None) -> None:
        """Add an entry to `unfilled`; its session is that of the close at which it was sent, or the newest."""
        newest = max((data for data in self.datas if len(data)), key=lambda data: data.datetime[0])
        session = newest.datetime.date(0)
        if order is not None and self.at_close and order.exectype == bt.Order.Market:
            session = bt.num2date(order.created.dt).date()
        self.unfilled.append(
            {
                "decided": str(book.decided_on),
                "session": str(session),
                "ticker": book.name,
                "side": side,
                "size": size,
                "why": why,
            }
        )

    def notify_order(self, order: Any) -> None:
        """Remember the price paid, count what the broker refused."""
        book = self.books[order.data]
        self.busy[book] = None
        if order.status in (order.Margin, order.Rejected):
            self.rejected += 1
            side = "buy" if order.isbuy() else "sell"
            self._miss(book, side, abs(order.size), "rejected", order)
        elif order.status in (order.Completed, order.Partial) and order.isbuy():
            book.entry_price = order.executed.price
        elif order.status == order.Completed:
            book.selling = None

    def stop(self) -> None:
        """Give a sell that found no bar up to the end one entry: delisted."""
        end = max(book.datetime[0] for data, book in self.books.items() if len(data))
        for book in self.books.values():
            if book.selling and book.datetime[0] < end:
                last = str(book.data.datetime.date(0))
                missed = [
                    miss
                    for miss in self.unfilled
                    if miss["ticker"] == book.name and miss["session"] > last
                ]
                for miss in missed[:1]:
                    miss["why"] = "delisted"
                self.unfilled = [miss for miss in self.unfilled if miss not in missed[1:]]

    # --- at the close ----------------------------------------------------------------------------

    def prenext(self) -> None:
        """Decide for the feeds that are there already."""
        self.next()

    def next(self) -> None:
        """Cancel what did not fill, then decide at this close.

        The rule is asked about every position. About a ticker that is not held it is asked only if
        there will be a free slot and the rule could buy it, or if the rule must see all tickers.
        """
        self._cancel()
        self.equity = self.broker.getvalue()
        time, session = self.clock[0], self.clock.date(0)
        busy = [book for book in self.busy if book.look(time)]
        looked = set(busy)
        others = self._others(self.books.values(), looked, time) if not self.candidates else []
        today = [*busy, *others]
        if self.rule.memory:
            for book in today:
                book.remember_close()
        places = self._places(today) if self.rule.ranks else {}
        for book in busy:
            self._decide(book, session, places.get(book, 0))
        if self.p.slots > sum(not book.selling and self._size(book) > 0 for book in self.busy):
            if self.candidates:
                others = self._others(self.candidates.at(time), looked, time)
            for book in others:
                self._decide(book, session, places.get(book, 0))
        if self.rule.memory:
            for book in today:
                book.remember_forecast()
        if self.at_close:
            self._send(sorted({*self.busy, *self.buying}, key=lambda book: book.number))

    def _others(self, books: Iterable[Book], looked: set[Book], time: float) -> list[Book]:
        """Return the books with a bar of this session that are not among the busy ones."""
        busy = self.busy
        return [b for b in books if b not in looked and b not in busy and b.look(time)]

    def _cancel(self) -> None:
        for order in self.orders:
            if not order.alive():
                continue
            self.cancel(order)
            self.expired += order.isbuy()
            blocked = order.info.get("blocked")
            if blocked or order.exectype != order.Limit:  # a limit that waits is no miss
                side = "buy" if order.isbuy() else "sell"
                size = abs(order.executed.remsize)
                self._miss(self.books[order.data], side, size, blocked or "expired", order)
        self.orders.clear()

    def _places(self, today: Iterable[Book]) -> dict[Book, int]:
        """Return the place of each ticker that could be bought on its forecast."""
        ranked = [
            (-book.today("forecast") / book.close[0], book.name, book)
            for book in today
            if math.isfinite(book.today("forecast")) and book.today("member")
        ]
        ranked.sort(key=lambda row: row[:2])
        return {book: number for number, (_, _, book) in enumerate(ranked, 1)}

    def _decide(self, book: Book, session: date, place: int) -> None:
        holding = book in self.busy and self._size(book) > 0
        if holding:
            book.sessions_since_decision += 1
        else:
            book.forget()
            if not book.selling:
                self.busy.pop(book, None)
        data, close = book.data, book.close[0]
        memory = self.rule.memory
        situation = Situation(
            date=session,
            close=close,
            previous_close=book.close[-1] if len(data) > 1 else math.nan,
            forecast=book.today("forecast"),
            holding=holding,
            decision_close=book.decision_close,
            entry_price=book.entry_price,
            sessions_since_decision=book.sessions_since_decision,
            centre=book.today("centre"),
            past_forecast_returns=book.past_forecast_returns if memory else nothing(),
            closes=book.closes if memory else nothing(),
            round_trip=self._round_trip(book) if self.rule.weighs_costs else 0.0,
            place=place,
        )
        signal = checked(self.rule, self.rule.decide(situation))
        if book.selling:  # decided before, not filled yet: it stays decided
            return
        book.signal, book.decided_on = signal, session
        if signal.side is Side.SELL and holding:
            book.selling = signal
        elif signal.side is Side.BUY and not holding and book.today("member"):
            book.decided_close = close
            ranked = self.rule.needs_forecast and math.isfinite(situation.forecast)
            book.rank = situation.forecast / close if ranked else 0.0
            self.buying.append(book)
        else:
            book.signal = Signal(Side.HOLD, sell_at=signal.sell_at if holding else None)

    def _round_trip(self, book: Book) -> float:
        """Return the cost of buying a slot at this close and selling it again, over its value."""
        price = book.close[0]
        budget = self.p.cash_fraction * self.equity / self.p.slots
        return round_trip(self.broker, book.data, price, max(1, math.floor(budget / price)))
