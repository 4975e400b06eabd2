"""One market's costs and cash, and how a ticker finds its market."""

from __future__ import annotations

import math
import pkgutil
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import NamedTuple

from forecasters.errors import InputError, nearest


class TaxRate(NamedTuple):
    """One line of a tax table: from this trade date on, the seller pays this share."""

    since: str
    share: float
    source: str


@dataclass(frozen=True)
class Market:
    """Where a ticker is listed: its costs by date, and the cash a run starts with.

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
    tax : tuple of TaxRate
        Oldest first, by trade date. Empty: no tax, at any date.
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
    suffixes: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    codes: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.commission_bps) and self.commission_bps >= 0):
            raise InputError(f"{self.name}: commission_bps is {self.commission_bps}, not 0 or more")
        if not (math.isfinite(self.cash) and self.cash > 0):
            raise InputError(f"{self.name}: cash is {self.cash}, not above 0")
        days = [_iso(line.since) for line in self.tax]
        if days != [line.since for line in self.tax] or days != sorted(set(days)):
            raise InputError(f"{self.name}: the dates of the tax table must be ISO and increase")
        for line in self.tax:
            if not 0 <= line.share < 1 or not line.source:
                raise InputError(
                    f"{self.name}: the tax from {line.since} needs a share and a source"
                )

    def tax_rate(self, session: str | date) -> float:
        """Return the share of the proceeds that a seller on this session pays in tax.

        Parameters
        ----------
        session : str, date or datetime64[D]
            The day of the trade, not of its settlement.

        Raises
        ------
        InputError
            The session lies before the table begins.
        """
        if not self.tax:
            return 0.0
        day = _iso(session)
        row = bisect_right(self.tax, day, key=lambda line: line.since)
        if row == 0:
            raise InputError(
                f"the transaction tax of market {self.name} is known from {self.tax[0].since}, "
                f"not for {day}: set --tax-bps or start later"
            )
        return self.tax[row - 1].share

    def claims(self, ticker: str) -> bool:
        """Return whether the ticker looks like one that is listed here."""
        ticker = ticker.upper()
        return (
            ticker in self.indices
            or ticker.endswith(self.suffixes)
            or bool(self.codes and re.fullmatch(self.codes, ticker))
        )


@cache
def known() -> dict[str, Market]:
    """Return every market in this folder by name: each file that defines ``MARKET``."""
    package = import_module("backtests.markets")
    modules = {
        found.name: import_module(f"backtests.markets.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    }
    return {name: found.MARKET for name, found in modules.items() if hasattr(found, "MARKET")}


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


def _iso(session: str | date) -> str:
    """Return YYYY-MM-DD; str() of a date, a datetime and a numpy day all begin with it."""
    try:
        return date.fromisoformat(str(session)[:10]).isoformat()
    except ValueError:
        raise InputError(f"'{session}' is not a date; write it as 2019-05-30") from None
