"""How many shares a purchase may have."""

from __future__ import annotations

import math

#: Share of a count that is rounding: 0.3 x (1,000,000 / 3) / 2,500 is 39.99999999999999 in binary.
ROUNDING = 1e-12


def affordable_shares(budget: float, price: float, lot: float, cash: float) -> int:
    """Return the most shares, in whole lots, that a budget buys at this price.

    A budget that pays for a lot exactly buys it, also where binary arithmetic leaves the budget a
    last digit too low. The cash is never passed, not even by that digit: a broker would refuse the
    whole order.

    Parameters
    ----------
    budget, cash : float
        Money that may be spent, and money that is there. In the currency of the price.
    price : float
        Of one share, above 0.
    lot : float
        Shares in a lot, 1 or more.

    Examples
    --------
    >>> affordable_shares(budget=0.3 * (1_000_000 / 3), price=2_500, lot=1, cash=1_000_000)
    40
    >>> affordable_shares(budget=95_000, price=2_500, lot=10, cash=100_000)
    30
    """
    lots = math.floor(budget / price / lot * (1 + ROUNDING))
    if lots * lot * price > cash:
        lots = math.floor(budget / price / lot)
    return int(lots * lot)
