"""The account: cash, costs by date and slippage, kept by a Backtrader broker."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from backtests.account.commission import CommissionScheme
from backtests.account.exchange import ExchangeBroker
from backtests.markets.costs import Costs
from backtests.markets.rules.tick_grid import on_grid
from forecasters.bars import Bars
from forecasters.errors import InputError


@dataclass(frozen=True)
class Broker:
    """What an account starts with and pays.

    Attributes
    ----------
    cash : float
        In the currency of the listing.
    costs : Costs
        Rates of the market, or those that the user set.
    cash_fraction : float
        Share of the cash that a purchase may use.
    slots : int
        Equal parts of the equity, one a position; 1 for an account with one ticker.
    volume_cap : float or None
        Share of the day's volume that all orders of one ticker may fill together; None: no cap.
    closed : tuple of (ticker, session)
        Tickers that are not bought from this session on, because their prices are at fault.

    Raises
    ------
    InputError
        A value lies outside its range.
    """

    cash: float
    costs: Costs
    cash_fraction: float = 0.95
    slots: int = 1
    volume_cap: float | None = None
    closed: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.cash) and self.cash > 0):
            raise InputError(f"--cash is {self.cash}; it must be above 0")
        if not 0 < self.cash_fraction <= 1:
            raise InputError(f"--cash-fraction is {self.cash_fraction}; it is a share up to 1")
        if self.slots < 1:
            raise InputError(f"slots is {self.slots}; an account has 1 at least")
        if self.volume_cap is not None and not 0 < self.volume_cap <= 1:
            raise InputError(f"--volume-cap is {self.volume_cap}; it is a share up to 1")

    def install(
        self, cerebro: Any, feeds: Iterable[Any], kind: type[ExchangeBroker] = ExchangeBroker
    ) -> None:
        """Give a Cerebro an `ExchangeBroker` (or another `kind` of it) for these feeds.

        Slippage moves the price of a fill at the open, up to the day's high or down to its low: no
        fill lies outside the prices of the day. A limit order never fills worse than its limit. The
        cash is checked when an order fills. A check at submission would refuse purchases that the
        sales of the same open pay for. Whether a series lies on the tick grid is found from the
        `bars` of its feed, up to each session; a feed without `bars` counts as off the grid.
        """
        made: Any = kind
        closed = {ticker: date.fromisoformat(day) for ticker, day in self.closed}
        broker = made(costs=self.costs, volume_cap=self.volume_cap, closed=closed)
        cerebro.setbroker(broker)
        broker.setcash(self.cash)
        broker.set_checksubmit(False)
        if self.volume_cap is not None:
            broker.set_filler(broker.fill_size)
        for feed in feeds:
            scheme = CommissionScheme(costs=self.costs, clock=feed, ticker=feed._name)
            broker.addcommissioninfo(scheme, name=feed._name)
            bars = getattr(feed.p, "bars", None)
            if bars is not None:
                broker.know(bars)

    def note(self, bars: Iterable[Bars], start: str | date, end: str | date) -> str:
        """Return one sentence for a report: the costs and the market rules that apply to these bars.

        First the costs from `start` to `end`, both included, then price limits, ticks and the cap on
        the volume.
        """
        market = self.costs.market
        parts = [self.costs.note(start, end)]
        if market.limits:
            parts.append(
                "no purchase fills at the upper daily price limit and no sale at the lower one"
            )
        if market.ticks:
            parts.append(self._grid_note(list(bars)))
        if self.volume_cap is not None:
            parts.append(f"orders fill at most {self.volume_cap:.2%} of the day's volume")
        return "; ".join(parts)

    def _grid_note(self, bars: Sequence[Bars]) -> str:
        market = self.costs.market
        off = [b.ticker for b in bars if not on_grid(b, market.ticks, self.costs.listing(b.ticker))]
        if not off:
            return (
                "prices are rounded to ticks against the trader, so that any slippage is a tick "
                "at least (the bars lie on the tick grid)"
            )
        if len(bars) == 1:
            return "prices are not rounded to ticks (the bars lie off the tick grid: adjusted?)"
        named = ", ".join(off[:6]) + (f" and {len(off) - 6} more" if len(off) > 6 else "")
        return (
            "prices are rounded to ticks against the trader, so that any slippage is a tick at "
            f"least, but not those of {len(off)} of {len(bars)} series, which lie off the tick "
            f"grid: {named}"
        )
