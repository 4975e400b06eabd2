"""The price that an order would find in each session, asked once of the exchange broker."""

from __future__ import annotations

from datetime import date
from typing import Any

import backtrader as bt

from backtests.account.broker import Broker
from backtests.account.exchange import ExchangeBroker
from backtests.account.feed import make_feed
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from strategies.round_trip import slipped


class _Teller(ExchangeBroker):
    """An `ExchangeBroker` that returns the price at which it would fill an order, and fills none."""

    price_found: float | None = None

    def ask(self, order: Any) -> float | None:
        """Return the price at which an order fills on the current bar of its feed; None if it does not."""
        self._newest, self.price_found = None, None
        order.info.clear()
        self._try_exec(order)
        return self.price_found

    def _execute(
        self, order: Any, ago: Any = None, price: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        self.price_found = None if price is None else float(price)


class Quotes:
    """The prices at which one ticker fills, session by session; the lists have length T.

    Prices come from the `ExchangeBroker` that a backtest uses, so halts, limits, ticks and slippage
    are decided in one place. An order is for the open of its session or, with `at_close`, for its close.
    The prices do not depend on any forecast: thousands of accounts may share them.

    Attributes
    ----------
    first : int
        The row of the bars at which the account begins: that of the first forecast.
    days : list of date
    open, high, close : list of float
    buy, sell : list of float or None
        Price of a market order after slippage, limits and ticks; None: the order does not fill. An
        order for the last close does not fill either: it would be booked with the next bar.
    expected : list of float
        Price of a purchase before it is bounded by the day's range: the cash is checked with it.
    lot : list of int
        Shares.
    tax : list of float
        Share of a sale's value.
    spread : list of float
        Slippage of both sides at the close, as a share of it.
    """

    def __init__(self, bars: Bars, forecasts: Forecasts, broker: Broker, at_close: bool) -> None:
        cerebro = bt.Cerebro(stdstats=False)
        self._feed = make_feed(bars, forecasts)
        cerebro.adddata(self._feed)
        broker.install(cerebro, [self._feed], _Teller)
        self._teller: Any = cerebro.broker
        self._teller.set_coc(at_close)
        self._teller.set_coo(True)  # as a Cerebro that cheats on open does
        self._feed._start()
        self._feed.preload()
        self.bars, self.at_close = bars, at_close
        self.first = int(bars.sessions.searchsorted(forecasts.as_of[0]))
        rows = slice(self.first, None)
        self.days: list[date] = bars.sessions[rows].tolist()
        self.open: list[float] = bars.open[rows].tolist()
        self.high: list[float] = bars.high[rows].tolist()
        self.close: list[float] = bars.close[rows].tolist()
        costs, ticker = broker.costs, bars.ticker
        self.tax = [costs.tax(1.0, day, ticker) for day in self.days]
        self.buy: list[float | None] = []
        self.sell: list[float | None] = []
        self.expected: list[float] = []
        self.lot: list[int] = []
        self.spread: list[float] = []
        self._look()

    def __len__(self) -> int:
        return len(self.days)

    def _look(self) -> None:
        """Pass through the sessions once; an order for a close is booked with the next bar."""
        feed, teller = self._feed, self._teller
        sent: list[Any] = []
        for opened, close in zip(self.open, self.close, strict=True):
            feed.advance()
            if self.at_close:
                self._enter(sent)
            sent = sent or [order(data=feed, size=1) for order in (bt.BuyOrder, bt.SellOrder)]
            for (
                order
            ) in sent:  # the same two orders are used again: making new ones takes half the time
                order.created.dt, order.created.pclose = feed.datetime[0], close
            if not self.at_close:
                self._enter(sent)
            price = close if self.at_close else opened
            self.expected.append(slipped(teller, feed, price, 1))
            self.lot.append(teller.lot_of(feed))
            spread = slipped(teller, feed, close, 1) - slipped(teller, feed, close, -1)
            self.spread.append(spread / close)
        if self.at_close:
            self.buy.append(None)
            self.sell.append(None)

    def _enter(self, sent: list[Any]) -> None:
        for order in sent:
            (self.buy if order.isbuy() else self.sell).append(self._teller.ask(order))

    def limit_sale(self, t: int, limit: float) -> tuple[float, float] | None:
        """Return the price at which a limit sale fills in session `t`, and its price before slippage.

        None where it does not fill.
        """
        if limit > self.high[t]:
            return None
        feed = self._feed
        feed.home()
        feed.advance(t + 1)
        order = bt.SellOrder(data=feed, size=1, exectype=bt.Order.Limit, price=limit)
        price = self._teller.ask(order)
        if price is None:
            return None
        at_open = self.open[t] if self.open[t] >= limit else price
        return price, float(order.info.get("quoted", at_open))
