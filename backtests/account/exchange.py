"""Backtrader's broker, filling as the exchange would: price limits, ticks, volume, lots."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from backtrader.brokers.bbroker import BackBroker

from backtests.markets.costs import Costs
from backtests.markets.rules.tick_grid import Grid, grid_of
from backtests.markets.rules.ticks import TickTable
from forecasters.bars import Bars

#: Relative; below any tick.
TOLERANCE = 1e-9


class ExchangeBroker(BackBroker):
    """Backtrader's broker with the rules of a market; everything else is as in Backtrader.

    - A buy does not fill at the upper price limit, and a sell does not fill at the lower one. The
      limit is a share of the close of the bar before, also across a halt; the first bar has none. It
      is exact for a series on the tick grid, and known within a tick for any other. A day that traded
      beyond its limit had no limit (liquidation before a delisting, a listing, leveraged funds).
    - Nothing fills on a halt, on a bar without volume (unless the series never had volumes), or on a
      bar that does not belong to the newest session.
    - Where a series lay on the tick grid up to the day before, fills are rounded to ticks against the
      trader, and limit prices to the tick that is better for the trader. Slippage never leaves the
      day's range and never passes a limit price.
    - `closed`: from its day on a ticker is not bought, because its prices are at fault.
    - `volume_cap`: the share of the day's volume that all orders of a ticker may fill together.
    - A buy is cut down to whole lots when it is sent; a buy of less than a lot is rejected. Sells may
      have any size.

    An order that was held back has the reason in ``order.info.blocked`` ("upper limit", "lower limit",
    "halt", "no volume", "no bar", "price jump", "volume cap") until it fills, and the day in `blocked_on`. The price
    before slippage is in ``order.info.quoted``.

    Parameters
    ----------
    costs : Costs
        Its slippage is the only one: Backtrader's `set_slippage_perc` and `set_slippage_fixed` change
        no fill here.
    volume_cap : float or None
    closed : dict
        Ticker to date.
    slip_open : bool
        Whether a limit order that fills at the open is slipped.
    """

    params = (("costs", None), ("volume_cap", None), ("closed", None), ("slip_open", True))
    positions: Any

    def __init__(self) -> None:
        super().__init__()
        self._grids: dict[str, Grid] = {}
        self._first_volume: dict[str, date] = {}
        self._taken: dict[str, tuple[float, float]] = {}
        self._order: Any = None
        self._ago = 0
        self._newest: int | None = None

    def know(self, bars: Bars) -> None:
        """Find from the bars of a feed when they lay on the tick grid and when they had volumes.

        A fill uses only what was known before its session: no fill may depend on a later bar.
        """
        costs: Costs = self.p.costs
        listing = costs.listing(bars.ticker)
        self._grids[bars.ticker] = grid_of(bars, costs.market.ticks, listing)
        days, with_volume = bars.sessions.tolist(), bars.volume > 0
        first = days[int(with_volume.argmax())] if with_volume.any() else date.max
        self._first_volume[bars.ticker] = first

    # --- what a strategy may ask -----------------------------------------------------------------

    def lot_of(self, data: Any) -> int:
        """Return the lot of today: the number of shares that a purchase must be a multiple of."""
        costs: Costs = self.p.costs
        lot = costs.market.lot(_day(data, 0), costs.listing(data._name))
        return 1 if lot is None else lot.shares(_previous(data, 0) or data.open[0])

    def slipped(self, data: Any, price: float, sign: int) -> float:
        """Return a price of today after slippage, of a buy (1) or a sell (-1), ticks included.

        The range of the day, which bounds a fill, is not applied.
        """
        costs: Costs = self.p.costs
        return costs.slipped(price, int(sign), self._grid(data, 0))

    # --- orders come in --------------------------------------------------------------------------

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        """Send a purchase of whole lots."""
        costs: Costs = self.p.costs
        if costs.market.lots and self.positions[data].size >= 0:
            lot = self.lot_of(data)
            size = math.floor(size / lot + TOLERANCE) * lot or size
        return super().buy(owner, data, size, *args, **kwargs)

    def submit(self, order: Any, check: bool = True) -> Any:
        """Reject a purchase of less than a lot; send every other order."""
        opens = order.isbuy() and self.positions[order.data].size >= 0
        if opens and self.p.costs.market.lots and order.size < self.lot_of(order.data):
            order.reject()
            self.notify(order)
            return order
        return super().submit(order, check)

    # --- orders are filled -----------------------------------------------------------------------

    def next(self) -> None:
        """Fill the orders that can fill on the bars of today."""
        self._newest = None
        super().next()

    def _try_exec(self, order: Any) -> Any:
        """Fill an order unless its bar forbids; a market order may be meant for the bar before."""
        data, info = order.data, order.info
        if order.exectype == order.Historical:
            return super()._try_exec(order)
        for word in ("blocked", "blocked_on", "quoted"):
            info.pop(word, None)
        at_close = order.exectype == order.Market and self.p.coc and info.get("coc", True)
        self._order, self._ago = order, 0
        if at_close and data.datetime[0] != order.created.dt:
            self._ago = -1
        why = self._shut(data, at_close) or self._closed(order)
        if why:
            self._hold_back(order, why)
        else:
            scheme = self.getcommissioninfo(data)
            scheme.ago = self._ago
            super()._try_exec(order)
            scheme.ago = 0
        if at_close and "blocked" in info:
            order.addinfo(coc=False)  # that close is past: the order waits for the next open
        return None

    def _hold_back(self, order: Any, why: str) -> None:
        order.addinfo(blocked=why, blocked_on=_day(order.data, self._ago))

    def _shut(self, data: Any, at_close: bool) -> str:
        """Return why no order of this feed fills on its bar; empty if orders may fill."""
        if not at_close:
            if self._newest is None:
                self._newest = max(int(d.datetime[0]) for d in self.cerebro.datas if len(d))
            if int(data.datetime[0]) < self._newest:
                return "no bar"
        tradable = getattr(data, "tradable", None)
        if (tradable is not None and not tradable[self._ago]) or data.open[self._ago] <= 0:
            return "halt"
        first = self._first_volume.get(data._name, date.min)
        if data.volume[self._ago] == 0 and first < _day(data, self._ago):
            return "no volume"
        return ""

    def _closed(self, order: Any) -> str:
        """Return why a purchase does not fill on a day from which on its prices are at fault."""
        day = (self.p.closed or {}).get(order.data._name)
        opens = order.isbuy() and self.positions[order.data].size >= 0
        return "price jump" if opens and day and _day(order.data, self._ago) >= day else ""

    def _try_exec_limit(
        self, order: Any, popen: float, phigh: float, plow: float, plimit: float
    ) -> None:
        """Fill at the limit price or better; the limit is a tick where the series lies on the grid."""
        super()._try_exec_limit(order, popen, phigh, plow, self._limit(order, plimit))

    def _try_exec_stoplimit(self, order: Any, *prices: float) -> None:
        """Fill a stop with a limit: the last of the prices is the limit."""
        *others, plimit = prices
        super()._try_exec_stoplimit(order, *others, self._limit(order, plimit))

    def _limit(self, order: Any, price: float) -> float:
        """Return the limit price of an order, rounded to the tick that is not worse for the trader."""
        ticks = self._grid(order.data, 0)
        if not ticks:
            return price
        return ticks.down(price) if order.isbuy() else ticks.up(price)

    def _slip_up(self, pmax: float, price: float, doslip: bool = True, lim: bool = False) -> Any:
        """Return the price of a buy; None at the upper limit."""
        return self._slip(1, pmax, price, doslip)

    def _slip_down(self, pmin: float, price: float, doslip: bool = True, lim: bool = False) -> Any:
        """Return the price of a sell; None at the lower limit."""
        return self._slip(-1, pmin, price, doslip)

    def _slip(self, sign: int, bound: float, price: float, doslip: bool) -> float | None:
        """Return the price after slippage and rounding against the trader, never beyond `bound`."""
        order, data, ago = self._order, self._order.data, self._ago
        edge = data.high[ago] if sign > 0 else data.low[ago]
        if ago:  # a fill at the close before: the range is that day's
            bound = edge
        # Backtrader bounds a limit sale by its limit alone, which may lie below the day's low.
        bound = min(bound, edge) if sign > 0 else max(bound, edge)
        if self._locked(data, sign, price):
            self._hold_back(order, "upper limit" if sign > 0 else "lower limit")
            return None
        ticks, costs, slipped = self._grid(data, ago), self.p.costs, price
        if doslip:
            slipped = costs.slipped(price, sign, ticks, rounded=False)
            slipped = min(slipped, bound) if sign > 0 else max(slipped, bound)
        if ticks:
            rounded = ticks.against(slipped, sign)
            slipped = slipped if sign * (rounded - bound) > 0 else rounded
        order.addinfo(quoted=price)
        return slipped

    def _execute(
        self, order: Any, ago: Any = None, price: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Execute an order; the price of an order for the close is known only here."""
        if ago is not None and price is not None and order.exectype == order.Close:
            sign = 1 if order.isbuy() else -1
            self._ago = ago
            if self._locked(order.data, sign, price):
                self._hold_back(order, "upper limit" if sign > 0 else "lower limit")
                return None
        return super()._execute(order, ago, price, *args, **kwargs)

    def fill_size(self, order: Any, price: float, ago: int) -> float:
        """Return the shares that the cap on the day's volume leaves to an order (a filler)."""
        data, wanted = order.data, abs(order.executed.remsize)
        volume = data.volume[self._ago]
        if not volume > 0:  # a series without volumes
            return float(wanted)
        day, taken = self._taken.get(data._name, (0.0, 0.0))
        today = data.datetime[self._ago]
        taken = taken if day == today else 0.0
        size: float = min(
            wanted, max(0, math.floor(self.p.volume_cap * volume - taken + TOLERANCE))
        )
        if size < wanted:
            if order.isbuy():
                size -= size % self.lot_of(data)
            self._hold_back(order, "volume cap")
        self._taken[data._name] = (today, taken + size)
        return size

    def _locked(self, data: Any, sign: int, price: float) -> bool:
        """Return whether this price is the limit of its day, upper (1) or lower (-1)."""
        costs, ago = self.p.costs, self._ago
        previous = _previous(data, ago)
        if not costs.market.limits or previous is None:
            return False
        listing, day = costs.listing(data._name), _day(data, ago)
        limit = costs.market.price_limit(day, listing)
        if limit is None:
            return False
        grid, ticks = self._grid(data, ago), costs.market.tick_table(day, listing)
        lower, upper = limit.prices(previous, grid)
        slack = ticks.widest if ticks and not grid else TOLERANCE
        if sign > 0:
            return bool(upper * (1 - slack) < price and data.high[ago] < upper * (1 + slack))
        return bool(price < lower * (1 + slack) and lower * (1 - slack) < data.low[ago])

    def _grid(self, data: Any, ago: int) -> TickTable | None:
        """Return the ticks of a bar; None where the series does not lie on their grid."""
        grid, day = self._grids.get(data._name), _day(data, ago)
        if grid is None or not grid.known_on(day):
            return None
        costs: Costs = self.p.costs
        return costs.market.tick_table(day, costs.listing(data._name))

    # --- the value -------------------------------------------------------------------------------

    def _get_value(self, datas: Any = None, lever: bool = False) -> Any:
        """Return the value, from what is held: Backtrader would visit every feed it ever traded."""
        if datas is not None:
            return super()._get_value(datas, lever)
        every = self.positions
        self.positions = {data: held for data, held in every.items() if held.size}
        try:
            return super()._get_value(None, lever)
        finally:
            self.positions = every


def _previous(data: Any, ago: int) -> float | None:
    """Return the close before a bar, which may lie before the feed begins; None if there is none."""
    if len(data) + ago > 1:
        return float(data.close[ago - 1])
    earlier = getattr(data, "earlier_closes", ())
    return float(earlier[-1]) if earlier else None


def _day(data: Any, ago: int) -> date:
    day: date = data.datetime.date(ago)
    return day
