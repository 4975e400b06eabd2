"""Two tables with the same columns, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from backtests.reading.parquet import read_parquet
from backtests.reading.untrusted import check_regular
from backtests.writing.csv import read_csv
from forecasters.errors import InputError

#: How many times larger than a user's table one of a run may be: some hundred tickers over ten years.
TIMES = 10


@dataclass(frozen=True, eq=False)
class TableDifference:
    """Where two tables differ.

    Attributes
    ----------
    rows : int
        How many rows both have.
    missing, added : list of tuple
        The keys of the rows that are only before, only after.
    changed : list of tuple
        The keys of the rows in which a value differs, in the order of the table before.
    column : str
        The column of the first value that differs.
    before, after : JSON value
        That value.
    largest : float or None
        The largest relative difference of all numbers; None where no number differs, infinite where one is
        missing or zero on one side.
    """

    rows: int
    missing: list[tuple[Any, ...]]
    added: list[tuple[Any, ...]]
    changed: list[tuple[Any, ...]]
    column: str = ""
    before: Any = None
    after: Any = None
    largest: float | None = None

    def __bool__(self) -> bool:
        return bool(self.missing or self.added or self.changed)

    @property
    def first(self) -> tuple[Any, ...]:
        """The key of the first row that differs."""
        return (self.changed or self.missing or self.added)[0]


#: What to do about a table that cannot be read.
BACK = "put the file of the run back, or make the run again with another --out"


def read(path: Path) -> pd.DataFrame | None:
    """Return a table of a run folder; None where there is no such file.

    Raises
    ------
    InputError
        The file cannot be read or is too large.
    """
    check_regular(path)
    if not path.exists():
        return None
    if path.suffix == ".parquet":
        try:
            return read_parquet(path, str(path), times=TIMES)
        except InputError as error:
            raise InputError(f"{error}; {BACK}") from error
    try:
        # every cell as it is written: two numbers are equal where their texts are
        return read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}; {BACK}") from error


def difference(
    before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str], tolerance: float = 0.0
) -> TableDifference:
    """Return where two tables differ.

    Parameters
    ----------
    keys : sequence of str
        The columns that name a row. Rows of the same name are compared in their order.
    tolerance : float
        Relative difference of numbers that counts as none.

    Examples
    --------
    >>> old = pd.DataFrame({"day": ["a", "b", "c"], "x": [1.0, 2.0, 3.0]})
    >>> new = pd.DataFrame({"day": ["a", "b"], "x": [1.0, 2.2]})
    >>> found = difference(old, new, ["day"])
    >>> found.missing, found.changed, found.column, found.before, found.after, round(found.largest, 3)
    ([('c',)], [('b',)], 'x', 2.0, 2.2, 0.1)
    """
    a, b = _indexed(before, keys), _indexed(after, keys)
    missing, added = (
        a.index.difference(b.index, sort=False),
        b.index.difference(a.index, sort=False),
    )
    common = a.index[a.index.isin(b.index)]
    a, b = a.loc[common], b.loc[common]
    columns = [name for name in a.columns if name in b.columns]
    differ = np.zeros((len(common), len(columns)), dtype=bool)
    largest: float | None = None
    for number, name in enumerate(columns):
        unequal, relative = _unequal(a[name], b[name])
        if relative is not None:
            unequal &= ~(relative <= tolerance)
            if unequal.any():
                largest = max(largest or 0.0, float(relative[unequal].max()))
        differ[:, number] = unequal
    rows = np.flatnonzero(differ.any(axis=1))
    gone, new = _names(missing), _names(added)
    if not rows.size:
        return TableDifference(len(common), gone, new, [])
    column = columns[int(differ[rows[0]].argmax())]
    return TableDifference(
        rows=len(common),
        missing=gone,
        added=new,
        changed=_names(common[rows]),
        column=column,
        before=_value(a[column], int(rows[0])),
        after=_value(b[column], int(rows[0])),
        largest=largest,
    )


def _names(index: Any) -> list[tuple[Any, ...]]:
    """Return the keys of rows, without the number that tells rows of the same key apart."""
    return [tuple(key[:-1]) for key in index]


def plain(value: Any) -> Any:
    """Return a cell as JSON has it; a day without its time."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return value.item() if isinstance(value, np.generic) else value


def _value(column: pd.Series[Any], row: int) -> Any:
    """Return a cell as JSON has it; a number that a CSV file holds as text is a number."""
    value = plain(column.iloc[row])
    if isinstance(value, str) and value and _numbers(column) is not None:
        return float(value)
    return None if value == "" else value


def _indexed(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the table under its keys, and a number that tells rows of the same key apart."""
    missing = [key for key in keys if key not in frame.columns]
    if missing:
        raise InputError(f"a table has no column '{missing[0]}' any more")
    plain_keys = frame[list(keys)].map(plain).astype(object).where(lambda cells: cells.notna(), "")
    number = plain_keys.groupby(list(keys)).cumcount()
    index = pd.MultiIndex.from_frame(plain_keys.assign(number=number))
    return frame.drop(columns=list(keys)).set_axis(index, axis=0)


def _unequal(a: pd.Series[Any], b: pd.Series[Any]) -> tuple[Any, Any]:
    """Return where two columns differ, and for numbers by how much relative to the first."""
    floats = [_numbers(column) for column in (a, b)]
    if floats[0] is None or floats[1] is None:
        x, y = (column.astype(object).to_numpy() for column in (a, b))
        empty = np.array([plain(v) is None for v in x]) & np.array([plain(v) is None for v in y])
        return np.array(
            [plain(v) != plain(w) for v, w in zip(x, y, strict=True)], bool
        ) & ~empty, None
    x, y = floats
    unequal = ~((x == y) | (np.isnan(x) & np.isnan(y)))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(y - x) / np.abs(x)
    return unequal, np.where(unequal, np.where(np.isnan(relative), np.inf, relative), 0.0)


def _numbers(column: pd.Series[Any]) -> Any:
    """Return a column as float64, NaN for an empty cell; None where a cell is no number."""
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return None
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    try:
        return np.array([np.nan if plain(v) in (None, "") else float(v) for v in column])
    except (TypeError, ValueError):
        return None
