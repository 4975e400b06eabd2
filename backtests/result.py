"""What one backtest gave: the equity curve, every fill, every trade."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np

from forecasters.bars import Days, Floats
from forecasters.errors import InputError


@dataclass(frozen=True)
class Fill:
    """One executed order. Prices and amounts are in the currency of the listing.

    `decided` is the session at whose close the rule spoke, `session` the one it was filled in.
    `price` holds the slippage already; `slippage` is its cost; `cash` is what is left afterwards.
    """

    decided: str
    session: str
    ticker: str
    side: str
    size: int
    price: float
    commission: float
    tax: float
    slippage: float
    cash: float
    reason: str

    @property
    def costs(self) -> float:
        """Commission, tax and slippage together."""
        return self.commission + self.tax + self.slippage


@dataclass(frozen=True)
class Trade:
    """One purchase and its sale. `exit` is None while it is still open at the end.

    `return_gross` is exit over entry before any cost, `return_net` after commission, tax and
    slippage of both sides; an open trade is valued at the last close.
    """

    ticker: str
    decided: str
    entry: str
    exit: str | None
    entry_price: float
    exit_price: float
    size: int
    sessions_held: int
    return_gross: float
    return_net: float
    costs: float
    reason: str


@dataclass(frozen=True, eq=False)
class Result:
    """One account traded by one rule on one forecaster's forecasts; T out-of-sample sessions.

    Attributes
    ----------
    account : str
        The ticker, or the name of the universe.
    forecaster : str or None
        None for a rule that needs no forecast (buy_and_hold).
    strategy : str
        The rule as the user named it, settings included.
    sessions : datetime64[D], shape [T]
    equity, cash, costs : float64, shape [T]
        At the close: cash plus shares times close; cash; all costs paid so far.
    periods_per_year : float
        Sessions a year in the bars.
    rejected, expired, unaffordable : int
        Orders that the broker refused, buys that could not be filled in their one session, and
        signals for which the cash did not buy one share.
    """

    account: str
    forecaster: str | None
    strategy: str
    sessions: Days
    equity: Floats
    cash: Floats
    costs: Floats
    fills: tuple[Fill, ...]
    trades: tuple[Trade, ...]
    periods_per_year: float
    rejected: int = 0
    expired: int = 0
    unaffordable: int = 0

    def __post_init__(self) -> None:
        for name in ("equity", "cash", "costs"):
            array = getattr(self, name)
            if array.shape != self.sessions.shape or not np.isfinite(array).all():
                raise InputError(f"Result.{name} must be {self.sessions.size} finite numbers")
            array.setflags(write=False)
        self.sessions.setflags(write=False)

    @property
    def label(self) -> str:
        """``forecaster--strategy``, or the strategy alone: the stem of its files."""
        return f"{self.forecaster}--{self.strategy}" if self.forecaster else self.strategy

    @cached_property
    def returns(self) -> Floats:
        """Daily simple returns of the equity, [T], the first 0."""
        return np.concatenate([[0.0], np.diff(self.equity) / self.equity[:-1]])

    @cached_property
    def exposure(self) -> Floats:
        """Share of the equity that is in stocks at the close, [T]."""
        return np.asarray(1.0 - self.cash / self.equity)

    @property
    def digest(self) -> str:
        """The sha256 of the equity curve and of every fill."""
        h = hashlib.sha256(f"{self.account}|{self.label}".encode())
        h.update(self.sessions.astype("<i8").tobytes())
        h.update(self.equity.astype("<f8").tobytes())
        h.update(repr([astuple(fill) for fill in self.fills]).encode())
        return h.hexdigest()
