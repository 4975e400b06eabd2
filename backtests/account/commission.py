"""Commission and tax of a market as Backtrader asks for them."""

from __future__ import annotations

from datetime import date

import backtrader as bt


class CommissionScheme(bt.CommInfoBase):
    """Commission on both sides and the transaction tax of the day on sales.

    ``broker.addcommissioninfo(CommissionScheme(costs=costs, clock=feed), name=feed._name)``:
    Backtrader passes no date to a scheme, so the scheme reads it from the feed.
    """

    params = (("costs", None), ("clock", None), ("ticker", ""), ("stocklike", True))

    #: The bar that is traded on, -1 while an order is filled at the close before.
    ago = 0

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        return self.commission(size, price) + self.tax(size, price)

    def commission(self, size: float, price: float) -> float:
        """Return the commission on a fill."""
        return float(self.p.costs.commission(abs(size) * price))

    def tax(self, size: float, price: float, session: date | None = None) -> float:
        """Return the tax on a fill; a purchase pays none.

        The rate is that of `session`, by default of the session that the clock shows.
        """
        if size >= 0:
            return 0.0
        day = self.p.clock.datetime.date(self.ago) if session is None else session
        return float(self.p.costs.tax(-size * price, day, self.p.ticker))
