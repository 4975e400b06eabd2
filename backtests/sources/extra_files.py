"""Extra columns from a file: `date`, `known_at`, optionally `ticker`, and numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.reading.parquet import read_parquet
from backtests.sources.cells import to_columns
from backtests.sources.table import read_dates, read_lines, shown_row
from backtests.writing.plain import short
from forecasters.bars import Days
from forecasters.errors import InputError, nearest
from forecasters.inputs.extras import Extra

#: What a file must have, and why.
NEEDED = {
    "known_at": "without it nobody can say what was known at a close, and a value could be used before it "
    "was published. Add the first session whose close comes after the publication (published "
    "after the close: the next day)",
    "date": "it is the day that a value describes, so that a revision of an old value does not replace a "
    "newer value. If the values are never revised, repeat known_at",
}
KEYS = ("date", "known_at", "ticker")
#: A day without a time: 18:30 is after the close, and dropping the time would hide that.
DAY = re.compile(
    r"(?:\d{8}|\d{4}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}\.?)"
    r"(?:[ T]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)


def read_extra(path: Path) -> Extra:
    """Return the columns of a `.csv` or `.parquet` file.

    Raises
    ------
    InputError
        A cell cannot be used; the message names the file, the line and the cell.
    """
    separator, frame = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    header = [str(name).strip() for name in frame.columns]
    plain = [name.casefold() if name.casefold() in KEYS else name for name in header]
    for name, why in NEEDED.items():
        if name not in plain:
            raise InputError(f"{path.name} has no column '{name}'{nearest(name, header)}; {why}")
    if "" in header:
        raise InputError(f"{path.name}: column {header.index('') + 1} has no name; give it one")
    folded = [name.casefold() for name in plain]
    if twice := [name for name in plain if folded.count(name.casefold()) > 1]:
        raise InputError(f"{path.name} has two columns called {short(twice[0])}; rename one")
    if frame.empty:
        raise InputError(f"{path.name} has a header and no rows")
    frame.columns = pd.Index(plain)
    names = tuple(name for name in plain if name not in KEYS)
    if not names:
        raise InputError(f"{path.name} has no column of numbers beside {', '.join(plain)}")

    def fault(line: Any, name: str, cell: object) -> None:
        raise InputError(
            f"{path.name}: line {line}: {short(name)[1:-1]} {short(cell)} is not a number; inputs are numbers, so "
            "encode it or remove the column"
        )

    columns = to_columns(frame, names, separator, path.name, fault)
    return Extra(
        file=path.name,
        names=names,
        date=_days(frame["date"], "date", path),
        known_at=_days(frame["known_at"], "known_at", path),
        values=np.stack([columns[name] for name in names], axis=1),  # [R, K]
        ticker=_tickers(frame["ticker"], path) if "ticker" in plain else None,
        line=frame.index.to_numpy(dtype=np.intp),
    )


def _read_csv(path: Path) -> tuple[str, pd.DataFrame]:
    separator, rows = read_lines(path, f"--extra {path}")
    header = rows.pop(0)[1]
    for line, row in rows:
        if len(row) < len(header) or any(row[len(header) :]):
            raise InputError(
                f"{path.name}: line {line} has {len(row)} cells, {len(header)} are expected: "
                f"{shown_row(separator, row)}"
            )
    cells = [row[: len(header)] for _, row in rows]
    return separator, pd.DataFrame(cells, columns=header, index=[line for line, _ in rows])


def _read_parquet(path: Path) -> tuple[str, pd.DataFrame]:
    frame = read_parquet(path, f"--extra {path}")
    # A named index is a column; an index without a name only counts rows.
    drop = frame.index.name is None or str(frame.index.name).startswith("__index_level_")
    frame = frame.reset_index(drop=drop)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return "", frame


def _days(cells: pd.Series[Any], name: str, path: Path) -> Days:
    empty = cells.isna() | (cells.astype(str).str.strip() == "")
    if empty.any():
        raise InputError(f"{path.name}: line {empty.idxmax()}: {name} is empty")
    days = read_dates(cells, path)
    for line, cell in cells.items():
        if DAY.fullmatch(str(cell).strip()) is None:
            raise InputError(
                f"{path.name}: line {line}: {name} {short(cell)} has a time of day; write a day alone: "
                "what is published after the close is known the next day"
            )
    return days


def _tickers(cells: pd.Series[Any], path: Path) -> np.ndarray[Any, np.dtype[np.str_]]:
    tickers = cells.where(~cells.isna(), "").astype(str).str.strip()
    if (tickers == "").any():
        raise InputError(
            f"{path.name}: line {(tickers == '').idxmax()}: the ticker is empty; name it, or leave out "
            "the column if the values are for all tickers"
        )
    return np.asarray(tickers.tolist(), dtype=np.str_)
