"""The 5% rule of S2, with its readings as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from strategies.base import ForecastStrategy, params_of
from strategies.rule import HOLD, Rule, Side, Signal, fallen, lowest_risen, percent, risen
from strategies.situation import Flags, Floats, Situation

#: The readings of "sell when it rose by 5%", which every run computes side by side, and their meaning.
EXITS = MappingProxyType({
    "entry": "sold when a close is the threshold above the close of the decision",
    "day": "sold when a close is the threshold above the close before it",
    "touch": "a limit order at the threshold above the close of the decision",
})  # fmt: skip
#: Every exit that the rule knows.
KNOWN_EXITS = (*EXITS, "one-day", "forecast")
FILLS = ("open", "close")


@dataclass(frozen=True)
class FivePercentRule(Rule):
    """Buy when the forecast close of t+1 is at least 5% above close t; sell when the price rose by 5%.

    Source: S2 ("buy ... at least 5% above today's close; on the next day sell if it rose by 5% or
    more, hold if less"). What S2 leaves open is a setting.

    Attributes
    ----------
    threshold : float
        The 5%, as a share, of the forecast and of the rise of the price.
    exit : str
        ``entry``: sell when a close is 5% above the close of the decision. ``day``: when a close
        is 5% above the close before it. ``touch``: a limit sell stands at 5% above the close of
        the decision, on the day of the fill too. ``one-day``: sell after the first session in
        which the exit is tested, whatever happened. ``forecast``: when the forecast return of a
        close is below `bound`.
    first_exit : int
        First session in which the exit is tested: 1 is the session that was forecast.
    max_hold : int or None
        Sell after this number of sessions, whatever happened; None is the literal rule.
    stop_loss : float or None
        Sell when a close is this share below the price paid; None is the literal rule.
    fill : str
        ``open``: a decision at a close fills at the next open. ``close``: it fills at that close
        itself, as in S2, although the decision needs that price.
    bound : float
        Forecast return below which ``exit="forecast"`` sells.
    """

    weighs_costs: ClassVar[bool] = False
    exits: ClassVar[Mapping[str, str]] = EXITS

    threshold: float = 0.05
    exit: str = field(default="entry", metadata={"choices": KNOWN_EXITS})
    first_exit: int = 1
    max_hold: int | None = None
    stop_loss: float | None = None
    fill: str = field(default="open", metadata={"choices": FILLS})
    bound: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise ValueError(
                f"threshold is {self.threshold}; it is a share between 0 and 1: 0.05 is 5%"
            )
        if self.exit not in KNOWN_EXITS:
            raise ValueError(f"exit is '{self.exit}'; known: {', '.join(KNOWN_EXITS)}")
        if self.fill not in FILLS:
            raise ValueError(f"fill is '{self.fill}'; known: {', '.join(FILLS)}")
        if not -1 < self.bound < 1:
            raise ValueError(f"bound is {self.bound}; it is a forecast return: 0.01 is 1%")
        if self.first_exit < 1:
            raise ValueError(
                f"first_exit is {self.first_exit}; 1 is the session after the decision"
            )
        if self.max_hold is not None and self.max_hold < 1:
            raise ValueError(f"max_hold is {self.max_hold}; a position is held 1 session at least")
        if self.stop_loss is not None and not 0 < self.stop_loss < 1:
            raise ValueError(f"stop_loss is {self.stop_loss}; it is a share between 0 and 1")

    def could_buy(self, forecast_return: Floats) -> Flags:
        """Return where a forecast reaches the threshold, with some room for the last digits of a price."""
        return forecast_return >= self.threshold - 1e-9

    def decide(self, situation: Situation) -> Signal:
        """Return BUY, SELL or HOLD."""
        return self._while_holding(situation) if situation.holding else self._while_flat(situation)

    def _while_flat(self, situation: Situation) -> Signal:
        if not risen(situation.forecast, situation.close, self.threshold):
            return HOLD
        return Signal(Side.BUY, sell_at=self._limit(situation.close, 1), reason="forecast")

    def _while_holding(self, situation: Situation) -> Signal:
        held = situation.sessions_since_decision
        if self.max_hold is not None and held >= self.max_hold:
            return Signal(Side.SELL, reason="max_hold")
        stop = self.stop_loss
        if stop is not None and fallen(situation.close, situation.entry_price, stop):
            return Signal(Side.SELL, reason="stop_loss")
        if self.exit == "touch":
            return Signal(Side.HOLD, sell_at=self._limit(situation.decision_close, held + 1))
        if held >= self.first_exit and self._is_over(situation):
            return Signal(Side.SELL, reason=self.exit)
        return HOLD

    def _is_over(self, situation: Situation) -> bool:
        """Return whether the exit says to sell; ``touch`` sells by a limit order instead."""
        if self.exit == "one-day":
            return True
        if self.exit == "forecast":
            return situation.forecast < lowest_risen(situation.close, self.bound)
        reference = situation.decision_close if self.exit == "entry" else situation.previous_close
        return risen(situation.close, reference, self.threshold)

    def _limit(self, decision_close: float, session: int) -> float | None:
        """Return the price of the limit sell in that session after the decision; None if none stands."""
        if self.exit != "touch" or session < self.first_exit:
            return None
        return lowest_risen(decision_close, self.threshold)

    def reading(self) -> str:
        """Return the reading in one sentence."""
        share = percent(self.threshold)
        over = {
            "entry": f"when a close is {share} or more above the close of the decision",
            "day": f"when a close is {share} or more above the close before it",
            "touch": f"when the price touches {share} above the close of the decision (a limit "
            "order, filled at the better of the open and the limit, on the day of the fill too)",
            "one-day": "whatever happened",
            "forecast": f"when the forecast close is less than {percent(self.bound)} above the close"
            if self.bound
            else "when the forecast close is below the close",
        }[self.exit]
        first = (
            "from the session after the decision"
            if self.first_exit == 1
            else f"from session {self.first_exit} after the decision"
        )
        hold = f"hold at most {self.max_hold} sessions" if self.max_hold else "hold for ever"
        stop = (
            "no stop"
            if self.stop_loss is None
            else f"a stop {percent(self.stop_loss)} below the price paid"
        )
        at = "at the next open" if self.fill == "open" else "at that close"
        label = (
            ""
            if self.fill == "open"
            else " A fill at the close needs the price that the decision needs: no order could do it."
        )
        return (
            f"Buy {at} when the forecast close is {share} or more above today's close; "
            f"sell {'' if self.exit == 'touch' else at + ' '}{over}, tested {first}; "
            f"{hold}, {stop}; signals while holding are ignored.{label}"
        )


class FivePercent(ForecastStrategy):
    """The rule as a Backtrader strategy: ``cerebro.addstrategy(FivePercent, threshold=0.02)``."""

    rule_type = FivePercentRule
    params = params_of(FivePercentRule)
