"""The Backtrader strategy around a rule: it sizes at the open, cancels, counts."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any, ClassVar

import backtrader as bt

from strategies.rule import HOLD, Rule, Side, Signal
from strategies.situation import Situation


def params_of(rule_type: type[Rule]) -> tuple[tuple[str, Any], ...]:
    """Return the settings of a rule as Backtrader params: (name, default) pairs."""
    return tuple((f.name, None if f.default is MISSING else f.default) for f in fields(rule_type))


def _completed(order: Any) -> bool:
    """Return whether an order is filled to the last share."""
    return bool(order.status == order.Completed)


@dataclass
class _Book:
    """What is known of one feed between two sessions."""

    signal: Signal = HOLD
    decided_on: Any = None
    decided_close: float = math.nan
    rank: float = 0.0
    decision_close: float = math.nan
    entry_price: float = math.nan
    sessions_since_decision: int = 0
    selling: Signal | None = None


class ForecastStrategy(bt.Strategy):
    """Trades a rule on feeds with a `forecast` line, one or many, in a plain Cerebro.

    At each close the rule decides; at the next open sells go first, then buys, the highest
    forecast over close first, ties by name. A buy is sized at the open it fills at:
    ``floor(cash_fraction x min(cash, equity / slots) / open)``, so that a gap up does not
    reject it. What did not fill in its session is cancelled: a buy is then forgotten and
    counted in `expired`, a sell is sent again. Nothing is sent on a halt (line `tradable` 0).
    A limit sell that goes with a buy lives only once that buy is filled, and from that moment.

    Orders carry `decided` (date) and `reason` in ``order.info``.

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
        The Cerebro does not cheat on open: ``bt.Cerebro(cheat_on_open=True)`` lets the strategy
        see the open that it sizes a purchase with. Nothing is decided on it.
    """

    rule_type: ClassVar[type[Rule] | None] = None
    params: tuple[tuple[str, Any], ...] = (("rule", None), ("cash_fraction", 0.95), ("slots", 1))

    def __init__(self) -> None:
        self.rule: Rule = self.p.rule or self._own_rule()
        if not 0 < self.p.cash_fraction <= 1:
            raise ValueError(f"cash_fraction is {self.p.cash_fraction}; it is a share up to 1")
        if self.p.slots < 1:
            raise ValueError(f"slots is {self.p.slots}; a position needs 1 at least")
        self.books = {data: _Book() for data in self.datas}
        self.orders: list[Any] = []
        self.equity = math.nan
        self.rejected = self.expired = self.unaffordable = 0

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
        self.equity = self.broker.getvalue()

    def _today(self) -> list[Any]:
        """Return the feeds that have a bar of this session: one may miss days or start late.

        The strategy's own clock still shows yesterday when `next_open` is called.
        """
        begun = [data for data in self.datas if len(data)]
        newest = max(data.datetime[0] for data in begun)
        return [data for data in begun if data.datetime[0] == newest]

    def prenext_open(self) -> None:
        """Trade the feeds that are there already."""
        self.next_open()

    def next_open(self) -> None:
        """Send what was decided at the last close; only the open of this bar is looked at."""
        cash = self.broker.getcash()
        tradable = [d for d in self._today() if getattr(d, "tradable", [True])[0]]
        for data in tradable:
            self._send_sell(data, self.books[data])
        buys = [d for d, book in self.books.items() if book.signal.side is Side.BUY]
        for data in sorted(buys, key=lambda d: (-self.books[d].rank, d._name)):
            if data in tradable:
                cash -= self._send_buy(data, self.books[data], cash)
            else:
                self.books[data].signal = HOLD
                self.expired += 1

    def _send_sell(self, data: Any, book: _Book) -> None:
        size = self.getposition(data).size
        if size <= 0:
            return
        info = {"decided": book.decided_on}
        if book.selling:
            order = self.sell(data, size=size, reason=book.selling.reason, **info)
        elif book.signal.sell_at is not None:
            order = self._sell_limit(data, size, book.signal.sell_at, **info)
        else:
            return
        self.orders.append(order)

    def _sell_limit(self, data: Any, size: int, price: float, **info: Any) -> Any:
        return self.sell(
            data, size=size, exectype=bt.Order.Limit, price=price, reason="touch", **info
        )

    def _sell_limit_with(self, buy: Any, price: float, **info: Any) -> Any:
        """Send a purchase that waits for its limit sell, and the sell as its child.

        The broker drops a child with its parent: a buy that is refused, or filled in part, leaves
        no sell behind and so no short. Backtrader wakes children at the next bar; this one asks
        its parent, which stands before it in the queue, so that it can fill on the same day.
        """
        order = self._sell_limit(buy.data, buy.size, price, parent=buy, **info)
        order.active = partial(_completed, buy)
        return order

    def _send_buy(self, data: Any, book: _Book, cash: float) -> float:
        """Send a purchase; return the cash that it will take."""
        signal, book.signal = book.signal, HOLD
        budget = self.p.cash_fraction * min(cash, self.equity / self.p.slots)
        size = math.floor(budget / data.open[0])
        if size < 1:
            self.unaffordable += 1
            return 0.0
        price = data.open[0] * (1 + getattr(self.broker.p, "slip_perc", 0.0))
        cost = size * price + self.broker.getcommissioninfo(data).getcommission(size, price)
        if cost > cash:
            self.rejected += 1
            return 0.0
        info = {"decided": book.decided_on}
        alone = signal.sell_at is None
        buy = self.buy(data, size=size, reason=signal.reason, transmit=alone, **info)
        self.orders.append(buy)
        if signal.sell_at is not None:
            self.orders.append(self._sell_limit_with(buy, signal.sell_at, **info))
        book.decision_close = book.decided_close
        book.sessions_since_decision = 0
        return float(cost)

    def notify_order(self, order: Any) -> None:
        """Remember the price paid, count what the broker refused: a child falls with its parent."""
        if order.status in (order.Margin, order.Rejected):
            self.rejected += order.parent is None
        elif order.status in (order.Completed, order.Partial) and order.isbuy():
            self.books[order.data].entry_price = order.executed.price
        elif order.status == order.Completed:
            self.books[order.data].selling = None

    def prenext(self) -> None:
        """Decide for the feeds that are there already."""
        self.next()

    def next(self) -> None:
        """Cancel what did not fill, then decide at this close."""
        for order in self.orders:
            if order.alive():
                self.cancel(order)
                self.expired += order.isbuy()
        self.orders.clear()
        self.equity = self.broker.getvalue()
        for data in self._today():
            self._decide(data, self.books[data])

    def _decide(self, data: Any, book: _Book) -> None:
        holding = self.getposition(data).size > 0
        if holding:
            book.sessions_since_decision += 1
        else:
            book.decision_close = book.entry_price = math.nan
            book.sessions_since_decision = 0
        close = data.close[0]
        situation = Situation(
            date=data.datetime.date(0),
            close=close,
            previous_close=data.close[-1] if len(data) > 1 else math.nan,
            forecast=getattr(data, "forecast", [math.nan])[0],
            holding=holding,
            decision_close=book.decision_close,
            entry_price=book.entry_price,
            sessions_since_decision=book.sessions_since_decision,
        )
        signal = self.rule.decide(situation)
        if book.selling:  # decided before, not filled yet: it stays decided
            return
        book.signal, book.decided_on = signal, situation.date
        if signal.side is Side.SELL and holding:
            book.selling = signal
        elif signal.side is Side.BUY and not holding:
            book.decided_close = close
            book.rank = situation.forecast / close if math.isfinite(situation.forecast) else 0.0
        else:
            book.signal = Signal(Side.HOLD, sell_at=signal.sell_at if holding else None)
