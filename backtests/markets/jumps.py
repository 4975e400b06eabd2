"""Closes that no market allows: a move beyond the daily limit, mostly a split not applied.

A day in a file may show a close beyond the limit of its market, across one session or a halt. No
one could have traded that move: the file lacks a split, a bonus issue or a reduction of capital.
KRX adjusts the base price of such a day (GLB0602010201T6), so its limit holds against a price
that the file does not show. After a reduction the first auction sets the base, from half to
twice the computed price, so that the whole move may pass the limit by that much.

Liquidation trading before a delisting has no limit (KRX RGL03010306: seven sessions). A fall
beyond the limit within the last seven traded sessions of a ticker whose bars have ended counts
as that: a real loss. Where a market has no limit, a bound on the scale of the past moves takes its
place; a day beyond it that is also near a simple ratio is a warning only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backtests.markets.market import Market
from backtests.markets.rules.dated import Listing
from backtests.writing.numbers import count, percent
from forecasters.bars import Bars

#: What a move is taken for.
BEYOND, LIQUIDATION, SUSPECT = "beyond the limit", "liquidation", "suspect"
#: Price after over price before, of splits, bonus issues, reverse splits and reductions.
RATIOS = tuple(
    Fraction(text)
    for text in (
        "1/100 1/50 1/25 1/20 1/10 1/8 1/7 1/6 1/5 1/4 1/3 2/5 1/2 2/3 3/4 4/5 5/6 "
        "6/5 5/4 4/3 3/2 2 5/2 3 4 5 6 7 8 10 15 20 25 30 50 100"
    ).split()
)
#: Sessions of liquidation trading before a delisting.
LAST_SESSIONS = 7
#: Without a limit: past moves that give the scale, the fewest of them, the smallest scale.
PAST, FEWEST, SMALLEST = 250, 20, 0.005
#: A move is suspect beyond so many scales and by this share at least, if it is this near a ratio.
SCALES, LEAST, NEAR = 10.0, 0.3, 0.1
#: The median absolute deviation of a normal variable, in standard deviations.
MAD_OF_NORMAL = 0.6744897501960817
#: Ratios that are offered.
OFFERED = 2


@dataclass(frozen=True)
class Fit:
    """A simple ratio, and the move of the day that is left once it is taken out."""

    ratio: str
    left: float


@dataclass(frozen=True)
class Jump:
    """A close that the market of the ticker does not allow, or that looks like a missed split.

    Attributes
    ----------
    session, before : str
        The day, and the last session with trade before it.
    halted : int
        Sessions without trade between them.
    previous, close : float
        The closes of both.
    limit : float or None
        The daily limit, as a share of the close before; None where the market has none.
    kind : str
        `BEYOND`, `LIQUIDATION` or `SUSPECT`.
    fits : tuple of Fit
        The nearest simple ratios whose remaining move the limit allows, the nearest first.
    """

    ticker: str
    session: str
    before: str
    halted: int
    previous: float
    close: float
    limit: float | None
    kind: str
    fits: tuple[Fit, ...] = ()

    @property
    def move(self) -> float:
        """The close over the close before, less 1."""
        return self.close / self.previous - 1

    def what(self) -> str:
        """Return the move, the limit of the day and the ratios that it fits."""
        halt = f", across a halt of {count(self.halted, 'session')}" if self.halted else ""
        moved = (
            f"{self.ticker}: the close moves from {self.previous:,g} ({self.before}) to "
            f"{self.close:,g} on {self.session}{halt}, {percent(self.move)}"
        )
        bound = (
            f", while the daily limit is {percent(self.limit, 0, sign=False)}"
            if self.limit is not None
            else ", far more than on any usual day"
        )
        return f"{moved}{bound}; {self._fitting()}"

    def _fitting(self) -> str:
        if not self.fits:
            return "no simple ratio fits"
        nearest, *others = self.fits
        also = "".join(f", then {fit.ratio} ({percent(fit.left)})" for fit in others)
        return (
            f"the nearest simple ratio is {nearest.ratio} (it leaves {percent(nearest.left)}){also}"
        )

    def line(self) -> str:
        """Return the line that repairs it, with the nearest ratio."""
        return f"{self.ticker} prices x{self.fits[0].ratio if self.fits else 'N'} before {self.session}"


def find_jumps(
    bars: Bars, market: Market, listing: Listing, *, ended: bool = False
) -> tuple[Jump, ...]:
    """Return the closes of these bars that their market does not allow, oldest first.

    A close may pass the limit by one tick: a series that was divided by a ratio is rounded. The
    last close counts across a halt. Each row is compared with rows before it; only the choice
    between `BEYOND` and `LIQUIDATION` looks at where the bars end.

    Parameters
    ----------
    ended : bool
        The ticker has no bars any more, while others have: it was delisted.

    Examples
    --------
    >>> from backtests.markets.market import market_for
    >>> days = np.busday_offset("2021-04-12", np.arange(3))
    >>> close = np.array([336_500.0, 67_000.0, 68_500.0])
    >>> bars = Bars("263750.KQ", days, close, close, close, close, np.full(3, 900.0))
    >>> krx = market_for("263750.KQ")
    >>> [(jump.session, jump.fits[0].ratio) for jump in find_jumps(bars, krx, krx.listing("263750.KQ"))]
    [('2021-04-13', '1/5')]
    """
    move = np.abs(np.log(bars.close[1:] / bars.close[:-1]))
    smallest = min((line.share for line in market.limits), default=LEAST)
    traded = np.flatnonzero(bars.tradable)
    jumps: list[Jump] = []
    liquidation = False
    for row in (np.flatnonzero(move > math.log1p(smallest)) + 1).tolist():
        limit = market.price_limit(bars.sessions[row].item(), listing)
        if limit is None:
            if jump := _suspect(bars, row):
                jumps.append(jump)
            continue
        if not _beyond(bars, row, limit.share, market, listing):
            continue
        falls = bars.close[row] < bars.close[row - 1]
        left = int((traded >= row).sum())
        liquidation = liquidation or (ended and falls and left <= LAST_SESSIONS)
        kind = LIQUIDATION if liquidation else BEYOND
        jumps.append(_jump(bars, row, limit.share, kind, _fits(bars, row, limit.share)))
    return tuple(jumps)


def _beyond(bars: Bars, row: int, share: float, market: Market, listing: Listing) -> bool:
    """Return whether a close lies beyond the limit by more than a tick."""
    previous, close = float(bars.close[row - 1]), float(bars.close[row])
    table = market.tick_table(bars.sessions[row].item(), listing)
    upper, lower = previous * (1 + share), previous * (1 - share)
    slack = (table.tick(upper), table.tick(previous)) if table else (0.0, 0.0)
    return close > (upper + slack[0]) * (1 + 1e-9) or close < (lower - slack[1]) * (1 - 1e-9)


def _fits(bars: Bars, row: int, most: float) -> tuple[Fit, ...]:
    """Return the nearest ratios that leave a move of at most this share.

    Near is what leaves little for both open and close: the open lies next to the base price.
    """
    previous = bars.close[row - 1]
    opened, closed = bars.open[row] / previous, bars.close[row] / previous
    near = []
    for ratio in RATIOS:
        left = float(closed / float(ratio)) - 1
        if abs(left) <= most * (1 + 1e-9):
            distance = abs(math.log1p(left)) + abs(math.log(opened / float(ratio)))
            near.append((distance, Fit(str(ratio), left)))
    return tuple(fit for _, fit in sorted(near, key=lambda pair: pair[0])[:OFFERED])


def _suspect(bars: Bars, row: int) -> Jump | None:
    """Return a move far beyond those before it that is near a simple ratio; None if it is not.

    The scale is the median absolute deviation of the past daily log returns, without halts.
    """
    past = np.flatnonzero(bars.tradable[1:row] & bars.tradable[: row - 1])[-PAST:] + 1
    if past.size < FEWEST:
        return None
    returns = np.log(bars.close[past] / bars.close[past - 1])
    spread = float(np.median(np.abs(returns - np.median(returns)))) / MAD_OF_NORMAL
    moved = abs(math.log(bars.close[row] / bars.close[row - 1]))
    if moved < max(SCALES * max(spread, SMALLEST), math.log1p(LEAST)):
        return None
    fits = _fits(bars, row, min(NEAR, 3 * max(spread, SMALLEST)))
    return _jump(bars, row, None, SUSPECT, fits) if fits else None


def _jump(bars: Bars, row: int, limit: float | None, kind: str, fits: Sequence[Fit]) -> Jump:
    """Return the move as it is told: from the last session with trade."""
    traded = np.flatnonzero(bars.tradable[:row])
    before = int(traded[-1]) if traded.size else row - 1
    return Jump(
        ticker=bars.ticker,
        session=str(bars.sessions[row]),
        before=str(bars.sessions[before]),
        halted=row - 1 - before,
        previous=float(bars.close[row - 1]),
        close=float(bars.close[row]),
        limit=limit,
        kind=kind,
        fits=tuple(fits),
    )
