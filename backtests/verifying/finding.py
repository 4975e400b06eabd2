"""What differs between a finished run and the same run made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: The kinds of differences, causes first: each can only follow from those before it.
KINDS = (
    "bars",
    "input",
    "code",
    "library",
    "engine",
    "configuration",
    "fit",
    "forecast",
    "fill",
    "equity",
    "metric",
    "verdict",
    "table",
    "manifest",
    "file",
)
#: What may move while the run stays the same: the programs and the machine, not what the folder holds.
PROGRAMS = ("code", "library", "engine")


@dataclass(frozen=True)
class Finding:
    """One difference.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    where : str
        What differs: a ticker, a library, a setting, a forecaster and its ticker, a file.
    before, after : JSON value
        The value of the first difference; None where there is none on that side.
    what : str
        The column or the name of that value.
    first : str
        The day or the row of the first difference.
    count, of : int
        How many differ, and of how many; 0 where nothing is counted.
    unit : str
        What is counted: ``day``, ``fit``, ``forecast``.
    missing, added : int
        How many are there only before, only after.
    largest : float or None
        The largest relative difference of the numbers.
    edited : bool
        The file was changed after the run: the manifest beside it agrees with the other side.
    note : str
        What else is known.
    """

    kind: str
    where: str
    before: Any = None
    after: Any = None
    what: str = ""
    first: str = ""
    count: int = 0
    of: int = 0
    unit: str = ""
    missing: int = 0
    added: int = 0
    largest: float | None = None
    edited: bool = False
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """A finished run beside the same run made again, or beside another one.

    Attributes
    ----------
    before, after : str
        What was compared: the folder of the run; how it was made again, or the other folder.
    findings : tuple of Finding
        In the order of `KINDS`.
    notes : tuple of str
        What else a reader needs to know: why numbers may differ in the last digits, what was not run again.
    digest : str
        The digest of the run made again, or of the other one; empty where there is none.
    """

    before: str
    after: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    digest: str = ""

    @property
    def same(self) -> bool:
        """Whether the run is the same; programs that moved without moving a result leave it so."""
        return all(finding.kind in PROGRAMS for finding in self.findings)


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return the findings, causes first, and otherwise as they were found."""
    return tuple(sorted(findings, key=lambda finding: KINDS.index(finding.kind)))
