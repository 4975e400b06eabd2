"""A table of a page as a list of columns: one macro of `templates/table.html` renders them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from backtests.writing.numbers import percent

Row = TypeVar("Row")


@dataclass(frozen=True)
class Cell:
    """What one cell of a row shows.

    Attributes
    ----------
    text : str
        A number as it is printed, or a name. A dash gets `why` as its tooltip.
    title : str
        Tooltip of the cell, or of its link.
    classes : str
        Classes of the style sheet for this cell alone: ``up``, ``down``.
    href : str
        Where the text leads; empty: nowhere.
    mark : str
        A small word after the text: ``SIMULATED``.
    """

    text: str
    why: str = ""
    title: str = ""
    classes: str = ""
    href: str = ""
    mark: str = ""


def signed(value: float | None, why: str = "") -> Cell:
    """Return a share as percent: green above 0, red below."""
    colour = "" if not value else "up" if value > 0 else "down"
    return Cell(percent(value), why, classes=colour)


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: its heading, what the heading means, and the cell of a row.

    Attributes
    ----------
    heading, title : str
        The heading and its explanation, a tooltip.
    cell : callable
        Row to the `Cell`, or to the text where there is no more than a text.
    left : bool
        Text, not a number: on the left.
    name : bool
        A name with settings: on the left, bold, and it may break before a setting.
    classes : str
        Classes of every body cell of the column.
    long : bool
        The heading is a name and may break.
    """

    heading: str
    cell: Callable[[Row], Cell | str]
    title: str = ""
    left: bool = False
    name: bool = False
    classes: str = ""
    long: bool = False

    def of(self, row: Row) -> Cell:
        """Return the cell of a row."""
        cell = self.cell(row)
        return Cell(cell) if isinstance(cell, str) else cell

    def classes_of(self, cell: Cell) -> str:
        """Return the classes of a body cell."""
        alignment = "l name" if self.name else "l" if self.left else ""
        return " ".join(filter(None, (alignment, self.classes, cell.classes)))


def _nothing(row: object) -> str:
    return ""


@dataclass(frozen=True)
class Table(Generic[Row]):
    """Columns and the rows that they show.

    Attributes
    ----------
    anchor, classes : str
        Id and classes of the table.
    tall : bool
        A long table: it scrolls under its headings.
    row_class : callable
        Row to the classes of its line: ``reference``, ``worse``.
    instead : callable
        Row to a sentence that stands in place of all columns but the first; empty: none.
    """

    kind: ClassVar[str] = "table"

    columns: Sequence[Column[Row]]
    rows: Sequence[Row]
    anchor: str = ""
    classes: str = ""
    tall: bool = False
    row_class: Callable[[Row], str] = _nothing
    instead: Callable[[Row], str] = _nothing

    def columns_of(self, row: Row) -> Sequence[Column[Row]]:
        """Return the columns that the row fills: the first alone where a sentence takes the rest."""
        return self.columns[:1] if self.instead(row) else self.columns
