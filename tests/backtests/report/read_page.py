"""Reads the tables of a page by the headings of their columns, as a reader does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser


class PageRow(dict[str, str]):
    """One line of a table: heading to the text of its cell.

    A heading that occurs again has its number behind it: ``at``, ``at 2``. `classes` are those of
    the line, `titles`, `links` and `styles` those of the cells, by heading.
    """

    def __init__(self) -> None:
        super().__init__()
        self.classes: list[str] = []
        self.titles: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.styles: dict[str, list[str]] = {}


@dataclass
class PageTable:
    """A table: its id, its classes, its headings with their tooltips, its lines."""

    name: str
    classes: list[str]
    headings: list[str] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)
    rows: list[PageRow] = field(default_factory=list)

    def by(self, heading: str) -> dict[str, PageRow]:
        """Return the lines by the text of one of their cells."""
        return {row[heading]: row for row in self.rows}


class _Reader(HTMLParser):
    """Collects tables; the section of a table is the id of the h2 before it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[PageTable] = []
        self.sections: list[str] = []
        self.section = ""
        self.text: list[str] | None = None
        self.title = ""
        self.inside = ""
        self.cell: dict[str, str] = {}
        self.place = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = values.get("class", "").split()
        if tag == "h2":
            self.section = values.get("id", "")
        elif tag == "table":
            self.tables.append(PageTable(values.get("id", ""), classes))
            self.sections.append(self.section)
        elif tag in ("thead", "tbody"):
            self.inside = tag
        elif tag == "tr" and self.inside == "tbody":
            self.tables[-1].rows.append(PageRow())
            self.tables[-1].rows[-1].classes = classes
            self.place = 0
        elif tag in ("th", "td"):
            self.text, self.cell = [], values
        elif tag == "a" and self.text is not None:
            self.cell["href"] = values.get("href", "")
        elif tag == "abbr" and self.text is not None:
            self.cell["title"] = values.get("title", "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("th", "td") or self.text is None:
            return
        text, self.text = " ".join("".join(self.text).split()), None
        table = self.tables[-1]
        if self.inside == "thead":
            number = sum(name == text or name.startswith(f"{text} ") for name in table.headings)
            heading = f"{text} {number + 1}" if text in table.headings else text
            table.headings.append(heading)
            table.meanings[heading] = self.cell.get("title", "")
            return
        heading = table.headings[self.place] if self.place < len(table.headings) else ""
        self.place += int(self.cell.get("colspan", "1"))
        row = table.rows[-1]
        row[heading] = text
        row.titles[heading] = self.cell.get("title", "")
        row.links[heading] = self.cell.get("href", "")
        row.styles[heading] = self.cell.get("class", "").split()

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)


def tables_of(html: str) -> list[PageTable]:
    """Return all tables of a page, in their order."""
    reader = _Reader()
    reader.feed(html)
    return reader.tables


def table_of(html: str, name: str) -> PageTable:
    """Return the first table with this id, with this class, or in the section with this id."""
    reader = _Reader()
    reader.feed(html)
    for table, section in zip(reader.tables, reader.sections, strict=True):
        if name in (table.name, section, *table.classes):
            return table
    raise AssertionError(f"the page has no table '{name}'")
