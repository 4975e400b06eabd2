"""Closes that no market allows: repaired, refused, kept as they are, or the end of purchases."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backtests.command.config import RunConfig
from backtests.markets.jumps import BEYOND, LIQUIDATION, SUSPECT, Jump, find_jumps
from backtests.markets.market import market_for
from backtests.runs.coverage import GRACE
from backtests.universe.file import Split, read_split, with_splits
from forecasters.bars import Bars
from forecasters.errors import DataWarning, InputError

#: What follows of a move that is left, for a warning.
FOLLOWS = {
    LIQUIDATION: (
        "It is taken for liquidation trading before a delisting, which has no limit: the loss is real. If it "
        "is a split, --repair '{line}'"
    ),
    SUSPECT: "It may be a split that the prices lack: look it up; if it is, --repair '{line}'",
}


@dataclass(frozen=True, eq=False)
class Settled:
    """Bars after the check of their closes.

    Attributes
    ----------
    bars : mapping
        Ticker to bars. Those of a universe end before a rise that no market allows.
    jumps : tuple of Jump
        What was found and not repaired, and what is only suspect.
    closed : mapping
        Ticker of a universe to the session from which it is not bought any more.
    """

    bars: dict[str, Bars]
    jumps: tuple[Jump, ...]
    closed: Mapping[str, str]

    @property
    def known(self) -> dict[str, Bars]:
        """The bars from which is learned and forecast: those before the day that closes a ticker."""
        return {
            ticker: before(series, self.closed[ticker]) if ticker in self.closed else series
            for ticker, series in self.bars.items()
        }


def settle(
    bars: Mapping[str, Bars],
    config: RunConfig,
    splits: Mapping[str, Sequence[Split]] | None = None,
    *,
    pooled: bool = False,
    cut: Collection[str] = (),
) -> Settled:
    """Return the bars with splits applied where the user asked for it, and what is left.

    Parameters
    ----------
    bars : mapping
        Ticker to bars.
    splits : mapping, optional
        Ticker to the splits that the file of a universe names; those of ``--repair`` come on top.
    pooled : bool
        The bars are those of a universe, where a move that is left ends nothing but the purchases.
    cut : collection of str
        Tickers whose bars end at a faulty row of their file: they were not delisted there.

    Raises
    ------
    InputError
        A close moves as no market allows, and neither a repair nor ``--as-is`` was asked for; where
        `pooled`, only with ``--strict``. Or a repair cannot be made.

    Warns
    -----
    DataWarning
        For each split that is applied by its fit, and each move that is left.
    """
    asked = _asked(config, splits or {}, bars)
    newest = max((series.sessions[-1] for series in bars.values()), default=np.datetime64("NaT"))
    end = newest if pooled else np.datetime64(config.end, "D")
    settled: dict[str, Bars] = {}
    left: list[Jump] = []
    closed: dict[str, str] = {}
    refused: list[str] = []
    for ticker, of_ticker in bars.items():
        series = with_splits(of_ticker, asked.get(ticker, ()))
        ended = ticker not in cut and bool(end - series.sessions[-1] > GRACE)
        jumps = _jumps(series, config, ended)
        if "splits" in config.repair:
            fitting = [jump for jump in jumps if jump.kind == BEYOND and jump.fits]
            series = with_splits(series, [Split(j.session, j.fits[0].ratio) for j in fitting])
            for jump in fitting:
                _warn(f"{jump.what()}. Repaired by --repair splits: {jump.line()}")
            jumps = _jumps(series, config, ended)
        beyond = [jump for jump in jumps if jump.kind == BEYOND]
        for jump in jumps:
            if jump.kind != BEYOND:
                _warn(f"{jump.what()}. {FOLLOWS[jump.kind].format(line=jump.line())}")
        if beyond and config.as_is:
            days = tuple(jump.session for jump in beyond)
            series = replace(series, origin=replace(series.origin, as_is=days))
        elif beyond and (config.strict or not pooled):
            refused.append(refusal(beyond))
        elif beyond:
            closed[ticker] = beyond[0].session
            series = _up_to_rise(series, beyond)
        left += jumps
        settled[ticker] = series
    if refused:
        raise InputError("\n".join(refused))
    for ticker, day in closed.items():
        (first, *_) = (j for j in left if j.ticker == ticker and j.kind == BEYOND)
        _warn(f"{first.what()}. {sentence(first)} (from {day} on)")
    return Settled(settled, tuple(left), closed)


def refusal(jumps: Sequence[Jump]) -> str:
    """Return the message of a run that ends: what was found, and what to do about it."""
    first = jumps[0]
    lines = " ".join(f"'{jump.line()}'" for jump in jumps)
    more = f" ({len(jumps)} such days)" if len(jumps) > 1 else ""
    after = "" if first.fits else " (N is the price after the event over the price before it)"
    by_fit = "repair it by that ratio, --repair splits; or " if first.fits else ""
    return (
        f"{first.what()}. No market allows that{more}: the file seems to lack a split, a bonus issue or a "
        f"reduction. What to do: {by_fit}look the event up and name its ratio, --repair {lines}{after}; or "
        f"leave out what comes before, --start {jumps[-1].session}; or go on with the file as it is, every "
        "figure marked, --as-is"
    )


def sentence(jump: Jump) -> str:
    """Return what follows of a move in a universe."""
    return (
        "The ticker is not bought from that day on, nor forecast; a position that is open then keeps its loss, and "
        f"a rise is not credited. Repair it: write '{jump.line()}' into the universe file, or --repair splits"
    )


def before(bars: Bars, day: str) -> Bars:
    """Return the bars before a day; the first bar alone where there is none before it."""
    row = int(np.searchsorted(bars.sessions, np.datetime64(day, "D")))
    return bars.rows(slice(0, max(row, 1)))


def _up_to_rise(bars: Bars, jumps: Sequence[Jump]) -> Bars:
    """Return the bars before the first rise: a gain that no one could make is no gain."""
    rises = [jump.session for jump in jumps if jump.move > 0]
    return before(bars, rises[0]) if rises else bars


def _jumps(bars: Bars, config: RunConfig, ended: bool) -> tuple[Jump, ...]:
    market = market_for(bars.ticker, config.market)
    listing = market.listing(bars.ticker, config.instrument)
    return find_jumps(bars, market, listing, ended=ended)


def _asked(
    config: RunConfig, of_file: Mapping[str, Sequence[Split]], bars: Mapping[str, Bars]
) -> dict[str, tuple[Split, ...]]:
    """Return the splits that the user wrote, by ticker."""
    asked = {ticker: tuple(splits) for ticker, splits in of_file.items()}
    for line in config.repair:
        if line == "splits":
            continue
        ticker, split = read_split(line, "--repair")
        if config.ticker and ticker not in (*config.ticker, config.benchmark):
            raise InputError(f"--repair '{line}': {ticker} is none of {', '.join(config.ticker)}")
        if ticker in bars:
            asked[ticker] = (*asked.get(ticker, ()), split)
    return asked


def _warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=3)
