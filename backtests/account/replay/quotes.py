"""What an order would have met in each session, asked once of the broker that fills every order."""

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
    """An `ExchangeBroker` that says at which price it would fill an order, and fills none."""

    price_found: float | None = None

    def ask(self, order: Any) -> float | None:
        """Return the price that an order finds on the bar that its feed shows; None if none."""
        self._newest, self.price_found = None, None
        order.info.clear()
        self._try_exec(order)
        return self.price_found

    def _execute(
        self, order: Any, ago: Any = None, price: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        self.price_found = None if price is None else float(price)


class Quotes:
    """The fills that one ticker offers, whatever is forecast: lists of length T, one a session.

    Prices come from the very `ExchangeBroker` of a backtest, so halts, limits, ticks and slippage are
    decided in one place. The order of a session is one for its open or, with `at_close`, for its
    close. Nothing of it depends on a forecast: thousands of accounts may share it.

    Attributes
    ----------
    first : int
        The row of the bars that the account begins with, that of the first forecast.
    days : list of date
    open, high, close : list of float
    buy, sell : list of float or None
        Price of a market order after slippage, limits and ticks; None: it finds none. The close of the last
        session has none either: it would be booked with the next bar.
    expected : list of float
        Price of a purchase before the day's range bounds it: what the cash is checked with.
    lot : list of int
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
        """Go through the sessions once; an order for a close is booked with the next bar."""
        feed, teller = self._feed, self._teller
        sent: list[Any] = []
        for opened, close in zip(self.open, self.close, strict=True):
            feed.advance()
            if self.at_close:
                self._enter(sent)
            sent = sent or [order(data=feed, size=1) for order in (bt.BuyOrder, bt.SellOrder)]
            for order in sent:  # the same two again and again: to make one takes half the time
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
        """Return at which price a limit sale fills in session `t`, and the price before slippage."""
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
