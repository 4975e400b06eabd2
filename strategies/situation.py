"""All that a rule may know when it decides, at the close of one session."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """One ticker at the close of `date`. Prices in the currency of the listing.

    Attributes
    ----------
    close, previous_close : float
        NaN for `previous_close` on the first bar.
    forecast : float
        Forecast close of the next session; NaN where there is none.
    holding : bool
    decision_close : float
        Close of the session in which the purchase was decided; NaN while not holding.
    entry_price : float
        Price of the fill; NaN while not holding.
    sessions_since_decision : int
        1 at the close of the session after the decision, which is the session of the fill.
    """

    date: datetime.date
    close: float
    previous_close: float
    forecast: float
    holding: bool = False
    decision_close: float = float("nan")
    entry_price: float = float("nan")
    sessions_since_decision: int = 0
