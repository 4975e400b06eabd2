"""What the strategy remembers of one feed between two sessions."""

from __future__ import annotations

import math
from array import array
from datetime import date
from typing import Any

import numpy as np

from strategies.rule import HOLD, Signal
from strategies.situation import Floats, nothing

#: Lines that not every feed has, and the value where a feed has no such line.
OPTIONAL = {"forecast": math.nan, "tradable": 1.0, "centre": 0.0, "member": 1.0}


class Book:
    """One feed: its lines, what was decided on it and, for a rule with a memory, its past.

    Backtrader looks up a line by its name at each access; here each line is looked up once.
    """

    def __init__(self, number: int, data: Any, memory: int) -> None:
        self.number = number
        self.data = data
        self.name: str = data._name
        self.memory = memory
        self.datetime, self.open, self.close = (
            getattr(data.lines, name) for name in ("datetime", "open", "close")
        )
        self.optional = {name: getattr(data.lines, name, None) for name in OPTIONAL}
        self.signal: Signal = HOLD
        self.selling: Signal | None = None
        self.decided_on: date | None = None
        self.decided_close = math.nan
        self.rank = 0.0
        self.decision_close = math.nan
        self.entry_price = math.nan
        self.sessions_since_decision = 0
        self.has_bar = False
        self.bars_seen = 0
        self._closes = array("d", getattr(data, "earlier_closes", ())[-memory:] if memory else ())
        self._returns = array("d")

    def today(self, name: str) -> float:
        """Return the value of an optional line at this session."""
        line = self.optional[name]
        return OPTIONAL[name] if line is None else float(line[0])

    def look(self, time: float) -> bool:
        """Return whether this feed has a bar of this session, and keep that: a feed may miss days."""
        self.bars_seen = len(self.datetime)
        self.has_bar = bool(self.bars_seen and self.datetime[0] == time)
        return self.has_bar

    def look_again(self) -> bool:
        """Return whether a bar came since the last close; the clock still shows the session before."""
        self.has_bar = len(self.datetime) > self.bars_seen
        return self.has_bar

    def forget(self) -> None:
        """Forget a position that was closed."""
        self.decision_close = self.entry_price = math.nan
        self.sessions_since_decision = 0

    def remember_close(self) -> None:
        """Append today's close; call before the rule is asked."""
        self._closes.append(self.close[0])

    def remember_forecast(self) -> None:
        """Append today's centred forecast return, if there is one; call after the rule was asked."""
        centred = self.today("forecast") / self.close[0] - 1.0 - self.today("centre")
        if math.isfinite(centred):
            self._returns.append(centred)

    @property
    def closes(self) -> Floats:
        """The newest closes, today's the last."""
        return _newest(self._closes, self.memory)

    @property
    def past_forecast_returns(self) -> Floats:
        """The newest centred forecast returns of earlier sessions."""
        return _newest(self._returns, self.memory)


def _newest(values: array[float], count: int) -> Floats:
    """Return a copy of the last `count` values, read-only: it holds nothing but them."""
    if not count or not values:
        return nothing()
    newest = np.frombuffer(values[-count:], dtype=np.float64)
    newest.setflags(write=False)
    return newest
