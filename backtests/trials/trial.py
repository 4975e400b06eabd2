"""A trial: one setting that was looked at, and the prices that it was judged on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any


def trial_key(**looked_at: Any) -> str:
    """Return the sha256 of what was looked at; the order of its parts does not matter.

    Parameters
    ----------
    looked_at
        JSON-able: forecaster and rule (name of the class, settings, code), plan, costs.
    """
    text = json.dumps(looked_at, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Scope:
    """The prices that a trial is judged on: its tickers, first and last session out of sample."""

    tickers: tuple[str, ...]
    first: str
    last: str
    simulated: bool = False

    def meets(self, other: Scope) -> bool:
        """Return whether both share a ticker and a session, and both are real or both simulated."""
        return (
            self.simulated == other.simulated
            and not set(self.tickers).isdisjoint(other.tickers)
            and self.first <= other.last
            and other.first <= self.last
        )


@dataclass(frozen=True)
class Trial:
    """One setting that was looked at.

    Attributes
    ----------
    key : str
        From `trial_key`.
    sharpe : float or None
        Daily, not annualised; None where the account never moved.
    command : str
        The command that looked: ``run``, ``grid``.
    bars : str
        The sha256 of the bars; for several tickers the sha256 of their digests.
    """

    key: str
    scope: Scope
    sharpe: float | None
    command: str
    bars: str = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two trials the same one."""
        return identity_of(self.key, self.scope)


#: Letters of a key that a manifest keeps of each trial.
SHORT = 16


def identity_of(key: str, scope: Scope) -> tuple[Any, ...]:
    """Return what makes two trials the same one, from a key or its first letters."""
    return key[:SHORT], scope.tickers, scope.first, scope.simulated
