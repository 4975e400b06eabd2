"""The 5% rule of S2, with its readings as settings."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from strategies.base import ForecastStrategy, params_of
from strategies.rule import HOLD, Rule, Side, Signal, lowest_risen, risen
from strategies.situation import Situation

EXITS = ("entry", "day", "touch")


@dataclass(frozen=True)
class FivePercentRule(Rule):
    """Buy when the forecast close of t+1 is at least 5% above close t; sell when it rose 5%.

    Source: S2 ("buy ... at least 5% above today's close; on the next day sell if it rose by 5% or
    more, hold if less"). What S2 leaves open is a setting.

    Attributes
    ----------
    threshold : float
        The 5%, as a share; for the forecast and for the rise.
    exit : str
        ``entry``: sell when a close is 5% above the close of the decision. ``day``: when a close
        is 5% above the close before it. ``touch``: a limit sell stands at 5% above the close of
        the decision, on the day of the fill too.
    first_exit : int
        First session in which the exit is tested: 1 is the day that was forecast.
    max_hold : int or None
        Sell after this many sessions whatever happened; None is the literal rule.
    stop_loss : float or None
        Sell when a close is this share below the price paid; None is the literal rule.
    """

    threshold: float = 0.05
    exit: str = "entry"
    first_exit: int = 1
    max_hold: int | None = None
    stop_loss: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise ValueError(
                f"threshold is {self.threshold}; it is a share between 0 and 1: 0.05 is 5%"
            )
        if self.exit not in EXITS:
            raise ValueError(f"exit is '{self.exit}'; known: {', '.join(EXITS)}")
        if self.first_exit < 1:
            raise ValueError(
                f"first_exit is {self.first_exit}; 1 is the session after the decision"
            )
        if self.max_hold is not None and self.max_hold < 1:
            raise ValueError(f"max_hold is {self.max_hold}; a position is held 1 session at least")
        if self.stop_loss is not None and not 0 < self.stop_loss < 1:
            raise ValueError(f"stop_loss is {self.stop_loss}; it is a share between 0 and 1")

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
        if self.stop_loss is not None and situation.close <= situation.entry_price * (
            1 - self.stop_loss
        ):
            return Signal(Side.SELL, reason="stop_loss")
        if self.exit == "touch":
            return Signal(Side.HOLD, sell_at=self._limit(situation.decision_close, held + 1))
        reference = situation.decision_close if self.exit == "entry" else situation.previous_close
        if held >= self.first_exit and risen(situation.close, reference, self.threshold):
            return Signal(Side.SELL, reason=self.exit)
        return HOLD

    def _limit(self, decision_close: float, session: int) -> float | None:
        """Return the price of the limit sell in that session after the decision, if any stands."""
        if self.exit != "touch" or session < self.first_exit:
            return None
        return lowest_risen(decision_close, self.threshold)

    def reading(self) -> str:
        """Return the reading in one sentence."""
        share = _percent(self.threshold)
        risen_by = {
            "entry": f"a close is {share} or more above the close of the decision",
            "day": f"a close is {share} or more above the close before it",
            "touch": f"the price touches {share} above the close of the decision (a limit order, "
            "on the day of the fill too)",
        }[self.exit]
        hold = "for ever" if self.max_hold is None else f"at most {self.max_hold} sessions"
        stop = (
            "no stop"
            if self.stop_loss is None
            else f"a stop {_percent(self.stop_loss)} below the price paid"
        )
        first = (
            "from the session after the decision"
            if self.first_exit == 1
            else f"from session {self.first_exit} after the decision"
        )
        return (
            f"Buy at the next open when the forecast close is {share} or more above today's close; "
            f"sell {'' if self.exit == 'touch' else 'at the next open '}when {risen_by}, tested {first}; "
            f"hold {hold}, {stop}; signals while holding are ignored."
        )


def _percent(share: float) -> str:
    """Return a share as the percent that the user wrote: 0.0125 is 1.25%, not 1.2%."""
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


class FivePercent(ForecastStrategy):
    """The rule as a Backtrader strategy: ``cerebro.addstrategy(FivePercent, threshold=0.02)``."""

    rule_type = FivePercentRule
    params = params_of(FivePercentRule)
