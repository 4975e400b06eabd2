"""What buying and selling again would cost, asked of whatever broker is there."""

from __future__ import annotations

from typing import Any


def round_trip(broker: Any, data: Any, price: float, size: float) -> float:
    """Return commission, tax of the day and slippage of both sides, as a share of the value.

    The commission scheme tells the fees. A broker that knows more of the slippage than Backtrader's
    own says it by ``slippage_of(data)``, as a share of the close.
    """
    scheme = broker.getcommissioninfo(data)
    fees = scheme.getcommission(size, price) + scheme.getcommission(-size, price)
    if hasattr(broker, "slippage_of"):
        slip = broker.slippage_of(data)
    else:
        fixed = getattr(broker.p, "slip_fixed", 0.0) / price
        slip = getattr(broker.p, "slip_perc", 0.0) or fixed
    return float(fees / (size * price) + 2 * slip)
