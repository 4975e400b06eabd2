"""Numbers from the cells of a table, and whether a comma in them separates thousands or decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from backtests.writing.plain import short
from forecasters.bars import Floats
from forecasters.errors import InputError

#: What stands in a cell without a number.
NO_NUMBER = {"", "null", "nan", "none", "n/a", "na", "-"}
#: What to do where the commas of a column can be read in two ways.
REMEDY = "write numbers with a decimal point and without separators of thousands: 1598.5"

_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_DECIMAL = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_DOTTED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
_POINT = re.compile(r"[+-]?\d*\.\d*")
_LONG = re.compile(r"[+-]?\d{4,}")

#: The first line and text of each notation in a column; see `_notation`.
Shown = dict[str, tuple[Any, str]]


def to_columns(
    frame: pd.DataFrame,
    names: Iterable[str],
    separator: str,
    where: str,
    fault: Callable[[Any, str, object], None],
) -> dict[str, Floats]:
    """Return the numbers of these columns of a frame, [R] each; NaN where a cell has none.

    Parameters
    ----------
    frame : DataFrame
        Its index is the line of each row in the file.
    separator : str
        What separates the cells of the file; empty where nothing does.
    where : str
        The file in messages.
    fault : callable
        Is called with line, column and cell for each cell that is no number.

    Raises
    ------
    InputError
        The commas of a column contradict each other, or can be read in two ways.
    """
    made: dict[str, Floats] = {}
    texts: dict[str, list[tuple[Any, str]]] = {}
    for name in names:
        cells = frame[name]
        if pd.api.types.is_numeric_dtype(cells):
            made[name] = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            stripped = ("" if cell is None else str(cell).strip() for cell in cells)
            texts[name] = list(zip(cells.index, stripped, strict=True))
    decimal: frozenset[str] = frozenset()
    if any("," in text for pairs in texts.values() for _, text in pairs):
        decimal = decimal_columns({n: _shown(c) for n, c in texts.items()}, separator, where)
    for name, pairs in texts.items():
        made[name] = np.full(len(pairs), np.nan)
        for row, (line, text) in enumerate(pairs):
            if (value := to_number(text, name in decimal)) is None:
                fault(line, name, text)
            else:
                made[name][row] = value
    return made


def _shown(cells: Iterable[tuple[Any, str]]) -> Shown:
    """Return the first cell of each notation in a column."""
    shown: Shown = {}
    for line, text in cells:
        if ("," in text or "." in text or len(text) > 3) and (kind := _notation(text)):
            shown.setdefault(kind, (line, text))
    return shown


def _notation(text: str) -> str:
    """Return how a number is written.

    ``thousands``: a comma before thousands alone explains it, 1,234,567. ``decimal``: a decimal comma
    alone, 598,00. ``either``: both do, 61,800. ``dotted``: 1.234, where the point can be before thousands.
    ``point``: another decimal point. ``long``: a thousand or more without a separator.
    """
    if "," in text:
        thousands, decimal = _THOUSANDS.fullmatch(text), _DECIMAL.fullmatch(text)
        if thousands:
            return "either" if decimal else "thousands"
        return "decimal" if decimal else ""
    if "." in text:
        return "dotted" if _DOTTED.fullmatch(text) else "point" if _POINT.fullmatch(text) else ""
    return "long" if _LONG.fullmatch(text) else ""


def decimal_columns(columns: Mapping[str, Shown], separator: str, where: str) -> frozenset[str]:
    """Return the columns whose comma separates decimals; in the others it separates thousands.

    A column decides for itself: ``598,00`` has a decimal comma and ``1,234,567`` has not. A column in which
    every comma can be both (``61,800``) follows the other columns of its file. Where they are silent too,
    it is thousands in a file whose cells are separated by commas, as in the exports that quote them.

    Raises
    ------
    InputError
        The message names the line, the value and the remedy.
    """
    decimal = {name for name, shown in columns.items() if "decimal" in shown}
    thousands = {name for name, shown in columns.items() if "thousands" in shown}
    for name in sorted(decimal):
        shown = columns[name]
        if other := shown.get("thousands") or shown.get("point"):
            line, text = shown["decimal"]
            raise InputError(
                f"{where}: line {line}: {name} {short(text)} has a decimal comma, and {short(other[1])} on "
                f"line {other[0]} has none: {REMEDY}"
            )
    found = set(decimal)
    for name, shown in columns.items():
        if name in decimal or name in thousands:
            continue
        if "either" not in shown:
            # Beside a decimal comma a point stands before thousands: 1.234 is 1234.
            if decimal and "dotted" in shown and "point" not in shown:
                found.add(name)
            continue
        if decimal and not thousands and "point" not in shown:
            found.add(name)
            continue
        decided = "point" in shown or (not decimal and (thousands or separator == ","))
        if not decided or "long" in shown:
            line, text = shown["either"]
            one, other_way = text.replace(",", ""), text.replace(",", ".")
            raise InputError(
                f"{where}: line {line}: {name} {short(text)} can mean {one[:30]} or {other_way[:30]}, and "
                f"nothing in the file decides it: {REMEDY}"
            )
    return frozenset(found)


def to_number(text: str, decimal: bool = False) -> float | None:
    """Return the number of a cell; None where it is none. NaN stands for an empty cell.

    Parameters
    ----------
    decimal : bool
        A comma separates decimals, and a point thousands.

    Examples
    --------
    >>> to_number("1,234.5"), to_number("1.234,5", decimal=True), to_number("1_000")
    (1234.5, 1234.5, None)
    """
    if text.lower() in NO_NUMBER:
        return float("nan")
    if decimal and (_DECIMAL.fullmatch(text) or _DOTTED.fullmatch(text)):
        text = text.replace(".", "").replace(",", ".")
    elif not decimal and _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if "_" in text:  # Python's own notation, nobody's price
        return None
    try:
        return float(text)
    except ValueError:
        return None
