"""One of the two runs that are compared: its manifest, its tables, its bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from backtests.reading.contents import changed
from backtests.reading.untrusted import check_regular
from backtests.runs.manifest import sha256_of
from backtests.verifying.again import Again
from backtests.verifying.recorded import Kept, Recorded, read_recorded
from backtests.verifying.tables import read
from forecasters.bars import Bars


@dataclass(frozen=True, eq=False)
class Side:
    """A run as it is compared.

    Attributes
    ----------
    folder : Path
    manifest : mapping
    bars : mapping
        Ticker to its bars as the source gave them; None where the folder does not hold them.
    kept : mapping
        Ticker to the bars that the folder keeps, as they lie there.
    keyed : tuple of str
        The parts of the manifest that enter the key; empty where that is not known.
    named : str
        What stands before the names of its files, for a reader of two folders.
    """

    folder: Path
    manifest: Mapping[str, Any]
    bars: Mapping[str, Bars | None]
    kept: Mapping[str, Kept]
    keyed: tuple[str, ...] = ()
    named: str = ""

    @classmethod
    def of(cls, recorded: Recorded, named: str = "") -> Side:
        """Return the side of a finished run."""
        described = recorded.manifest.get("inputs")
        kept = {entry.ticker: entry for entry in recorded.kept(needed=False)} if described else {}
        bars = {ticker: entry.original() for ticker, entry in kept.items()}
        return cls(recorded.folder, recorded.manifest, bars, kept, named=named)

    @classmethod
    def of_again(cls, again: Again) -> Side:
        """Return the side of a run made again: its manifest as it stands in its file."""
        prepared = again.prepared
        manifest = read_recorded(again.folder).manifest
        return cls(again.folder, manifest, again.inputs.bars, {}, tuple(prepared.made_of))

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table of the folder; None where there is none."""
        return read(self.folder / name)

    def bytes_of(self, name: str) -> bytes | None:
        """Return the content of a file of the folder; None where there is none."""
        path = self.folder / name
        check_regular(path)
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @cached_property
    def inputs(self) -> dict[tuple[str, str], str]:
        """The sha256 of extra inputs, universe and code, by role and name of the file.

        The name of a universe's file is a title: it is left out.
        """
        entries = (self.manifest.get("inputs") or {}).get("files") or []
        names = {"universe": ""}
        return {
            (e["role"], names.get(e["role"], Path(e["path"]).name)): str(e["sha256"])
            for e in entries
        }

    @cached_property
    def changed_files(self) -> dict[str, str]:
        """The files that are not as the manifest's sha256 says, each with what is wrong."""
        named = self.manifest.get("files")
        return changed(self.folder, named) if isinstance(named, dict) else {}

    @property
    def edited(self) -> bool:
        """Whether the manifest was edited after the run; earlier versions wrote no sha256 of it."""
        return "given" in self.manifest and self.manifest.get("sha256") != sha256_of(self.manifest)

    def by(self, name: str, keys: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the entries of a list of the manifest by some of their values."""
        entries = self.manifest.get(name) or []
        return {tuple(entry.get(key) for key in keys): entry for entry in entries}
