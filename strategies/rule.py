"""A rule: a pure function from a situation to a signal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import ClassVar

import numpy as np

from strategies.digits import to_12_digits
from strategies.situation import Flags, Floats, Situation


class Side(Enum):
    """What to do at the next open."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"


@dataclass(frozen=True)
class Signal:
    """What a rule answers.

    Attributes
    ----------
    side : Side
        Carried out at the next open.
    sell_at : float or None
        Price of a limit sell that stands during the next session, for what is held or what a BUY
        is about to buy; filled at the better of the open and the limit.
    reason : str
        A word for the trade table.
    """

    side: Side
    sell_at: float | None = None
    reason: str = ""


HOLD = Signal(Side.HOLD)


@dataclass(frozen=True)
class Rule(ABC):
    """Base of all rules: a frozen dataclass of settings and `decide`. One rule a file."""

    #: False when the rule trades without forecasts: it then runs once, not once a forecaster.
    needs_forecast: ClassVar[bool] = True

    #: True when the rule asks for `Situation.place`.
    ranks: ClassVar[bool] = False

    #: False when the rule does not ask for `Situation.round_trip`, which is then left 0.
    weighs_costs: ClassVar[bool] = True

    @property
    def memory(self) -> int:
        """How many past forecast returns and closes the rule asks for; 0: neither."""
        return 0

    @property
    def fill(self) -> str:
        """Where a decision fills: ``open``, the next one, or ``close``, that of the decision."""
        return "open"

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return where a BUY is possible, given forecast returns of several tickers; NaN: none.

        A promise that saves time: tickers that are not held are asked only where it is True. A
        rule that buys elsewhere would miss purchases; the default promises nothing.
        """
        return np.ones(forecast_return.shape, dtype=bool)

    @abstractmethod
    def decide(self, situation: Situation) -> Signal:
        """Return what to do; the same situation always gives the same signal."""

    @abstractmethod
    def reading(self) -> str:
        """Return one sentence that says how the rule is read, for the report."""


def percent(share: float) -> str:
    """Return a share as the percent that the user wrote: 0.0125 is 1.25%, not 1.2%."""
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


def risen(price: float, reference: float, share: float) -> bool:
    """Return whether `price` is at least `share` above `reference`; exactly so counts.

    False where a value is NaN.
    """
    return price >= lowest_risen(reference, share)


def fallen(price: float, reference: float, share: float) -> bool:
    """Return whether `price` is at least `share` below `reference`; exactly so counts."""
    return price <= lowest_risen(reference, -share)


def lowest_risen(reference: float, share: float) -> float:
    """Return the lowest price that counts as `share` above `reference`: also that of a limit.

    To 12 digits, as a price is written: 1.05 x 101 is 106.05000000000001 in binary, and a rise of
    exactly 5% would count for some prices and not for others.
    """
    return to_12_digits(reference * (1 + share))
