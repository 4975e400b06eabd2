"""An analyzer that keeps the books of a Cerebro: equity at every close, every fill, every trade."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import numpy as np

from backtests.account.commission import CommissionScheme
from backtests.account.result import Fill, Result, Unfilled, _whole
from backtests.account.trades import round_trips
from forecasters.bars import sessions_per_year
from forecasters.errors import Error
from strategies.digits import to_12_digits

#: The broker and the books each compute a fill in under ten steps; a step rounds by half of EPSILON.
STEPS = 16
EPSILON = float(np.finfo(np.float64).eps)


class Ledger(bt.Analyzer):
    """``cerebro.addanalyzer(Ledger)``, then ``strategy.analyzers.ledger.result()``.

    It works for any strategy on stock-like feeds: long or short, in whole shares or fractions, also
    under `optstrategy`. The fills show `decided` and `reason` where the orders have them in their info,
    as those of our strategies do. Slippage is what a fill at the open costs against that open.
    """

    params = (("account", None), ("forecaster", None), ("label", None))

    def start(self) -> None:
        """Open the books."""
        self._cash = self._start_cash = self.strategy.broker.getcash()
        self._fills: list[Fill] = []
        self._unfilled: list[Unfilled] = []
        self._held: dict[Any, float] = {}
        self._rounding = 0.0  # what the broker and the books may differ by, in money
        self._paid = 0.0
        self._closes: list[tuple[Any, float, float, float]] = []
        self._result: Result | None = None

    def notify_order(self, order: Any) -> None:
        """Enter what was executed since the last notice, or that the order will not be filled."""
        blocked = order.status == order.Canceled and order.info.get("blocked")
        if blocked or order.status in (order.Margin, order.Rejected, order.Expired):
            self._enter_unfilled(order)
        if order.status not in (order.Completed, order.Partial):
            return
        scheme = self.strategy.broker.getcommissioninfo(order.data)
        for bit in order.executed.iterpending():
            self._enter(order, bit, scheme)

    def _enter(self, order: Any, bit: Any, scheme: Any) -> None:
        size, price, day = _whole(bit.size), float(bit.price), bt.num2date(bit.dt).date()
        total = float(bit.closedcomm + bit.openedcomm)
        commission, tax = total, 0.0
        if isinstance(scheme, CommissionScheme):
            commission, tax = scheme.commission(size, price), scheme.tax(size, price, day)
        quoted = order.info.get("quoted")
        if quoted is None:
            quoted = order.data.open[0] if _at_open(order, bit) else price
        slippage = abs(price - quoted) * abs(size)
        amounts = (self._cash, size * price, total, bit.closedvalue, bit.openedvalue, bit.pnl)
        self._rounding += STEPS * EPSILON * sum(abs(amount) for amount in amounts)
        self._cash -= size * price + total
        self._hold(order.data, bit.size)
        fill = Fill(
            decided=_decided(order),
            session=day.isoformat(),
            ticker=order.data._name,
            side="buy" if size > 0 else "sell",
            size=abs(size),
            price=to_12_digits(price),
            commission=to_12_digits(commission),
            tax=to_12_digits(tax),
            slippage=to_12_digits(slippage),
            cash=to_12_digits(self._cash),
            reason=str(order.info.get("reason") or ""),
        )
        self._fills.append(fill)
        self._paid += fill.costs

    def _hold(self, data: Any, size: float) -> None:
        """Keep the shares of each feed, added in the order of the broker: equal to the last digit."""
        held = self._held.pop(data, 0.0) + size
        if held:
            self._held[data] = held

    def _enter_unfilled(self, order: Any) -> None:
        refused = order.status in (order.Margin, order.Rejected)
        entry = Unfilled(
            decided=_decided(order),
            session=(order.info.get("blocked_on") or order.data.datetime.date(0)).isoformat(),
            ticker=order.data._name,
            side="buy" if order.isbuy() else "sell",
            size=_whole(abs(order.executed.remsize)),
            why="rejected" if refused else str(order.info.get("blocked") or "expired"),
        )
        self._unfilled.append(entry)

    def prenext(self) -> None:
        """Enter the close while some feed has not begun."""
        self.next()

    def next(self) -> None:
        """Enter the close: equity, cash, costs paid so far."""
        broker, today = self.strategy.broker, self.strategy.datetime.date(0)
        cash, value = broker.getcash(), broker.getvalue()
        if abs(cash - self._cash) > self._rounding:
            raise Error(
                f"the cash of the broker, {cash:,.2f}, is not what the fills leave, "
                f"{self._cash:,.2f}, on {today} (a difference of {cash - self._cash:.3g}): "
                "cash was moved by hand?"
            )
        worth = [size * data.close[0] for data, size in self._held.items()]
        equity = self._cash + sum(worth)
        # Long and short may both be far larger than what they leave: their sizes count, not that.
        gross = abs(self._cash) + sum(abs(each) for each in worth)
        if abs(value - equity) > self._rounding + STEPS * EPSILON * (1 + len(worth)) * gross:
            raise Error(
                f"the broker's value, {value:,.2f}, is not cash plus shares times close, "
                f"{equity:,.2f}, on {today} (a difference of {value - equity:.3g}): "
                "is something held that is not a stock?"
            )
        self._closes.append((np.datetime64(today, "D"), value, cash, self._paid))

    def stop(self) -> None:
        """Close the books here: `optstrategy` later separates the strategy from its analyzers."""
        self._result = self._close() if self._closes else None

    def result(self) -> Result:
        """Return the books as a Result; call it after the run.

        Raises
        ------
        Error
            The run has not ended, or it had no session.
        """
        if self._result is None:
            raise Error("the ledger is empty: ask for the result after cerebro.run()")
        return self._result

    def _close(self) -> Result:
        sessions, equity, cash, costs = (
            np.array(column) for column in zip(*self._closes, strict=True)
        )
        datas = self.strategy.datas
        begun = [data for data in datas if len(data)]
        last = {data._name: float(data.close[0]) for data in begun}
        ended = {data._name: data.datetime.date(0).isoformat() for data in begun}
        days = sessions.astype("datetime64[D]")
        return Result(
            account=self.p.account or "+".join(data._name for data in datas),
            forecaster=self.p.forecaster,
            strategy=self.p.label or type(self.strategy).__name__,
            sessions=days,
            equity=equity,
            cash=cash,
            costs=costs,
            fills=tuple(self._fills),
            trades=round_trips(self._fills, days, last, ended),
            periods_per_year=sessions_per_year(days),
            rejected=getattr(self.strategy, "rejected", 0),
            expired=getattr(self.strategy, "expired", 0),
            unaffordable=getattr(self.strategy, "unaffordable", 0),
            start_cash=self._start_cash,
            unfilled=self._all_unfilled(),
        )

    def _all_unfilled(self) -> tuple[Unfilled, ...]:
        """Return the strategy's list of unfilled orders, as ours keep; else what its orders show."""
        entries = getattr(self.strategy, "unfilled", None)
        if entries is None:
            return tuple(self._unfilled)
        return tuple(Unfilled(**{**entry, "size": _whole(entry["size"])}) for entry in entries)

    def get_analysis(self) -> dict[str, float]:
        """Return the equity by session, in the form of Backtrader's analyzers."""
        return {str(day): value for day, value, _, _ in self._closes}


def _decided(order: Any) -> str:
    return str(order.info.get("decided") or bt.num2date(order.created.dt).date())


def _at_open(order: Any, bit: Any) -> bool:
    """Return whether an order filled at the open: a limit order may fill later in the day.

    Under cheat-on-close a market order fills at the close before, and its fill has that date.
    """
    if order.exectype != order.Limit:
        return bool(order.exectype == order.Market and bit.dt == order.data.datetime[0])
    limit, opened = order.created.price, order.data.open[0]
    return bool(opened <= limit if order.isbuy() else opened >= limit)
