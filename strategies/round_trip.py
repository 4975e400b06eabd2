"""What buying and selling again would cost with the broker of the Cerebro, whichever it is."""

from __future__ import annotations

from typing import Any


def slipped(broker: Any, data: Any, price: float, sign: float) -> float:
    """Return the price at which a purchase (1) or a sale (-1) that is quoted at `price` will fill.

    A broker whose slippage has more rules than Backtrader's, such as ticks, has a method
    ``slipped(data, price, sign)``. For any other broker Backtrader's settings are used.
    """
    if hasattr(broker, "slipped"):
        return float(broker.slipped(data, price, sign))
    share = getattr(broker.p, "slip_perc", 0.0)
    fixed = 0.0 if share else getattr(broker.p, "slip_fixed", 0.0)
    return float(price * (1 + sign * share) + sign * fixed)


def round_trip(broker: Any, data: Any, price: float, size: float) -> float:
    """Return commission, tax of the day and slippage of both sides, as a share of the value."""
    scheme = broker.getcommissioninfo(data)
    fees = scheme.getcommission(size, price) + scheme.getcommission(-size, price)
    slip = slipped(broker, data, price, 1) - slipped(broker, data, price, -1)
    return float(fees / (size * price) + slip / price)
