"""Columns that a user brings; each row has the day from which it is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from forecasters.bars import Days, Floats
from forecasters.errors import InputError, nearest


@dataclass(frozen=True, eq=False)
class Extra:
    """R rows of K columns, checked once when they are made; the arrays are read-only.

    Attributes
    ----------
    file : str
        Where the rows come from, for messages and the manifest.
    names : tuple of str, length K
    date : datetime64[D], shape [R]
        The day that a row describes.
    known_at : datetime64[D], shape [R]
        The first day at whose close the row is known; never before `date`.
    values : float64, shape [R, K]
        NaN where a row has no value for a column.
    ticker : str, shape [R], or None
        The ticker of each row; None where all rows hold for every ticker.
    line : int, shape [R]
        Line of each row in the file, for messages.

    Raises
    ------
    InputError
        A date is missing, a row is known before its date, a value is infinite, two rows are the same.
    """

    file: str
    names: tuple[str, ...]
    date: Days
    known_at: Days
    values: Floats
    ticker: NDArray[np.str_] | None = None
    line: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        r = self.date.size
        line = np.arange(1, r + 1) if self.line is None else self.line
        object.__setattr__(self, "line", line)
        shapes = {"known_at": (r,), "values": (r, len(self.names)), "line": (r,)}
        if self.ticker is not None:
            shapes["ticker"] = (r,)
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise InputError(
                    f"{self.file}: {name} has shape {getattr(self, name).shape}, not {shape}"
                )
        for name in ("date", "known_at"):
            if (empty := np.isnat(getattr(self, name))).any():
                raise InputError(f"{self.file}: line {line[empty.argmax()]}: no {name}")
        if (early := self.known_at < self.date).any():
            row = int(early.argmax())
            raise InputError(
                f"{self.file}: line {line[row]}: known_at {self.known_at[row]} lies before date "
                f"{self.date[row]}, known before it happened: for what is announced ahead, date is "
                "the day of the announcement"
            )
        if (endless := np.isinf(self.values)).any():
            row, column = np.argwhere(endless)[0]
            raise InputError(
                f"{self.file}: line {line[row]}: {self.names[column]} is "
                f"{self.values[row, column]}: write a finite number, or leave the cell empty"
            )
        # One order, whatever the order of the file: so the digest depends on the content alone.
        tickers = np.zeros(r) if self.ticker is None else self.ticker
        order = np.lexsort((line, self.date, self.known_at, tickers))
        for name in ("date", "known_at", "values", "ticker", "line"):
            if (array := getattr(self, name)) is not None:
                ordered = array[order]
                ordered.setflags(write=False)
                object.__setattr__(self, name, ordered)
        self._check_twice()

    def _check_twice(self) -> None:
        same = (self.date[1:] == self.date[:-1]) & (self.known_at[1:] == self.known_at[:-1])
        if self.ticker is not None:
            same &= self.ticker[1:] == self.ticker[:-1]
        if same.any():
            row = int(same.argmax())
            lines: Any = self.line
            whose = "" if self.ticker is None else f" of {self.ticker[row]}"
            raise InputError(
                f"{self.file}: lines {lines[row]} and {lines[row + 1]} are both of date "
                f"{self.date[row]}{whose}, known at {self.known_at[row]}: keep one; a revision has a "
                "later known_at"
            )

    def __len__(self) -> int:
        return self.date.size

    def of(self, ticker: str, last: np.datetime64) -> Self:
        """Return the rows that hold for `ticker` and are known by the close of `last`.

        Raises
        ------
        InputError
            The file has a column ticker, and no row of this ticker.
        """
        keep = self.known_at <= last
        if self.ticker is not None:
            of_ticker = self.ticker == ticker
            if not of_ticker.any():
                known = sorted(set(self.ticker.tolist()))
                raise InputError(
                    f"{self.file} has no row of {ticker}{nearest(ticker, known)}; add its rows, or "
                    "leave out the column ticker if the values hold for all"
                )
            keep &= of_ticker
        rows: dict[str, Any] = {
            name: getattr(self, name)[keep] for name in ("date", "known_at", "values", "line")
        }
        return replace(self, ticker=None, **rows)

    def align(self, sessions: Days) -> Floats:
        """Return what was known at the close of each session, [T, K]; NaN before the first value.

        Of the rows that are known, each column takes the value of the newest date; of two rows of the
        same date, the one that became known later. An empty cell is no value: the older value stays,
        however old it is.

        Parameters
        ----------
        sessions : datetime64[D], shape [T]
        """
        known = np.full((sessions.size, len(self.names)), np.nan)
        for column, values in enumerate(self.values.T):
            given = np.flatnonzero(~np.isnan(values))  # in order of known_at, then of date
            if not given.size:
                continue
            dates = self.date[given].astype(np.int64)
            newest = dates == np.maximum.accumulate(dates)
            best = np.maximum.accumulate(np.where(newest, np.arange(given.size), 0))
            rows_known = np.searchsorted(self.known_at[given], sessions, side="right")  # [T]
            since = rows_known > 0
            known[since, column] = values[given[best[rows_known[since] - 1]]]
        return known

    @property
    def digest(self) -> str:
        """The sha256 of names, days and values; the order and the format of the file do not matter."""
        h = hashlib.sha256("\0".join(self.names).encode())
        for days in (self.date, self.known_at):
            h.update(days.astype("datetime64[D]").astype("<i8").tobytes())
        if self.ticker is not None:
            h.update("\0".join(self.ticker.tolist()).encode())
        values = np.where(np.isnan(self.values), np.nan, self.values)  # one NaN of the many
        h.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
        return h.hexdigest()
