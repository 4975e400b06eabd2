"""One market's rules by date, its costs and cash, and how a ticker finds its market."""

from __future__ import annotations

import math
import pkgutil
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from backtests.markets.rules.dated import (
    INSTRUMENTS,
    Listing,
    check,
    in_force,
    iso,
    lines_for,
    share_is_sound,
    steps_are_sound,
)
from backtests.markets.rules.limits import PriceLimit
from backtests.markets.rules.lots import Lot
from backtests.markets.rules.taxes import TaxRate
from backtests.markets.rules.ticks import TickTable
from forecasters.errors import InputError, nearest


@dataclass(frozen=True)
class Market:
    """Where a ticker is listed: its rules and costs by date, and the cash a run starts with.

    Attributes
    ----------
    name : str
        The name on the command line, which is the name of the file too.
    currency : str
        The ISO 4217 code, or empty where the listing alone knows it.
    commission_bps : float
        Basis points of the value traded, on each side.
    cash : float
        Cash at the start of a run, in the currency.
    tax, ticks, limits, lots : tuple of TaxRate, TickTable, PriceLimit, Lot
        Oldest first, by trade date; each line may be about one segment or one instrument alone.
        Empty: no such rule, at any date.
    segments : tuple of (ending, segment)
        The last ending that a ticker has names its segment.
    suffixes, indices : tuple of str
        Endings of its tickers (``.KS``), and its indices by their whole names (``^KS11``). An
        index cannot be bought; it is charged like a stock of its market, so that a backtest on
        it does not look better for a trade that nobody could have made.
    codes : str
        A regular expression for its tickers without a suffix.
    """

    name: str
    currency: str
    commission_bps: float
    cash: float
    tax: tuple[TaxRate, ...] = ()
    ticks: tuple[TickTable, ...] = ()
    limits: tuple[PriceLimit, ...] = ()
    lots: tuple[Lot, ...] = ()
    segments: tuple[tuple[str, str], ...] = ()
    suffixes: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    codes: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.commission_bps) and self.commission_bps >= 0):
            raise InputError(f"{self.name}: commission_bps is {self.commission_bps}, not 0 or more")
        if not (math.isfinite(self.cash) and self.cash > 0):
            raise InputError(f"{self.name}: cash is {self.cash}, not above 0")
        check(self.tax, self.name, "tax", "a share", share_is_sound)
        check(self.limits, self.name, "price limit", "a share", share_is_sound)
        check(self.ticks, self.name, "tick", "steps from 0", steps_are_sound)
        check(self.lots, self.name, "lot", "steps from 0", steps_are_sound)

    def listing(self, ticker: str, instrument: str = "stock") -> Listing:
        """Return the segment of a ticker, and the instrument that the user named.

        Raises
        ------
        InputError
            There is no such instrument.
        """
        if instrument not in INSTRUMENTS:
            raise InputError(f"no instrument '{instrument}'{nearest(instrument, INSTRUMENTS)}")
        return _listing(self.segments, ticker, instrument)

    def tax_rate(self, session: str | date, listing: Listing | None = None) -> float:
        """Return the share of the proceeds that a seller on this session pays in tax.

        Parameters
        ----------
        session : str, date or datetime64[D]
            The day of the trade, not of its settlement.
        listing : Listing, optional
            Default: a stock of the market's first segment.

        Raises
        ------
        InputError
            The session lies before the table begins, or the table does not know the instrument.
        """
        if not self.tax:
            return 0.0
        listing = listing or self.listing("")
        line: TaxRate | None = self._in_force("tax", session, listing)
        if line is not None:
            return line.share
        lines = lines_for(self.tax, listing)
        if not lines:
            raise InputError(
                f"market {self.name} has no transaction tax for the instrument "
                f"{listing.instrument}: set --tax-bps"
            )
        raise InputError(
            f"the transaction tax of market {self.name} is known from {lines[0].since}, "
            f"not for {iso(session)}: set --tax-bps or start later"
        )

    def tick_table(self, session: str | date, listing: Listing) -> TickTable | None:
        """Return the ticks of this session; None where none are known."""
        line: TickTable | None = self._in_force("ticks", session, listing)
        return line

    def price_limit(self, session: str | date, listing: Listing) -> PriceLimit | None:
        """Return the daily price limit of this session; None where there is none."""
        line: PriceLimit | None = self._in_force("limits", session, listing)
        return line

    def lot(self, session: str | date, listing: Listing) -> Lot | None:
        """Return the lot of this session; None where any size may be bought."""
        line: Lot | None = self._in_force("lots", session, listing)
        return line

    def _in_force(self, table: str, session: str | date, listing: Listing) -> Any:
        """Return the line in force, from a cache: it is asked for each order, ticker and day."""
        key = (table, iso(session), listing)
        if key not in self._asked:
            self._asked[key] = in_force(getattr(self, table), key[1], listing)
        return self._asked[key]

    @cached_property
    def _asked(self) -> dict[tuple[str, str, Listing], Any]:
        return {}

    def claims(self, ticker: str) -> bool:
        """Return whether the ticker looks like one that is listed here."""
        ticker = ticker.upper()
        return (
            ticker in self.indices
            or ticker.endswith(self.suffixes)
            or bool(self.codes and re.fullmatch(self.codes, ticker))
        )


@cache
def _listing(segments: tuple[tuple[str, str], ...], ticker: str, instrument: str) -> Listing:
    named = [segment for ending, segment in segments if ticker.upper().endswith(ending)]
    return Listing(named[-1] if named else "", instrument)


@cache
def known() -> dict[str, Market]:
    """Return every market in this folder by name: each file that defines ``MARKET``."""
    package = import_module("backtests.markets")
    modules = {
        module.name: import_module(f"backtests.markets.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    }
    return {name: module.MARKET for name, module in modules.items() if hasattr(module, "MARKET")}


def market_for(ticker: str, name: str = "auto") -> Market:
    """Return the market of this name; for ``auto`` the one that claims the ticker, else ``none``.

    Raises
    ------
    InputError
        No market has this name.
    """
    if name == "auto":
        claiming = (market for market in known().values() if market.claims(ticker))
        return next(claiming, known()["none"])
    if name not in known():
        raise InputError(f"no market '{name}'{nearest(name, ['auto', *known()])}")
    return known()[name]
