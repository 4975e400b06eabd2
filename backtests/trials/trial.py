"""A trial: one setting that was looked at, and the prices that it was judged on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from backtests.trials.look import TIMING, Look


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
    """The prices that a trial is judged on: its tickers, first and last session out of sample.

    Attributes
    ----------
    prices : tuple of str
        The content of the prices, one name a ticker (`PriceRegistry`): equal where the returns are
        equal, whatever the ticker is called. Empty in a ledger of an earlier version.
    """

    tickers: tuple[str, ...]
    first: str
    last: str
    simulated: bool = False
    prices: tuple[str, ...] = ()

    def meets(self, other: Scope) -> bool:
        """Return whether both share the prices of a ticker and a session.

        Prices are compared by their content. Where one of the two does not know it, the tickers
        are compared, without upper and lower case and without the suffix of the market, and both
        have to be real or both simulated.
        """
        if self.prices and other.prices:
            same = not set(self.prices).isdisjoint(other.prices)
        else:
            same = self.simulated == other.simulated and not _stems(self).isdisjoint(_stems(other))
        return same and self.first <= other.last and other.first <= self.last


def _stems(scope: Scope) -> set[str]:
    return {ticker.partition(".")[0].casefold() for ticker in scope.tickers}


@dataclass(frozen=True)
class Trial:
    """One setting that was looked at.

    Attributes
    ----------
    key : str
        From `trial_key`.
    sharpe : float or None
        Daily, not annualised; None where the account never moved, and for a forecaster.
    command : str
        The command that looked: ``run``, ``grid``.
    bars : str
        The sha256 of the bars; for several tickers the sha256 of their digests.
    kind : str
        `FORECAST` or `TIMING`: what is judged of it.
    look : Look or None
        The series that was judged; None where it had none (too few trades, nothing bought).
    stored : str or None
        The name of that series beside the ledger, empty where it had none. None in a line of an
        earlier version, which kept no series.
    """

    key: str
    scope: Scope
    sharpe: float | None
    command: str
    bars: str = ""
    kind: str = TIMING
    look: Look | None = field(default=None, compare=False, repr=False)
    stored: str | None = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two trials the same one, whatever the last session of their windows."""
        return identity_of(self.key, self.scope)


#: Letters of a key that a manifest keeps of each trial.
SHORT = 16


def identity_of(key: str, scope: Scope) -> tuple[Any, ...]:
    """Return what makes two trials the same one, from a key or its first letters."""
    if scope.prices:
        return key[:SHORT], scope.prices, scope.first
    return key[:SHORT], scope.tickers, scope.first, scope.simulated
