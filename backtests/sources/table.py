"""Tables of prices in several formats: their column names, dates and numbers in one form.

Formats: Yahoo's export with or without `Adj Close`, Korean headers, Tehran's (two layouts), exports for
charting programs (`<DTYYYYMMDD>`), and no header; dates as 2015-01-02, 2015/1/2, 2015. 1. 2 or 20150102;
thousands separators or decimal commas
(`backtests.sources.cells`); UTF-8 with or without a byte order mark, UTF-16 with one, CP949, and Tehran's Windows-1256.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.reading.files import LESS, TABLE, TABLE_LINE, check_lines, read_bytes
from backtests.reading.parquet import COLUMNS, ROWS, read_parquet
from backtests.sources.cells import to_columns
from backtests.writing.plain import short
from forecasters.bars import PRICES, Days, Floats
from forecasters.errors import InputError

#: Order of the columns where a file has no header; further columns (a daily change) are ignored.
UNNAMED = ("date", "open", "high", "low", "close", "volume")
#: Column names of exports, only letters and digits, in lower case.
NAMES = {
    "date": "date", "datetime": "date", "timestamp": "date", "session": "date",
    "날짜": "date", "일자": "date", "거래일": "date",
    "open": "open", "시가": "open",
    "high": "high", "고가": "high",
    "low": "low", "저가": "low",
    "close": "close", "종가": "close",
    "volume": "volume", "거래량": "volume",
    "adjclose": "adjusted", "수정종가": "adjusted",
    "yesterday": "yesterday",
}  # fmt: skip
#: Our name of the column `<TICKER>` of a file with a column `<DTYYYYMMDD>`.
TICKER = "<ticker>"
#: Separators of cells.
SEPARATORS = ",;\t"
#: The first separator outside quotes: in "2015-01-02;598,00" the comma is a part of a number.
FIRST = re.compile(rf'(?:"[^"]*"|[^"{SEPARATORS}])*([{SEPARATORS}])')
#: Years that a session may have: 1398 is 2019 in Tehran, 2562 in Bangkok.
YEARS = (1800, 2200)
#: A message shows so many names of columns or tickers, and so many letters of a row.
SHOWN, ROW = 12, 80
DATE = re.compile(r"(\d{4})(?:(\d\d)(\d\d)|\s*([-/.])\s*(\d{1,2})\s*\4\s*(\d{1,2})\.?)(?:[ T].*)?")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one file in its order: no row is dropped, none is sorted.

    Attributes
    ----------
    days : datetime64[D], shape [R]
    columns : dict of float64, shape [R]
        ``open``, ``high``, ``low``, ``close``, ``volume``; a cell without a number is NaN, a
        missing volume 0 (an index has none).
    adjusted : float64, shape [R], or None
        The close adjusted for splits and dividends, where the file has one.
    faults : mapping
        Row to what is wrong with it (not a number, too few or too many cells), with its line. Such a row
        has a date, so the rows before it can be used.
    """

    days: Days
    columns: dict[str, Floats]
    adjusted: Floats | None
    faults: Mapping[int, str]

    @property
    def empty(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Rows without a session, [R]: every price is null, or every price is 0 (a closed day).

        A halt has no open, high and low either, but repeats the last close: it is a session.
        """
        prices = np.stack([self.columns[name] for name in PRICES])
        return np.asarray((np.isnan(prices) | (prices == 0)).all(axis=0))

    @property
    def missing(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Rows in which a price or more is missing, [R]: an empty cell, null, NaN or a dash."""
        prices = np.stack([self.columns[name] for name in PRICES])
        return np.asarray(np.isnan(prices).any(axis=0))


def read_table(path: Path) -> Table:
    """Return the table in a `.csv` or `.parquet` file.

    Of a file with a column `<TICKER>` that names several, these are the rows of the ticker that the file is
    named after. Where it names only one, all rows are taken, whatever it is called.

    Raises
    ------
    InputError
        The file is not a table, lacks a column, has rows of several other tickers, or has a line without a
        readable date: its place in time is unknown.
    """
    frame = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    if TICKER in frame:
        frame = _of_ticker(frame, path)
    missing = [name for name in UNNAMED[:-1] if name not in frame]
    if missing:
        raise InputError(
            f"{path.name}: no column {', '.join(missing)}; the columns are "
            f"{_few(frame.attrs['header'])}: rename them to {', '.join(UNNAMED)}"
        )
    faults: dict[Any, str] = frame.attrs["faults"]  # line to fault
    # Tehran's `adjClose` is the volume-weighted price of the day (TSETMC's <CLOSE>; its `close` is
    # <LAST>), not adjusted. The `yesterday` column shows that a file is Tehran's.
    adjusted = "adjusted" in frame and "yesterday" not in frame
    names = [
        *PRICES,
        *(["volume"] if "volume" in frame else []),
        *(["adjusted"] if adjusted else []),
    ]

    def fault(line: Any, name: str, cell: object) -> None:
        name = "adjusted close" if name == "adjusted" else name
        faults.setdefault(line, f"line {line}: {name} {short(cell)} is not a number")

    columns = to_columns(frame, names, frame.attrs["separator"], path.name, fault)
    adjusted_close = columns.pop("adjusted", None)
    volume = columns.get("volume", np.zeros(len(frame)))
    columns["volume"] = np.where(np.isnan(volume), 0.0, volume)
    row_of = {line: row for row, line in enumerate(frame.index)}
    return Table(
        read_dates(frame["date"], path),
        columns,
        adjusted_close,
        {row_of[line]: what for line, what in faults.items()},
    )


def _plain(header: Iterable[object]) -> list[str]:
    """Return our names of the columns; one that is not known keeps its name."""
    given = [str(name).strip() for name in header]
    letters = ["".join(c for c in name.casefold() if c.isalnum()) for name in given]
    names = NAMES | (_chart_names(letters) if "dtyyyymmdd" in letters else {})
    return [names.get(short, name) for short, name in zip(letters, given, strict=True)]


def _chart_names(letters: Sequence[str]) -> dict[str, str]:
    """Return the names of a file with a column `<DTYYYYMMDD>`, as charting programs read it.

    In most of them `<OPEN>` is the open and `<CLOSE>` the close. The Tehran exchange (TSETMC, and its
    program TseClient 2.0, whose user chooses the columns) writes <FIRST>, the first trade of the day, and
    then its <OPEN> is the closing price of the day before; <LAST> is the last trade, and then its <CLOSE>
    is the volume-weighted price of the day. So the readers of TSETMC's file take it (the one in the form
    of pandas_datareader: <FIRST> Open, <LAST> Close, <OPEN> Yesterday); TseClient calls the four
    columns PriceFirst, PriceYesterday, LastPrice and ClosingPrice.
    """
    names = {"dtyyyymmdd": "date", "vol": "volume", "ticker": TICKER}
    if "first" in letters:
        names |= {"first": "open", "open": "yesterday"}
    if "last" in letters:
        names |= {"last": "close", "close": "average"}
    return names


def _of_ticker(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return the rows of the ticker that the file is named after; all rows if there is one ticker."""
    tickers = frame[TICKER].astype(str).str.strip()
    if tickers.nunique() == 1:
        return frame
    rows = frame[tickers == path.stem].copy()
    if rows.empty:
        names = list(dict.fromkeys(tickers))
        raise InputError(
            f"{path.name} holds {len(names)} tickers, and none is called {path.stem}: "
            f"{_few(names, 5)}; name the file after one of them, or keep the rows of one"
        )
    faults = {line: what for line, what in frame.attrs["faults"].items() if line in rows.index}
    rows.attrs = {**frame.attrs, "faults": faults}
    return rows


def _few(names: Sequence[str], most: int = SHOWN) -> str:
    """Return the first names, each shortened, for a message."""
    shown = ", ".join(
        name if len(name) <= ROW // 2 else short(name, ROW // 2) for name in names[:most]
    )
    return f"{shown}, ..." if len(names) > most else shown


def read_lines(
    path: Path, name: str = "", absent: str = ""
) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return the separator of a text file, and the number and cells of each line that is not empty.

    Parameters
    ----------
    path : Path
    name : str
        The file in messages; default: its name.
    absent : str
        What to do where there is no such file.
    """
    name = name or path.name
    raw = read_bytes(path, name, TABLE, absent, LESS)
    # TseClient offers UTF-16 with a byte order mark, UTF-8 and Windows-1256.
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    narrow = "cp1256" if b"<DTYYYYMMDD>" in raw else "cp949"
    for encoding in ("utf-16",) if wide else ("utf-8-sig", narrow):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InputError(f"{name} is neither UTF-8 nor CP949; save it as UTF-8")
    check_lines(text, name, TABLE_LINE)
    found = FIRST.match(text.lstrip().split("\n", 1)[0])
    separator = found[1] if found else ","
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = []
        for row in lines:
            if len(row) > COLUMNS:
                raise InputError(
                    f"{name}: line {lines.line_num} has {len(row):,} cells, and at most {COLUMNS:,} are read"
                )
            if any(cell.strip() for cell in row):
                rows.append((lines.line_num, row))
            if len(rows) > ROWS:
                raise InputError(
                    f"{name} has more than {ROWS:,} rows, and at most so many are read"
                )
    except csv.Error as error:
        raise InputError(f"{name} is not a table: {error}") from None
    if not rows:
        raise InputError(f"{name} is empty")
    return separator, rows


def _read_csv(path: Path) -> pd.DataFrame:
    separator, rows = read_lines(path)
    named = DATE.fullmatch(rows[0][1][0].strip()) is None
    header = rows.pop(0)[1] if named else list(UNNAMED[: len(rows[0][1])])
    if header[0].strip() == "Price":  # yf.download(...).to_csv(): two more rows, Ticker and Date
        header = ["Date", *header[1:]]
        rows = [row for row in rows if row[1][0].strip() not in ("Ticker", "Date")]
    names = _plain(header)
    faults: dict[Any, str] = {}
    for line, row in rows:
        # A row is too short if the download was cut off, too long if thousands separators have no quotes.
        if len(row) < len(header) or (named and any(row[len(header) :])):
            faults[line] = (
                f"line {line} has {len(row)} cells, {len(header)} are expected: "
                f"{shown_row(separator, row)}"
            )
            if not _dated(row, names):
                raise InputError(f"{path.name}: {faults[line]}")
    if not rows:
        raise InputError(f"{path.name} has a header and no rows")
    cells = [[*row, *[""] * len(header)][: len(header)] for _, row in rows]
    frame = pd.DataFrame(cells, columns=header, index=[line for line, _ in rows])
    return _name(frame, path, faults, separator)


def shown_row(separator: str, row: Sequence[str]) -> str:
    """Return a row for a message, without what is beyond `ROW` letters."""
    text = separator.join(cell[:ROW] for cell in row[:ROW])
    return text if len(text) <= ROW else f"{text[:ROW]}..."


def _dated(row: list[str], names: list[str]) -> bool:
    """Return whether a row of too few or too many cells has its date; the last cell may be cut off."""
    place = names.index("date") if "date" in names else len(row)
    return place < len(row) - 1 and DATE.fullmatch(row[place].strip()) is not None


def _read_parquet(path: Path) -> pd.DataFrame:
    frame = read_parquet(path, path.name)
    if "date" not in _plain(frame.columns):
        frame = frame.rename_axis("date").reset_index()
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    if frame.empty:
        raise InputError(f"{path.name} has no rows")
    return _name(frame, path, {})


def _name(
    frame: pd.DataFrame, path: Path, faults: dict[Any, str], separator: str = ""
) -> pd.DataFrame:
    header = [str(name).strip() for name in frame.columns]
    frame.columns = pd.Index(_plain(header))
    twice = sorted(
        {name for name in (*NAMES.values(), TICKER) if list(frame.columns).count(name) > 1}
    )
    if twice:
        raise InputError(f"{path.name} has two columns for {twice[0]}: {_few(header)}")
    frame.attrs |= {"header": header, "faults": faults, "separator": separator}
    return frame


def read_dates(cells: pd.Series[Any], path: Path) -> Days:
    """Return the days [R] of these cells; an error names the line, which is their index."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        if (empty := cells.isna()).any():
            raise InputError(
                f"{path.name}: line {empty.idxmax()}: the row has no date; write it, or remove the row"
            )
        # Dropped, not converted: midnight in Seoul is the day before in UTC.
        dated = np.asarray(cells.dt.tz_localize(None), dtype="datetime64[D]")
        years = dated.astype("datetime64[Y]").astype(np.int64) + 1970
        if (odd := (years < YEARS[0]) | (years > YEARS[1])).any():
            row = int(odd.argmax())
            raise _no_year(path, cells.index[row], years[row])
        return dated
    days = np.empty(len(cells), dtype="datetime64[D]")
    for row, (line, cell) in enumerate(cells.items()):
        match = DATE.fullmatch(str(cell).strip())
        if match is None:
            raise InputError(
                f"{path.name}: line {line}: {short(cell)} is not a date; write year, month, day: 2015-01-31"
            )
        year, month, day = match[1], match[2] or match[5], match[3] or match[6]
        if not YEARS[0] <= int(year) <= YEARS[1]:
            # Unconverted it would come before every other series.
            raise _no_year(path, line, year)
        try:
            days[row] = np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}", "D")
        except ValueError:
            raise InputError(
                f"{path.name}: line {line}: {short(cell)} is not a day of the calendar"
            ) from None
    return days


def _no_year(path: Path, line: object, year: object) -> InputError:
    return InputError(
        f"{path.name}: line {line}: the year {year} is not Gregorian; convert the dates"
    )
