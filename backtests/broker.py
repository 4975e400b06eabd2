"""The account: cash, costs by date, slippage, as Backtrader's own broker keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import backtrader as bt

from backtests.markets.costs import WHOLE, Costs
from forecasters.errors import InputError


class CommissionScheme(bt.CommInfoBase):
    """Commission on both sides and the transaction tax of the day on sales.

    ``broker.addcommissioninfo(CommissionScheme(costs=costs, clock=feed), name=feed._name)``:
    Backtrader does not tell a scheme the date, the feed does.
    """

    params = (("costs", None), ("clock", None), ("stocklike", True))

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        return self.commission(size, price) + self.tax(size, price)

    def commission(self, size: float, price: float) -> float:
        """Return the commission on a fill."""
        return float(self.p.costs.commission(abs(size) * price))

    def tax(self, size: float, price: float) -> float:
        """Return the tax on a fill of the session that the clock shows; a purchase pays none."""
        if size >= 0:
            return 0.0
        return float(self.p.costs.tax(-size * price, self.p.clock.datetime.date(0)))


@dataclass(frozen=True)
class Broker:
    """What an account starts with and pays.

    Attributes
    ----------
    cash : float
        In the currency of the listing.
    costs : Costs
    cash_fraction : float
        Share of the cash that a purchase may use.
    slots : int
        Equal parts of the equity, one a position; 1 for an account with one ticker.
    """

    cash: float
    costs: Costs
    cash_fraction: float = 0.95
    slots: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.cash) and self.cash > 0):
            raise InputError(f"--cash is {self.cash}; it must be above 0")
        if not 0 < self.cash_fraction <= 1:
            raise InputError(f"--cash-fraction is {self.cash_fraction}; it is a share up to 1")
        if self.slots < 1:
            raise InputError(f"slots is {self.slots}; an account has 1 at least")

    def install(self, cerebro: Any, feeds: Iterable[Any]) -> None:
        """Set up the broker of a Cerebro for these feeds.

        Slippage moves the price of a fill at the open, up to the day's high or down to its low:
        no fill outside the prices of the day. A limit order never fills worse than its limit.
        Orders are checked when they are filled: checked when submitted, Backtrader refuses some
        that the open would fund.
        """
        broker = cerebro.broker
        broker.setcash(self.cash)
        broker.set_checksubmit(False)
        broker.set_slippage_perc(
            self.costs.slippage_bps / WHOLE,
            slip_open=True,
            slip_limit=False,
            slip_match=True,
            slip_out=False,
        )
        for feed in feeds:
            scheme = CommissionScheme(costs=self.costs, clock=feed)
            broker.addcommissioninfo(scheme, name=feed._name)
