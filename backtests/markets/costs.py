"""What a run pays for trading: the rates of a market, or those that the user set instead."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from backtests.markets.market import Market
from backtests.markets.rules.dated import Listing, lines_for
from backtests.markets.rules.ticks import TickTable
from forecasters.errors import InputError

#: A hundred percent: no rate can be more, and a slippage of that would make a price zero.
WHOLE = 10_000


@dataclass(frozen=True)
class Costs:
    """Costs of one account. Rates are basis points of the value traded.

    Attributes
    ----------
    market : Market
    commission_bps : float
        On each side.
    slippage_bps : float
        On each side; the broker moves the price by it.
    tax_bps : float or None
        On sales, at any date; None: the market's dated table.
    instrument : str
        ``stock`` or ``etf``: funds are taxed and tick otherwise.
    slippage_ticks : int or None
        On each side, in place of `slippage_bps`, wherever a series lies on the tick grid.

    Raises
    ------
    InputError
        A rate lies outside its range, or the market has no ticks to slip by.

    Examples
    --------
    A million won sold on the Korea Exchange, on the last day of the old tax and on the day after it:

    >>> from backtests.markets.market import market_for
    >>> costs = Costs.of(market_for("051900.KS"))
    >>> costs.commission(1_000_000)
    150.0
    >>> [costs.tax(1_000_000, day, "051900.KS") for day in ("2019-05-29", "2019-05-30")]
    [3000.0, 2500.0]
    >>> costs.note("2019-05-01", "2019-12-30")
    'commission 1.5 bp a side, transaction tax on sales 0.30% to 2019-05-29 then 0.25%, slippage 5 bp a side'
    """

    market: Market
    commission_bps: float
    slippage_bps: float
    tax_bps: float | None = None
    instrument: str = "stock"
    slippage_ticks: int | None = None

    def __post_init__(self) -> None:
        self.listing("")
        for name in ("commission_bps", "slippage_bps", "tax_bps"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and 0 <= value < WHOLE):
                raise InputError(
                    f"--{name.replace('_', '-')} is {value}: give basis points, "
                    f"from 0 to below {WHOLE:,} (5 is 0.05%)"
                )
        if self.slippage_ticks is not None:
            if self.slippage_ticks < 0:
                raise InputError(f"--slippage-ticks is {self.slippage_ticks}; it is 0 or more")
            if not self.market.ticks:
                raise InputError(
                    f"--slippage-ticks needs a tick table, and market {self.market.name} has none: "
                    "set --slippage-bps or another --market"
                )

    @classmethod
    def of(
        cls,
        market: Market,
        commission_bps: float | None = None,
        slippage_bps: float = 5.0,
        tax_bps: float | None = None,
        instrument: str = "stock",
        slippage_ticks: int | None = None,
    ) -> Costs:
        """Return the costs of a market; None keeps the rate of the market."""
        commission = market.commission_bps if commission_bps is None else commission_bps
        return cls(market, commission, slippage_bps, tax_bps, instrument, slippage_ticks)

    def listing(self, ticker: str) -> Listing:
        """Return where this ticker is listed, and as what."""
        return self.market.listing(ticker, self.instrument)

    def commission(self, value: float) -> float:
        """Return the commission on a purchase or a sale of this value."""
        return abs(value) * self.commission_bps / WHOLE

    def tax(self, value: float, session: str | date, ticker: str = "") -> float:
        """Return the tax on a sale of this value on this session, the day of the trade.

        Raises
        ------
        InputError
            The session lies before the market's table begins.
        """
        return abs(value) * self._tax_rate(session, ticker)

    def slipped(
        self, price: float, sign: int, ticks: TickTable | None, rounded: bool = True
    ) -> float:
        """Return a price after slippage, of a purchase (1) or a sale (-1).

        Neither the range of the day nor its price limit is looked at: the broker applies them to
        a fill.

        Parameters
        ----------
        ticks : TickTable or None
            Of the day; None where the series does not lie on the tick grid.
        rounded : bool
            Whether a price that moved by basis points is rounded to a tick, against the trader.
        """
        if ticks and self.slippage_ticks is not None:
            return ticks.moved(price, sign * self.slippage_ticks)
        slipped = price * (1 + sign * self.slippage_bps / WHOLE)
        return ticks.against(slipped, sign) if ticks and rounded else slipped

    def note(self, start: str | date, end: str | date) -> str:
        """Return one sentence with every rate that holds from `start` to `end`, both included."""
        if self.market.name == "none" and not self.commission_bps and self.tax_bps is None:
            return (
                f"only slippage, {self.slippage_bps:g} bp a side: nothing is known of this market's "
                "commission and tax (set --market, --commission-bps, --tax-bps)"
            )
        commission = f"commission {self.commission_bps:g} bp a side"
        slippage = (
            f"slippage {self.slippage_bps:g} bp a side" if self.slippage_bps else "no slippage"
        )
        if self.slippage_ticks is not None:
            ticks = f"slippage {self.slippage_ticks} tick{'s' * (self.slippage_ticks != 1)} a side"
            slippage = f"{ticks} ({slippage.removeprefix('slippage ')} off the tick grid)"
        return ", ".join(
            (
                commission if self.commission_bps else "no commission",
                self._tax_note(str(start)[:10], str(end)[:10]),
                slippage,
            )
        )

    def _tax_rate(self, session: str | date, ticker: str = "") -> float:
        if self.tax_bps is not None:
            return self.tax_bps / WHOLE
        return self.market.tax_rate(session, self.listing(ticker))

    def _tax_note(self, start: str, end: str) -> str:
        if end < start:
            raise InputError(f"the costs were asked from {start} to {end}: start must come first")
        rate = self._tax_rate(start)
        if self.tax_bps is not None:
            return (
                f"transaction tax on sales {rate:.2%} (as set)"
                if rate
                else "no transaction tax (as set)"
            )
        if not self.market.tax:
            return "no transaction tax"
        note = f"transaction tax on sales {rate:.2%}"
        lines = lines_for(self.market.tax, self.listing(""))
        for line in lines:
            if start < line.since <= end:
                last = date.fromisoformat(line.since) - timedelta(days=1)
                note += f" to {last} then {line.share:.2%}"
        return note if rate or len(lines) > 1 else f"no transaction tax ({self.instrument})"


def round_trip(
    costs: Costs, ticker: str, session: date, price: float, ticks: TickTable | None
) -> float:
    """Return commission, tax of the day and slippage of both sides, as a share of the price.

    The same figure as `strategies.round_trip`, which asks a broker for it; here no broker is needed.

    Parameters
    ----------
    ticks : TickTable or None
        Of the day; None where the series does not lie on the grid.
    """
    up, down = (costs.slipped(price, sign, ticks) for sign in (1, -1))
    fees = 2 * costs.commission(price) + costs.tax(price, session, ticker)
    return (fees + up - down) / price
