"""Everything that a rule may know when it decides, at the close of one session."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def nothing() -> Floats:
    """Return an array without a number, read-only."""
    return _NOTHING


_NOTHING: Floats = np.empty(0)
_NOTHING.setflags(write=False)


@dataclass(frozen=True, eq=False)
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
    centre : float
        Mean forecast return of the fit behind this forecast on its validation windows, averaged over
        the seeds. NaN where the fit had no validation windows.
    past_forecast_returns : float64, read-only
        Forecast returns of earlier sessions, each less the centre of its fit, oldest first, without
        the sessions that had no forecast: the newest `memory` of the rule.
    closes : float64, read-only
        Closes oldest first, today's the last: the newest `memory` of the rule, those before the
        first out-of-sample session included.
    round_trip : float
        What buying and selling again would cost today, as a share of the value: commission, the
        tax of the day and the slippage of both sides.
    place : int
        The ticker's place today by forecast over close, among the tickers of the account that have a
        bar and a forecast and may be bought. 1 is the highest, equal values go by name, 0 is no
        place. Only for a rule that `ranks`.

    Raises
    ------
    ValueError
        The close is not above 0, or a position is held without its prices.
    """

    date: datetime.date
    close: float
    previous_close: float
    forecast: float
    holding: bool = False
    decision_close: float = float("nan")
    entry_price: float = float("nan")
    sessions_since_decision: int = 0
    centre: float = 0.0
    past_forecast_returns: Floats = field(default_factory=nothing)
    closes: Floats = field(default_factory=nothing)
    round_trip: float = 0.0
    place: int = 0

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

    @property
    def forecast_return(self) -> float:
        """Forecast close of the next session over the close, less 1; NaN without a forecast."""
        return self.forecast / self.close - 1.0

    def known(self) -> tuple[Any, ...]:
        """Return every value, arrays as tuples: two situations are the same if their texts are."""
        values = vars(self).values()
        return tuple(tuple(v.tolist()) if isinstance(v, np.ndarray) else v for v in values)
