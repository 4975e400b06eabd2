"""An analyzer that keeps the books of a Cerebro: equity at every close, every fill, every trade."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np

from backtests.account.commission import CommissionScheme
from backtests.account.result import Fill, Result, Trade, Unfilled, plain
from forecasters.errors import Error

#: The broker and the books each reckon a fill in under ten steps; a step rounds by half of this.
STEPS = 16
EPSILON = float(np.finfo(np.float64).eps)


class Ledger(bt.Analyzer):
    """``cerebro.addanalyzer(Ledger)``, then ``strategy.analyzers.ledger.result()``.

    Works for any strategy on stock-like feeds: long or short, in shares or fractions of them, under
    `optstrategy` too. Orders that carry `decided` and `reason` in their info (ours do) show them
    in the fills. Slippage is the cost of a fill at the open against that open.
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
        """Enter what was executed since the last notice, or that nothing more will be."""
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
            price=plain(price),
            commission=plain(commission),
            tax=plain(tax),
            slippage=plain(slippage),
            cash=plain(self._cash),
            reason=str(order.info.get("reason") or ""),
        )
        self._fills.append(fill)
        self._paid += fill.costs

    def _hold(self, data: Any, size: float) -> None:
        """Keep the shares of each feed, added up as the broker adds them: to the same last digit."""
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
        """Close the books: `optstrategy` takes the strategy away from its analyzers afterwards."""
        self._result = self._close() if self._closes else None

    def result(self) -> Result:
        """Return the books as a Result; call after the run."""
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
        return Result(
            account=self.p.account or "+".join(data._name for data in datas),
            forecaster=self.p.forecaster,
            strategy=self.p.label or type(self.strategy).__name__,
            sessions=sessions.astype("datetime64[D]"),
            equity=equity,
            cash=cash,
            costs=costs,
            fills=tuple(self._fills),
            trades=round_trips(self._fills, sessions.astype("datetime64[D]"), last, ended),
            periods_per_year=_periods_per_year(sessions),
            rejected=getattr(self.strategy, "rejected", 0),
            expired=getattr(self.strategy, "expired", 0),
            unaffordable=getattr(self.strategy, "unaffordable", 0),
            start_cash=self._start_cash,
            unfilled=self._all_unfilled(),
        )

    def _all_unfilled(self) -> tuple[Unfilled, ...]:
        """Return what the strategy says did not fill (ours do), else what became of its orders."""
        told = getattr(self.strategy, "unfilled", None)
        if told is None:
            return tuple(self._unfilled)
        return tuple(Unfilled(**{**entry, "size": _whole(entry["size"])}) for entry in told)

    def get_analysis(self) -> dict[str, float]:
        """Return the equity by session, as other analyzers return theirs."""
        return {str(day): value for day, value, _, _ in self._closes}

    def write_tearsheet(self, path: str | Path) -> Path:
        """Write the QuantStats tearsheet of this run; return its path."""
        from backtests.report.tearsheet import tearsheet_of

        return tearsheet_of(Path(path), self.result())


def _decided(order: Any) -> str:
    return str(order.info.get("decided") or bt.num2date(order.created.dt).date())


def _at_open(order: Any, bit: Any) -> bool:
    """Return whether a fill met the open: a limit may meet its price later in the day.

    Under cheat-on-close a market order meets the close before, and its fill bears that date.
    """
    if order.exectype != order.Limit:
        return bool(order.exectype == order.Market and bit.dt == order.data.datetime[0])
    limit, opened = order.created.price, order.data.open[0]
    return bool(opened <= limit if order.isbuy() else opened >= limit)


def _whole(size: float) -> float:
    """Return the size as an int, unless it is a fraction of a share."""
    return int(size) if float(size).is_integer() else float(size)


def round_trips(
    fills: Sequence[Fill],
    sessions: Any,
    last: Mapping[str, float],
    ended: Mapping[str, str] | None = None,
) -> tuple[Trade, ...]:
    """Return the trades of these fills: from flat to flat, ticker by ticker, in order of entry.

    A fill that turns a long into a short, or back, ends one trade and begins the next. What is
    still open is valued at `last` (ticker to its last close) without costs of a sale; it is called
    delisted where its bars `ended` (ticker to their last session) before the last session.
    """
    row = {str(day): number for number, day in enumerate(sessions)}
    trades: list[Trade] = []
    for ticker in dict.fromkeys(fill.ticker for fill in fills):
        open_fills: list[Fill] = []
        held = 0.0
        for fill in (f for f in fills if f.ticker == ticker):
            before, held = held, held + _signed(fill)
            if math.isclose(held, 0, abs_tol=1e-9 * fill.size):  # 0.1 + 0.2 - 0.3 is not 0
                trades.append(_trade([*open_fills, fill], None, row))
                open_fills, held = [], 0.0
            elif before * held < 0:
                closing, opening = _part(fill, abs(before)), _part(fill, abs(held))
                trades.append(_trade([*open_fills, closing], None, row))
                open_fills = [opening]
            else:
                open_fills.append(fill)
        if open_fills:
            end = (ended or {}).get(ticker, max(row))
            trades.append(_trade(open_fills, last[ticker], row, end))
    return tuple(sorted(trades, key=lambda trade: (trade.entry, trade.ticker)))


def _signed(fill: Fill) -> float:
    return fill.size if fill.side == "buy" else -fill.size


def _part(fill: Fill, size: float) -> Fill:
    """Return this much of a fill, with its share of the costs."""
    share = size / fill.size
    commission, tax, slippage = (c * share for c in (fill.commission, fill.tax, fill.slippage))
    return replace(fill, size=size, commission=commission, tax=tax, slippage=slippage)


def _trade(
    fills: Sequence[Fill], last: float | None, row: dict[str, int], end: str | None = None
) -> Trade:
    """Return the trade of fills that begin flat; the first one says whether it is long or short."""
    entries = [f for f in fills if f.side == fills[0].side]
    exits = [f for f in fills if f.side != fills[0].side]
    sign = 1 if fills[0].side == "buy" else -1
    size = sum(f.size for f in entries)
    open_size = 0.0 if last is None else size - sum(f.size for f in exits)
    value_in = sum(f.size * f.price for f in entries)
    value_out = sum(f.size * f.price for f in exits) + open_size * (last or 0.0)
    slipped_in, slipped_out = sum(f.slippage for f in entries), sum(f.slippage for f in exits)
    fees_in = sum(f.commission + f.tax for f in entries)
    fees_out = sum(f.commission + f.tax for f in exits)
    gross = (value_out + sign * slipped_out) / (value_in - sign * slipped_in) - 1
    net = (value_out - sign * fees_out) / (value_in + sign * fees_in) - 1
    closed = last is None
    end = fills[-1].session if end is None else end
    left = "open at the end" if end == max(row) else "delisted"
    return Trade(
        ticker=fills[0].ticker,
        decided=fills[0].decided,
        entry=fills[0].session,
        exit=end if closed else None,
        entry_price=plain(value_in / size),
        exit_price=plain(value_out / size),
        size=_whole(size),
        sessions_held=row[end] - row[fills[0].session],
        return_gross=plain(sign * gross),
        return_net=plain(sign * net),
        costs=plain(sum(f.costs for f in fills)),
        reason=fills[-1].reason if closed else left,
    )


def _periods_per_year(sessions: Any) -> float:
    """Sessions a year that the curve shows; 252 when it is shorter than a quarter."""
    days = int((sessions[-1] - sessions[0]).astype("timedelta64[D]").astype(int))
    return float((len(sessions) - 1) / days * 365.25) if days >= 90 else 252.0
