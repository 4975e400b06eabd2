"""CSV files that a spreadsheet shows as they are: no text in them is taken for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd

#: A spreadsheet runs a cell that begins like this (OWASP, "CSV Injection"), with or without our prefix.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write a table with these columns; what a row lacks stays empty.

    A text that begins with ``= + - @``, a tab or a line end gets an apostrophe before it. Numbers are
    written as they are. `read_csv` takes the apostrophe away.
    """
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in frame.columns:
        if frame[name].dtype == object or isinstance(frame[name].dtype, pd.StringDtype):
            frame[name] = frame[name].map(guarded_cell)
    header: list[str] = [guarded_cell(name) for name in columns]
    texts = (cell for name in frame.columns for cell in (name, *frame[name]))
    # Before Python 3.13 a carriage return alone is written without quotes, and ends the line.
    ends = any(isinstance(text, str) and "\r" in text for text in texts)
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if ends else csv.QUOTE_MINIMAL
    frame.to_csv(path, index=False, lineterminator="\n", header=header, quoting=quoting)


def read_csv(path: Path, **more: Any) -> pd.DataFrame:
    """Return a table that `write_csv` wrote; its texts are those that were given.

    A ticker is a text, also where it is a code of digits (``005930``). A text like ``NA`` is no missing
    value: only an empty cell is.

    Parameters
    ----------
    more
        Arguments of `pandas.read_csv`.
    """
    given: dict[str, Any] = {"dtype": {"ticker": str}} | more
    frame: pd.DataFrame = pd.read_csv(path, **given)
    if frame.isna().any(axis=None):
        words = pd.read_csv(
            path, **more | {"dtype": str, "keep_default_na": False, "na_values": ""}
        )
        for name in frame.columns:
            lost = frame[name].isna() & words[name].notna()
            if lost.any():
                frame[name] = frame[name].astype(object).where(~lost, words[name])
    frame.columns = pd.Index([plain_cell(name) for name in frame.columns])
    for name in frame.columns:
        if frame[name].dtype == object or isinstance(frame[name].dtype, pd.StringDtype):
            frame[name] = frame[name].map(plain_cell)
    return frame


def guarded_cell(cell: Any) -> Any:
    """Return a cell as it is written: a text that a spreadsheet would run gets an apostrophe.

    Examples
    --------
    >>> print(guarded_cell("=cmd"), guarded_cell("-X"), guarded_cell("051900.KS"), guarded_cell(-1.5))
    '=cmd '-X 051900.KS -1.5
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def plain_cell(cell: Any) -> Any:
    """Return a cell as it was before `guarded_cell`."""
    guarded = isinstance(cell, str) and cell.startswith("'") and _FORMULA.match(cell)
    return cell[1:] if guarded else cell
