"""Bars that agree up to a day and differ after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from forecasters.bars import COLUMNS, Bars

#: Sessions that are appended: whole folds of a small plan, and the next one begun.
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
    """Append sessions far outside every range that was there."""
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
#: In this one the first ticker keeps its own future: what changes is its neighbours' tomorrow.
NEIGHBOURS = "other prices of the other tickers"


def known_at(bars: Bars, day: np.datetime64) -> int:
    """Return how many sessions are known at the close of `day`."""
    return int(np.searchsorted(bars.sessions, day, side="right"))


def other_futures(
    bars: Mapping[str, Bars], day: np.datetime64, *, reach: int | None = None, grow: bool = True
) -> Iterator[tuple[str, dict[str, Bars]]]:
    """Yield a name and bars by ticker that agree with `bars` up to the close of `day`, no further.

    Parameters
    ----------
    reach : int or None
        Sessions kept after `day` where the future is changed and not cut off; None keeps all. A
        short reach spares the folds that begin after `day`.
    grow : bool
        Also append sessions at the end, whatever the reach.
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
