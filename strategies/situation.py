"""All that a rule may know when it decides, at the close of one session."""

from __future__ import annotations

import datetime
import math
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

    def __post_init__(self) -> None:
        if not 0 < self.close < math.inf:
            raise ValueError(f"{self.date}: the close is {self.close}; a price is above 0")
        if self.holding and not (
            self.decision_close > 0 and self.entry_price > 0 and self.sessions_since_decision >= 1
        ):
            raise ValueError(
                f"{self.date}: holding since {self.sessions_since_decision} sessions, decided at "
                f"{self.decision_close} and bought at {self.entry_price}: all three must be known"
            )
