"""The folder of a run: found by its key, or made beside its place and put there whole."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.runs.manifest import read_manifest
from forecasters.errors import InputError


@dataclass(frozen=True, eq=False)
class Finished:
    """A run folder that is complete; `found` says that it was there already."""

    folder: Path
    manifest: Mapping[str, Any]
    found: bool

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


@dataclass(frozen=True)
class Place:
    """Where a run ends, and where it is worked on until then.

    Attributes
    ----------
    out, name, key : str
        The folder of the run folders, what this one is called, the key of what it is made of.
    """

    out: str
    name: str
    key: str

    @property
    def folder(self) -> Path:
        """The finished run. Absolute: a worker that is used again stands where we once stood."""
        return Path(self.out).absolute() / f"{self.name}-{self.key[:8]}"

    @property
    def part(self) -> Path:
        """What an interruption leaves, and the same call goes on with."""
        return self.folder.with_name(f".{self.name}-{self.key}.part")

    def found(self) -> Finished | None:
        """Return the run if it is there; else make room for the work, now and not after it.

        Raises
        ------
        InputError
            Something else is there.
        """
        if self.folder.exists():
            shutil.rmtree(self.part, ignore_errors=True)
            return self._there()
        self.part.mkdir(parents=True, exist_ok=True)
        return None

    def put(self, manifest: Mapping[str, Any], write: Callable[[Path], None]) -> Finished:
        """Let `write` fill a folder, rename it into its place, throw away what was worked with."""
        try:
            made = Path(tempfile.mkdtemp(prefix="run-", dir=self.part))
            made.chmod(0o755)
            write(made)
            made.rename(self.folder)
        except OSError:  # another process finished the same run first, and threw away the work
            if not self.folder.exists():
                raise
            there = self._there()
            shutil.rmtree(self.part, ignore_errors=True)
            return there
        shutil.rmtree(self.part, ignore_errors=True)
        return Finished(self.folder, manifest, found=False)

    def _there(self) -> Finished:
        manifest = read_manifest(self.folder / "manifest.json")
        if manifest is None or manifest["key"] != self.key:
            raise InputError(
                f"{self.folder} is in the way: it is not a finished run of this configuration. "
                "Move it away or name another --out"
            )
        return Finished(self.folder, manifest, found=True)


def folder_name(tickers: Sequence[str]) -> str:
    """Return what a run over these tickers is called, as every system takes it."""
    shown = "+".join(tickers[:3]) + (f"+{len(tickers) - 3}-more" if len(tickers) > 3 else "")
    return re.sub(r"[^\w.+-]", "", shown)
