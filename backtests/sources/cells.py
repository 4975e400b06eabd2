"""Numbers from the cells of a table, and whether a comma in them separates thousands or decimals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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

#: Of the cells with a comma in a column, one in so many must show that it is decimal: fewer are mistakes.
FEWEST = 20

# In groups of three, or as in India: 12,34,567.
_THOUSANDS = re.compile(r"[+-]?[1-9](\d{0,2}(,\d{3})+|\d?(,\d{2})+,\d{3})(\.\d*)?")
_DECIMAL = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+),\d+")
_DOTTED = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
_POINT = re.compile(r"[+-]?\d*\.\d*")

#: The first line and text of each notation in a column, and how many cells have it; see `_notation`.
Shown = dict[str, tuple[Any, str, int]]


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
            texts[name] = _stripped(cells)
    decimal: frozenset[str] = frozenset()
    if any("," in text or text.count(".") > 1 for pairs in texts.values() for _, text in pairs):
        beside = [
            _shown_of_numbers(_stripped(frame.iloc[:, place]))
            for place, name in enumerate(frame.columns)
            if name not in made and name not in texts
        ]
        decimal = decimal_columns(
            {n: _shown(pairs) for n, pairs in texts.items()}, separator, where, beside
        )
    for name, pairs in texts.items():
        made[name] = np.full(len(pairs), np.nan)
        for row, (line, text) in enumerate(pairs):
            if (value := to_number(text, name in decimal)) is None:
                fault(line, name, text)
            else:
                made[name][row] = value
    return made


def _stripped(cells: pd.Series[Any]) -> list[tuple[Any, str]]:
    """Return the line and the text of each cell."""
    texts = ("" if cell is None else str(cell).strip() for cell in cells)
    return list(zip(cells.index, texts, strict=True))


def _shown(cells: Iterable[tuple[Any, str]]) -> Shown:
    """Return the first cell of each notation in a column, and how many there are."""
    shown: Shown = {}
    for line, text in cells:
        if ("," in text or "." in text) and (kind := _notation(text)):
            first_line, first, number = shown.get(kind, (line, text, 0))
            shown[kind] = first_line, first, number + 1
    return shown


def _shown_of_numbers(cells: Sequence[tuple[Any, str]]) -> Shown:
    """Return the same of a column that is not asked for; nothing where a cell is no number."""
    for _, text in cells:
        if not (text.lstrip("+-").isdecimal() or text.lower() in NO_NUMBER or _notation(text)):
            return {}
    shown = _shown(cells)
    return {} if _is_decimal(shown) and _contradiction("", shown) else shown


def _notation(text: str) -> str:
    """Return how a number is written.

    ``thousands``: commas before thousands alone explain it, 1,234,567. ``decimal``: a decimal comma alone,
    598,00. ``either``: both do, 61,800. ``points``: points before thousands alone, 1.234.567. ``dotted``:
    1.234, where the point can be before thousands. ``point``: another decimal point.
    """
    if "," in text:
        thousands, decimal = _THOUSANDS.fullmatch(text), _DECIMAL.fullmatch(text)
        if thousands:
            return "either" if decimal else "thousands"
        return "decimal" if decimal else ""
    if _DOTTED.fullmatch(text):
        return "points" if text.count(".") > 1 else "dotted"
    return "point" if "." in text and _POINT.fullmatch(text) else ""


def _is_decimal(shown: Shown) -> bool:
    """Return whether a cell shows that the comma separates decimals."""
    return "decimal" in shown or "points" in shown


def _contradiction(name: str, shown: Shown) -> str:
    """Return what contradicts a decimal comma in a column, in words; empty where nothing does."""
    if points := shown.get("points"):
        line, text, _ = points
        said = f"line {line}: {name} {short(text)} has points before thousands"
    else:
        line, text, number = shown["decimal"]
        said = f"line {line}: {name} {short(text)} has a decimal comma"
        either = shown.get("either", (0, "", 0))
        if number * FEWEST < number + either[2]:
            return (
                f"{said}, and {either[2]:,} cells such as {short(either[1])} on line {either[0]} need not "
                "have one"
            )
    other = shown.get("thousands") or shown.get("point")
    if other is None:
        return ""
    return f"{said}, and {short(other[1])} on line {other[0]} has none"


def decimal_columns(
    columns: Mapping[str, Shown], separator: str, where: str, beside: Iterable[Shown] = ()
) -> frozenset[str]:
    """Return the columns whose comma separates decimals; in the others it separates thousands.

    A column decides for itself: ``598,00`` has a decimal comma and ``1,234,567`` has not. A column in which
    every comma can be both (``61,800``) follows the other columns of its file. Where they are silent too,
    it is thousands in a file whose cells are separated by commas, as in the exports that quote them.

    Parameters
    ----------
    beside : iterable of Shown
        Other columns of the file, which only help to decide.

    Raises
    ------
    InputError
        The message names the line, the value and the remedy.
    """
    found = {name for name, shown in columns.items() if _is_decimal(shown)}
    for name in sorted(found):
        if wrong := _contradiction(name, columns[name]):
            raise InputError(f"{where}: {wrong}: {REMEDY}")
    every = [*columns.values(), *beside]
    decimal = any(_is_decimal(shown) for shown in every)
    thousands = any("thousands" in shown for shown in every)
    for name, shown in columns.items():
        if name in found or "thousands" in shown:
            continue
        if "either" not in shown:
            # Beside a decimal comma a point stands before thousands: 1.234 is 1234.
            if decimal and "dotted" in shown and "point" not in shown:
                found.add(name)
        elif decimal and not thousands and "point" not in shown:
            found.add(name)
        elif not ("point" in shown or (not decimal and (thousands or separator == ","))):
            line, text, _ = shown["either"]
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
