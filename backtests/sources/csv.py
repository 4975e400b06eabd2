"""Bars from a folder of files: `<ticker>.csv` or `<ticker>.parquet`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backtests.reading.files import refuse_other
from backtests.sources.missing import complete
from backtests.sources.source import (
    NotCovered,
    UnknownTicker,
    check_adjust,
    check_ticker,
    parse_dates,
)
from backtests.sources.table import Table, read_table
from forecasters.bars import PRICES, Bars, FaultyRow, Origin
from forecasters.errors import InputError, nearest

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class CsvFolder:
    """Reads files in the formats of several exports (listed in `backtests.sources.table`).

    Rows of zeros on closed days and rows without a price are left out and counted in
    `Origin.dropped`; a halt (a repeated close and nothing else) stays. A row in which a price is missing
    is left out or filled, as `missing` says, and counted. Rows may be in any order; a date
    that occurs twice is an error. Rows outside the requested dates are not checked.

    Attributes
    ----------
    data_dir : Path
        The folder (`--data-dir`).
    adjust : str
        ``all`` scales open, high, low and close by the file's adjusted close over its close, as
        Yahoo does; without such a column it is an error. ``splits`` and ``none`` take the prices
        unchanged, because no file says what it is adjusted for; the origin then says
        ``as in the file``.
    missing : str
        What becomes of a row in which a price is missing: ``drop`` or ``fill`` (`complete`). ``fill`` takes
        a row without any price too, but no row of zeros: that is a closed day.
    """

    data_dir: Path | None = None
    adjust: str = "splits"
    missing: str = "drop"

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars that the file holds from `start` to before `end`.

        Raises
        ------
        UnknownTicker
            The folder has no such file; the message names the nearest.
        NotCovered
            The file has no session in these dates; the message says what it covers.
        FaultyRow
            A row in these dates cannot be used; the first such row in time.
        InputError
            The file cannot be read, or every row lacks a price.
        """
        first, stop = parse_dates(start, end)
        adjust = check_adjust(self.adjust)
        path = self._find(check_ticker(ticker))
        table = read_table(path)
        inside = (table.days >= first) & (table.days < stop)
        faulty = np.zeros(len(table.days), dtype=bool)
        faulty[list(table.faults)] = True
        empty = table.empty & ~faulty
        if self.missing == "fill":
            empty &= ~table.missing
        rows = np.flatnonzero(inside & ~empty)
        if not rows.size:
            raise NotCovered(
                f"{path.name} has no session from {start} to before {end}; it covers "
                f"{table.days.min()} to {table.days.max()}: change --start and --end"
            )
        rows = rows[np.argsort(table.days[rows], kind="stable")]
        columns = {name: column[rows] for name, column in table.columns.items()}
        if adjust == "all":
            scale = _scale(table, path)[rows]
            columns |= {name: columns[name] * scale for name in PRICES}
        days = table.days[rows]
        row = int(faulty[rows].argmax())
        fault = table.faults[int(rows[row])] if faulty[rows].any() else None
        # Up to the day before: the same day may be on a second line. If `Bars` finds a faulty row among
        # those, that row comes earlier, and its error is raised instead.
        stop_row = len(days) if fault is None else int(np.searchsorted(days, days[row]))
        sound = {name: column[:stop_row] for name, column in columns.items()}
        twice = np.flatnonzero(days[1:stop_row] == days[: max(stop_row - 1, 0)])
        if twice.size:  # before a row with a missing price is left out: which of the two holds?
            stop_row, fault = (
                int(twice[0]),
                f"{days[twice[0]]} comes twice; keep one row of each date",
            )
            row = stop_row
            sound = {name: column[:stop_row] for name, column in columns.items()}
        made = complete(days[:stop_row], sound, self.missing)
        origin = Origin(
            source="csv",
            vendor=f"file {path.name}",
            adjusted="all" if adjust == "all" else "as in the file",
            dropped=int((inside & empty).sum()),
            incomplete=made.dropped,
            filled=made.filled,
            first_missing=made.first,
        )
        bars = Bars(ticker, made.days, **made.columns, origin=origin) if made.days.size else None
        if fault is not None:
            raise FaultyRow(f"{path.name}: {fault}", ticker, days[row], fault, bars)
        if bars is None:
            raise InputError(
                f"{path.name}: a price is missing in every row from {start} to before {end}; give open, "
                "high, low and close"
            )
        return bars

    def _find(self, ticker: str) -> Path:
        if self.data_dir is None:
            raise InputError("--source csv needs a folder: add --data-dir DIR")
        folder = Path(self.data_dir)
        try:
            if not folder.is_dir():
                raise InputError(f"--data-dir {folder} is not a folder")
            names = [f"{ticker}{suffix}" for suffix in SUFFIXES]
            paths = [path for name in names if os.path.lexists(path := folder / name)]
            if len(paths) == 2:
                raise InputError(f"{folder} holds {ticker}.csv and {ticker}.parquet: remove one")
            if paths:
                refuse_other(paths[0], f"--data-dir {folder}: {paths[0].name}")
                return paths[0]
            known = {path.stem for path in folder.iterdir() if path.suffix in SUFFIXES}
        except OSError as error:
            raise InputError(f"--data-dir {folder} cannot be read: {error.strerror}") from None
        hint = nearest(ticker, known) if known else "; it holds no .csv or .parquet at all"
        raise UnknownTicker(f"{folder} holds no {ticker}.csv or {ticker}.parquet{hint}")


def _scale(table: Table, path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if table.adjusted is None:
        raise InputError(
            f"--adjust all needs an adjusted close, and {path.name} has none: "
            "use --adjust splits to take its prices unchanged"
        )
    close = table.columns["close"]
    return np.where(close > 0, table.adjusted / np.where(close > 0, close, 1.0), 1.0)
