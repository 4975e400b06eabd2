"""A rule: a pure function from a situation to a signal."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import ClassVar

import numpy as np

from strategies.digits import to_12_digits
from strategies.situation import Flags, Floats, Situation
from strategies.variants import Variant, thresholds_and_exits


class Side(Enum):
    """What to do at the next open."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"


@dataclass(frozen=True)
class Signal:
    """The answer of a rule.

    Attributes
    ----------
    side : Side
        What to do at the next open.
    sell_at : float or None
        Price of a limit sell that stands during the next session, for the shares that are held or
        that a BUY is about to buy. It fills at the better of the open and the limit.
    reason : str
        A word for the trade table.
    """

    side: Side
    sell_at: float | None = None
    reason: str = ""


HOLD = Signal(Side.HOLD)


@dataclass(frozen=True)
class Rule(ABC):
    """Base of all rules: a frozen dataclass of settings, and `decide`. One rule a file.

    A rule with a field `threshold`, the forecast return that it needs to buy, gets more from a run
    than its results: a diagnosis, the worth of its calls, and a table of other thresholds. With a
    field `exit` and its names in `exits`, the exits stand side by side too.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from strategies.rule import HOLD, Rule, Side, Signal
    >>> @dataclass(frozen=True)
    ... class AboveRule(Rule):
    ...     threshold: float = 0.02
    ...
    ...     def decide(self, situation):
    ...         above = situation.forecast >= situation.close * (1 + self.threshold)
    ...         return Signal(Side.BUY if above else Side.SELL)
    ...
    ...     def reading(self):
    ...         return "Hold while the forecast is above the close by the threshold."
    >>> AboveRule().needs()
    0.02
    >>> [variant.threshold for variant in AboveRule().variants()][:3]
    [0.005, 0.01, 0.015]
    """

    #: False for a rule that trades without forecasts: it then runs once, not once a forecaster.
    needs_forecast: ClassVar[bool] = True

    #: True for a rule that asks for `Situation.place`.
    ranks: ClassVar[bool] = False

    #: False for a rule that does not ask for `Situation.round_trip`, which is then left 0.
    weighs_costs: ClassVar[bool] = True

    #: True for a rule that means to decide by weekday, month or day of the month. An audit then accepts
    #: that, and no other use of the date.
    calendar: ClassVar[bool] = False

    #: The exits that every run compares: value of the field `exit` to its meaning, in words for the page.
    exits: ClassVar[Mapping[str, str]] = {}

    @property
    def memory(self) -> int:
        """How many past forecast returns and closes the rule asks for; 0: none."""
        return 0

    @property
    def fill(self) -> str:
        """Where a decision fills: ``open``, the next open, or ``close``, the close of the decision."""
        return "open"

    def needs(self) -> float | None:
        """Return the forecast return that the rule needs to buy, as a share: 0.05; None without one.

        By default its `threshold`, if it has a number under that name.
        """
        threshold = getattr(self, "threshold", None)
        if isinstance(threshold, bool) or not isinstance(threshold, (int, float)):
            return None
        return float(threshold)

    def variants(self) -> tuple[Variant, ...]:
        """Return the rule under other thresholds and exits, its present setting included.

        A run shows what each of them earns, and counts each as a trial. By default the field
        `threshold` over `strategies.variants.THRESHOLDS`, crossed with `exits`; none for a rule
        without that field. A rule whose threshold is no forecast return returns ``()``.
        """
        return thresholds_and_exits(self)

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return where a BUY is possible, given forecast returns; NaN: no forecast.

        A promise that saves time: the rule is asked about a ticker that is not held only where this
        is True, and an account without any such row is not run. A rule that buys elsewhere would
        miss purchases. The default promises nothing: True everywhere.

        Parameters
        ----------
        forecast_return : float64, shape [N]
            As shares, of several tickers or sessions.

        Returns
        -------
        bool, shape [N]
        """
        return np.ones(forecast_return.shape, dtype=bool)

    @abstractmethod
    def decide(self, situation: Situation) -> Signal:
        """Return what to do; the same situation always gives the same signal."""

    @abstractmethod
    def reading(self) -> str:
        """Return one sentence that says how the rule is read, for the report."""


class AnswerError(ValueError):
    """A rule answered what is no signal, or promised what is no promise; the message names its class and file."""


def checked(rule: Rule, answer: object) -> Signal:
    """Return the answer of `decide`, if it is a signal.

    Raises
    ------
    AnswerError
        It is something else, its side is no `Side`, its limit no price, or its reason no text.
    """
    if isinstance(answer, Signal) and type(answer.side) is Side and type(answer.reason) is str:
        if answer.sell_at is None:
            return answer
        if isinstance(answer.sell_at, (float, int)) and 0 < answer.sell_at < math.inf:
            return answer
    came = "None (is a `return` missing?)" if answer is None else repr(answer)
    raise AnswerError(
        f"{method_of(rule, 'decide')} returned {came}; it must return a Signal: a Side, a limit price "
        "above 0 or None, and a text as the reason: Signal(Side.BUY), or HOLD"
    )


def method_of(rule: Rule, method: str) -> str:
    """Return class, method and file in words, for a message: ``MyRule.decide (my_rule.py)``."""
    cls = type(rule)
    file = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
    return f"{cls.__qualname__}.{method} ({file})"


def percent(share: float) -> str:
    """Return a share as the percent that the user wrote: 0.0125 is 1.25%, not 1.2%."""
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


def risen(price: float, reference: float, share: float) -> bool:
    """Return whether `price` is at least `share` above `reference`; a rise of exactly `share` counts.

    False where a value is NaN.
    """
    return price >= lowest_risen(reference, share)


def fallen(price: float, reference: float, share: float) -> bool:
    """Return whether `price` is at least `share` below `reference`; a fall of exactly `share` counts."""
    return price <= lowest_risen(reference, -share)


def lowest_risen(reference: float, share: float) -> float:
    """Return the lowest price that counts as `share` above `reference`, which is also the price of a limit.

    It is rounded to 12 digits, as a price is written: 1.05 x 101 is 106.05000000000001 in binary, so
    that without rounding a rise of exactly 5% would count for some prices and not for others.
    """
    return to_12_digits(reference * (1 + share))
