"""Bars that a run folder keeps: one file a ticker, in which a changed value can be found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from backtests.reading.parquet import read_table
from backtests.sources.bars_table import to_table
from backtests.writing.atomic import write_atomically
from forecasters.bars import COLUMNS, Bars, Days, Floats, Origin
from forecasters.errors import InputError

#: The column with the exclusive or of the bits of the others: it tells which row was changed.
PARITY = "parity"
#: Names that Windows takes for devices, whatever their suffix.
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))}
#: Letters of a file's name before its end is replaced by a hash.
LONGEST = 120
#: Changed rows whose old values are searched for: each has five candidates.
SEARCHED = 4


def file_name(ticker: str) -> str:
    """Return the name of a ticker's file: no two tickers share one, on any system.

    Letters, digits and ``. - _ ^ =`` stay. Everything else is written as ``%`` and its code, small letters too,
    because some systems take ``brk`` and ``BRK`` for the same name.

    Examples
    --------
    >>> file_name("051900.KS"), file_name("^GSPC"), file_name("a/b"), file_name("CON")
    ('051900.KS.parquet', '^GSPC.parquet', '%61%2F%62.parquet', '%43ON.parquet')
    """
    text = quote(ticker, safe="^=").replace("~", "%7E")
    parts = text.split("%")
    parts[0] = _small(parts[0])
    parts[1:] = [part[:2] + _small(part[2:]) for part in parts[1:]]
    text = "%".join(parts)
    if text.partition(".")[0] in DEVICES:
        text = f"%{ord(text[0]):02X}{text[1:]}"
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}~{hashlib.sha256(ticker.encode()).hexdigest()[:16].upper()}"
    return f"{text}.parquet"


def _small(text: str) -> str:
    """Return the text with its small letters written by their codes."""
    return "".join(f"%{ord(letter):02X}" if letter.islower() else letter for letter in text)


@dataclass(frozen=True, eq=False)
class KeptRows:
    """The rows of a file as they lie there, changed or not.

    Attributes
    ----------
    sessions : datetime64[D], shape [T]
    columns : dict
        Open, high, low, close, volume: float64, shape [T].
    parity : uint64, shape [T], or None
        As it was written; None where another program rewrote the file without it.
    """

    sessions: Days
    columns: dict[str, Floats]
    parity: NDArray[np.uint64] | None

    def bars(self, ticker: str, origin: Origin) -> Bars:
        """Return the rows as bars.

        Raises
        ------
        InputError
            They are none any more.
        """
        return Bars(ticker, self.sessions, **self.columns, origin=origin)

    def before_change(self, ticker: str, origin: Origin, sha256: str) -> Bars | None:
        """Return the bars with this sha256 as they were written, found by the parity.

        None where more than a few values were changed, where rows were added or removed, or where two values
        of a row were changed.
        """
        rows = self.changed
        if not 0 < rows.size <= SEARCHED or self.parity is None:
            return None
        delta = self.parity[rows] ^ _parity(self.sessions, self.columns)[rows]
        for choice in product(COLUMNS, repeat=rows.size):
            columns = {name: column.copy() for name, column in self.columns.items()}
            for row, bits, name in zip(rows, delta, choice, strict=True):
                columns[name].view(np.uint64)[row] ^= bits
            try:
                bars = Bars(ticker, self.sessions, **columns, origin=origin)
            except InputError:
                continue
            if bars.digest == sha256:
                return bars
        return None

    @property
    def changed(self) -> NDArray[np.intp]:
        """The rows that do not agree with their parity; empty where there is none."""
        if self.parity is None:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(self.parity != _parity(self.sessions, self.columns))


def write_kept(path: Path, bars: Bars) -> None:
    """Write the file of one ticker."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: np.array(getattr(bars, name)) for name in COLUMNS}
    table = to_table(bars).append_column(PARITY, pa.array(_parity(bars.sessions, columns)))
    write_atomically(path, lambda file: pq.write_table(table, file))


def read_kept(path: Path) -> KeptRows:
    """Return the rows of such a file.

    Raises
    ------
    InputError
        There is no such file, it is too large, or it holds no bars.
    """
    import pyarrow as pa

    table = read_table(path, str(path), "put it back, or take the bars from files, --data-dir DIR")
    try:
        sessions = np.array(table["session"].to_numpy().astype("datetime64[D]"))
        columns = {name: np.array(table[name].to_numpy(), dtype=np.float64) for name in COLUMNS}
        parity = None
        if PARITY in table.column_names:
            parity = np.array(table[PARITY].to_numpy(), dtype=np.uint64)
    except (pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read as bars ({error}): put the file of the run back, or take the bars from files, "
            "--data-dir DIR"
        ) from error
    return KeptRows(sessions, columns, parity)


def _parity(sessions: Days, columns: dict[str, Floats]) -> Any:
    bits = [sessions.astype("datetime64[D]").astype(np.int64).view(np.uint64)]
    bits += [np.ascontiguousarray(columns[name]).view(np.uint64) for name in COLUMNS]
    return np.bitwise_xor.reduce(bits)
