"""Bars that are equal up to a day and different after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from forecasters.bars import COLUMNS, PRICES, Bars

#: Small changes of past prices: standard deviation as a share of that of a daily return.
SMALL = 0.1
#: Sessions that are appended: several folds of a small plan, and the beginning of the next.
APPENDED = 40

Change = Callable[[Bars, int], Bars]


def _cut(bars: Bars, n: int) -> Bars:
    return bars.rows(slice(0, n))


def _cut_later(bars: Bars, n: int) -> Bars:
    return bars.rows(slice(0, n + 1))


def _repriced(bars: Bars, n: int) -> Bars:
    past = np.arange(len(bars)) < n
    factor = np.random.default_rng(n).uniform(0.1, 10.0, len(bars))
    factor[past] = 1.0
    return replace(bars, **{name: getattr(bars, name) * factor for name in COLUMNS})


def _halted(bars: Bars, n: int) -> Bars:
    past = np.arange(len(bars)) < n
    nothing = {name: getattr(bars, name) * past for name in ("open", "high", "low", "volume")}
    return replace(bars, close=np.where(past, bars.close, bars.close[n - 1]), **nothing)


def _grown(bars: Bars, n: int) -> Bars:
    """Append sessions with values far outside the range so far."""
    days = np.busday_offset(bars.sessions[-1], np.arange(1, APPENDED + 1), roll="forward")
    rows = {name: getattr(bars, name) for name in COLUMNS}
    longer = {name: np.append(v, np.full(APPENDED, 7 * v.max())) for name, v in rows.items()}
    return Bars(bars.ticker, np.append(bars.sessions, days), **longer, origin=bars.origin)


FUTURES: dict[str, Change] = {
    "the future ends here": _cut,
    "the future ends a session later": _cut_later,
    "other prices": _repriced,
    "a halt for ever": _halted,
    "appended sessions": _grown,
}
#: Here the first ticker keeps its future; those of the other tickers change.
NEIGHBOURS = "other prices of the other tickers"


def known_at(bars: Bars, day: np.datetime64) -> int:
    """Return how many sessions are known at the close of `day`."""
    return int(np.searchsorted(bars.sessions, day, side="right"))


def other_futures(
    bars: Mapping[str, Bars], day: np.datetime64, *, reach: int | None = None, grow: bool = True
) -> Iterator[tuple[str, dict[str, Bars]]]:
    """Yield a name and bars by ticker that equal `bars` up to the close of `day` and differ after it.

    Parameters
    ----------
    reach : int or None
        Sessions kept after `day` if the future is changed and not cut off; None keeps all. With a short
        reach the folds that begin after `day` need not be trained.
    grow : bool
        Also append sessions at the end, for any reach.
    """
    begun = {ticker: (b, known_at(b, day)) for ticker, b in bars.items() if known_at(b, day)}

    def short(b: Bars, n: int) -> Bars:
        return b if reach is None else b.rows(slice(0, n + reach))

    for what, change in FUTURES.items():
        if change is _grown:
            if grow:
                yield what, {ticker: change(b, n) for ticker, (b, n) in begun.items()}
        else:
            yield what, {ticker: change(short(b, n), n) for ticker, (b, n) in begun.items()}
    if len(begun) > 1:
        first = next(iter(begun))
        yield (
            NEIGHBOURS,
            {
                ticker: short(b, n) if ticker == first else _repriced(short(b, n), n)
                for ticker, (b, n) in begun.items()
            },
        )


def shaken(bars: Bars, seed: int, size: float = SMALL) -> Bars:
    """Return the bars with all prices and the volume of each session multiplied by a little.

    The order of low, open, close and high stays. A gain that comes from what prices say survives
    on average; an entry of a table that is found by them does not.
    """
    moves = np.diff(np.log(bars.close))
    spread = size * float(np.median(np.abs(moves[moves != 0]))) / 0.6745 if moves.any() else 0.0
    rng = np.random.default_rng([seed, 4])
    price = np.exp(rng.normal(0.0, spread, len(bars)))
    volume = np.exp(rng.normal(0.0, spread, len(bars)))
    changed = {name: getattr(bars, name) * price for name in PRICES}
    return replace(bars, volume=bars.volume * volume, **changed)
