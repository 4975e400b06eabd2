"""The result of one backtest: the equity curve, every fill, every trade."""

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
    `size` is above 0, an int unless it is a fraction. `price` holds the slippage already;
    `slippage` is its cost; `cash` is what is left afterwards. By hand: a purchase was quoted at
    price - slippage / size and costs size x price + commission; a sale was quoted at
    price + slippage / size and brings size x price - commission - tax.
    """

    decided: str
    session: str
    ticker: str
    side: str
    size: float
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
class Unfilled:
    """An order, or a signal that could not become one, that did not fill in its session.

    `decided` is the session at whose close the rule spoke, `session` the one it could not be filled
    in; `size` the shares that stayed unfilled, 0 where it never had a size; `why` one of `REASONS`.
    """

    decided: str
    session: str
    ticker: str
    side: str
    size: float
    why: str


#: Why the market, not the account, left an order unfilled.
BLOCKED = (
    "halt", "no bar", "upper limit", "lower limit", "no volume", "volume cap", "price jump", "delisted",
)  # fmt: skip
REASONS = ("unaffordable", "rejected", "expired", *BLOCKED)


@dataclass(frozen=True)
class Trade:
    """One purchase and its sale, or a short and its cover. `exit` is None while it is still open.

    `return_gross` is the gain over the value at the entry before any cost, `return_net` after
    commission, tax and slippage of both sides, over what was paid at the entry or, for a short,
    received there: a short that gains has its exit below its entry. An open trade is valued at the last close.
    """

    ticker: str
    decided: str
    entry: str
    exit: str | None
    entry_price: float
    exit_price: float
    size: float
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
        Sessions a year of these out-of-sample sessions, which are not those of all the bars.
    rejected, expired, unaffordable : int
        Orders that the broker refused, buys that could not be filled in their one session, and
        signals for which the cash did not buy one share.
    volumes : tuple of float
        Shares traded that day, one for each fill, NaN where the series has no volumes. Empty: not
        known. The digest, which is of what the account did, leaves them out.
    unfilled : tuple of Unfilled
        Every signal and order that did not fill, one entry a session.
    start_cash : float or None
        What the account held before the first session, the base of all returns; None: the first
        equity, which is the same unless the first session traded already.
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
    start_cash: float | None = None
    unfilled: tuple[Unfilled, ...] = ()
    volumes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("sessions", "equity", "cash", "costs"):
            array = getattr(self, name).copy()  # the caller's array stays writable
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        for name in ("equity", "cash", "costs"):
            array = getattr(self, name)
            if array.shape != self.sessions.shape or not np.isfinite(array).all():
                raise InputError(f"Result.{name} must be {self.sessions.size} finite numbers")
        for entry in self.unfilled:
            if entry.why not in REASONS:
                raise InputError(f"Unfilled.why is '{entry.why}'; known: {', '.join(REASONS)}")
        if len(self.volumes) not in (0, len(self.fills)):
            raise InputError(
                f"Result.volumes has {len(self.volumes)} values for {len(self.fills)} fills"
            )
        if self.start_cash is not None and not 0 < self.start_cash < np.inf:
            raise InputError(f"Result.start_cash is {self.start_cash}; it must be above 0")

    @property
    def label(self) -> str:
        """``forecaster--strategy``, or the strategy alone: the stem of its files."""
        return f"{self.forecaster}--{self.strategy}" if self.forecaster else self.strategy

    @property
    def base(self) -> float:
        """What all returns are measured from: `start_cash`, the first equity without one."""
        return float(self.equity[0]) if self.start_cash is None else self.start_cash

    @property
    def closed(self) -> int:
        """Purchases that were sold again."""
        return sum(trade.exit is not None for trade in self.trades)

    @property
    def blocked(self) -> int:
        """Orders that the market held back, counted once a session."""
        return sum(entry.why in BLOCKED for entry in self.unfilled)

    def fills_above(self, share: float) -> float | None:
        """Return the share of the fills above this share of the day's volume; None: none is known."""
        known = [
            fill.size > share * volume
            for fill, volume in zip(self.fills, self.volumes, strict=False)
            if volume >= 0
        ]
        return sum(known) / len(known) if known else None

    @cached_property
    def returns(self) -> Floats:
        """Daily simple returns of the equity, [T], the first from `base`."""
        curve = np.concatenate([[self.base], self.equity])
        return np.asarray(np.diff(curve) / curve[:-1])

    @cached_property
    def exposure(self) -> Floats:
        """Share of the equity that is in stocks at the close, [T]."""
        return np.asarray(1.0 - self.cash / self.equity)

    @property
    def equity_digest(self) -> str:
        """The sha256 of the sessions and the equity."""
        h = hashlib.sha256(self.sessions.astype("datetime64[D]").astype("<i8").tobytes())
        h.update(self.equity.astype("<f8").tobytes())
        return h.hexdigest()

    @property
    def fills_digest(self) -> str:
        """The sha256 of every fill."""
        return hashlib.sha256(repr([astuple(fill) for fill in self.fills]).encode()).hexdigest()

    @property
    def digest(self) -> str:
        """The sha256 of account, label, equity curve and every fill."""
        parts = (self.account, self.label, self.equity_digest, self.fills_digest)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _whole(size: float) -> float:
    """Return the size as an int, unless it is a fraction of a share."""
    return int(size) if float(size).is_integer() else float(size)


def who(result: Result, between: str = " with ") -> str:
    """Return the forecaster and its rule as a sentence names them; the rule alone without one."""
    return (
        f"{result.forecaster}{between}{result.strategy}" if result.forecaster else result.strategy
    )
