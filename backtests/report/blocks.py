"""The parts that a section of a page is made of, in the order in which they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from backtests.report.table import Table


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes
    ----------
    faint : bool
        A remark on how to read what stands above it.
    key : bool
        It begins with the colour of marked rows, which it explains.
    note : bool
        A warning.
    """

    kind: ClassVar[str] = "text"

    text: str
    faint: bool = False
    key: bool = False
    note: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"

    text: str


@dataclass(frozen=True)
class Listing:
    """Sentences with a bullet each."""

    kind: ClassVar[str] = "listing"

    items: Sequence[str]


@dataclass(frozen=True)
class Figure:
    """A chart, as the SVG element that `report/charts` drew."""

    kind: ClassVar[str] = "figure"

    svg: str


@dataclass(frozen=True)
class Part:
    """A part with a special template, for what no other block can show; the template gets only `value`."""

    kind: ClassVar[str] = "part"

    template: str
    value: Any


Block = Text | Heading | Listing | Figure | Part | Table[Any]


@dataclass(frozen=True)
class Section:
    """A section of a page. Without an anchor nothing links to it; without a heading it has none."""

    heading: str
    anchor: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """A page: what it opens with, and its sections in their order.

    Attributes
    ----------
    simulated, as_is : bool or str
        Whether prices are drawn from a random generator; whether a close moves as no market allows and
        was let stand. Of several accounts, the names of those.
    span : str
        What was run, over which sessions.
    verdict, found : sequence of str
        The sentences that open the page: the verdict, then what was found.
    tiles : sequence of Tile
        The figures that a reader looks for first.
    facts : sequence of (str, str)
        What the bars are, by name.
    """

    heading: str
    simulated: bool | str
    as_is: bool | str
    span: str
    verdict: Sequence[str]
    found: Sequence[str]
    tiles: Sequence[Tile]
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]


@dataclass(frozen=True)
class Tile:
    """One figure in large type, with what it is and a remark."""

    name: str
    value: str
    note: str
