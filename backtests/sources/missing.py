"""Rows of a file in which a price is missing: left out, or filled, and told in either case.

S1 asks to handle missing values, and does not say how. The choice is `--missing`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from backtests.writing.numbers import count
from forecasters.bars import PRICES, Bars, Days, Floats
from forecasters.errors import DataWarning, InputError, nearest

#: What can be done with a row in which a price is missing (`--missing`).
CHOICES = ("drop", "fill")


@dataclass(frozen=True, eq=False)
class Completed:
    """Rows without a missing price, [K], and what was done to have them so.

    Attributes
    ----------
    days : datetime64[D], shape [K]
    columns : dict of float64, shape [K]
    dropped, filled : int
        Rows with a missing price that were left out, and that were filled.
    first : str
        The first day of such a row; empty if there is none.
    """

    days: Days
    columns: dict[str, Floats]
    dropped: int = 0
    filled: int = 0
    first: str = ""


def complete(days: Days, columns: Mapping[str, Floats], how: str) -> Completed:
    """Return the rows with every price, in order.

    ``drop`` leaves a row with a missing price out, as if there had been no session. ``fill`` makes it a
    session without trade, as a halt is: every price is the last known close (that of the row itself if it
    has one), and the volume is 0. So a filled row uses nothing later. Rows before the first close are
    left out.

    Parameters
    ----------
    days : datetime64[D], shape [T]
        In order.
    columns : mapping of float64, shape [T]
        ``open``, ``high``, ``low``, ``close``, ``volume``; NaN is a missing price.
    how : str
        ``drop`` or ``fill``.

    Raises
    ------
    InputError
        `how` is neither.

    Examples
    --------
    >>> days = np.array(["2019-01-02", "2019-01-03"], dtype="datetime64[D]")
    >>> prices = np.array([100.0, np.nan])
    >>> columns = {name: prices for name in PRICES} | {"volume": np.array([9.0, 8.0])}
    >>> len(complete(days, columns, "drop").days)
    1
    >>> filled = complete(days, columns, "fill")
    >>> filled.columns["close"].tolist(), filled.columns["volume"].tolist(), filled.first
    ([100.0, 100.0], [9.0, 0.0], '2019-01-03')
    """
    if how not in CHOICES:
        raise InputError(f"unknown missing {how!r}{nearest(how, CHOICES)}")
    missing = np.isnan(np.stack([columns[name] for name in PRICES])).any(axis=0)
    if not missing.any():
        return Completed(days, dict(columns))
    made, keep = dict(columns), ~missing
    if how == "fill":
        close = columns["close"]
        known = np.where(close > 0, np.arange(close.size), -1)
        row = np.maximum.accumulate(known)  # of the last known close, -1 before the first
        last = close[np.maximum(row, 0)]
        made |= {name: np.where(missing, last, columns[name]) for name in PRICES}
        made["volume"] = np.where(missing, 0.0, columns["volume"])
        keep |= row >= 0
    return Completed(
        days[keep],
        {name: column[keep] for name, column in made.items()},
        dropped=int((missing & ~keep).sum()),
        filled=int((missing & keep).sum()),
        first=str(days[missing.argmax()]),
    )


def sentence(bars: Bars) -> str | None:
    """Return what was done with the rows that lack a price; None if there was none."""
    origin = bars.origin
    if not origin.first_missing:
        return None
    if not origin.filled:
        rows = count(origin.incomplete, "row")
        text = (
            f"{rows} with a missing price left out, the first on {origin.first_missing}: "
            "a return over such a day spans two sessions or more"
        )
        return text + (" (--missing fill keeps the day)" if origin.source == "csv" else "")
    rows = count(origin.filled, "row")
    text = (
        f"{rows} with a missing price filled with the last known close, the first missing on "
        f"{origin.first_missing}: a session without trade, as a halt"
    )
    if origin.incomplete:
        text += f"; {count(origin.incomplete, 'row')} before the first close left out"
    return text


#: What `Origin.findings` says, in words: one row or day, several, and what was done.
FINDINGS = {
    "repeated": ("row repeats its day", "rows repeat their day", "each day is kept once"),
    "contradicting": (
        "day came twice with different prices",
        "days came twice with different prices",
        "left out, because which one holds is not known",
    ),
    "unsorted": ("row was out of order", "rows were out of order", "sorted by date"),
}


def finding_sentences(bars: Bars) -> list[str]:
    """Return what was wrong with the rows as they came from the source, beside missing prices."""
    origin = bars.origin
    said = []
    for kind, rows, first in origin.findings:
        one, many, done = FINDINGS[kind]
        said.append(f"{count(rows, one, many)}, the first on {first}: {done}")
    if origin.currency_before:
        said.append(
            f"the prices are in {origin.currency} now and were in {origin.currency_before} in an earlier "
            "download, which is kept beside: check which one you want"
        )
    return said


def warn_of_missing(every: Iterable[Bars]) -> None:
    """Warn, ticker by ticker, of what was done with the rows that lack a price or were at fault."""
    for bars in every:
        missing = sentence(bars)
        for text in [*([missing] if missing else []), *finding_sentences(bars)]:
            warnings.warn(f"{bars.ticker}: {text}", DataWarning, stacklevel=2)
