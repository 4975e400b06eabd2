"""The folder of a run: found by its key, or filled beside its place and then renamed into it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.reading.contents import MANIFEST
from backtests.reading.files import Unreadable
from backtests.runs.manifest import changed_files, read_manifest, write_manifest
from backtests.writing.atomic import restore_folder
from backtests.writing.names import MOST_BYTES
from forecasters.errors import InputError

#: What a folder of pages holds. Everything else in the folder of a run is no page, and no account has
#: one of these names.
PAGE_PARTS = ("index.html", "figures", "tearsheets")


@dataclass(frozen=True, eq=False)
class Finished:
    """A complete run folder; `found`: it existed before this call."""

    folder: Path
    manifest: Mapping[str, Any]
    found: bool

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


@dataclass(frozen=True)
class Place:
    """The folder of a finished run, and the folder of the work until then.

    Attributes
    ----------
    out, name, key : str
        The folder of the run folders, the name of this one, and the key of what it is made of.
    """

    out: str
    name: str
    key: str

    @property
    def folder(self) -> Path:
        """The finished run. Absolute: a worker that is reused keeps an earlier working directory."""
        return Path(self.out).absolute() / f"{self.name}-{self.key[:8]}"

    @property
    def part(self) -> Path:
        """The work so far; trained fits lie in the store, so what an interruption leaves here is of no use."""
        return self.folder.with_name(f".{self.name}-{self.key}.part")

    def found(self) -> Finished | None:
        """Return the run if it exists; otherwise make the folder of the work.

        Raises
        ------
        InputError
            Another file or folder has the name of the run or of the folder of the work, or a file of the
            run is not as the run left it.
        """
        restore_folder(self.folder)
        if os.path.lexists(self.folder):
            finished = self._finished()
            shutil.rmtree(self.part, ignore_errors=True)
            return finished
        if os.path.lexists(self.part) and not self.part.is_dir():
            raise InputError(
                f"{self.part} is in the way: it is not the folder of the work. Move it away or use another --out"
            )
        self.part.mkdir(parents=True, exist_ok=True)
        return None

    def put(self, manifest: Mapping[str, Any], write: Callable[[Path], None]) -> Finished:
        """Let `write` fill a folder, add the manifest, and rename it into its place.

        The manifest comes last, because it holds the sha256 of every file. The folder of the work is
        deleted.
        """
        try:
            filled = Path(tempfile.mkdtemp(prefix="run-", dir=self.part))
            filled.chmod(0o755)
            write(filled)
            written = write_manifest(filled / MANIFEST, manifest)
            filled.rename(self.folder)
        except OSError:  # another process finished the same run first, and deleted the work
            if not self.folder.exists():
                raise
            finished = self._finished()
            shutil.rmtree(self.part, ignore_errors=True)
            return finished
        shutil.rmtree(self.part, ignore_errors=True)
        return Finished(self.folder, written, found=False)

    def _finished(self) -> Finished:
        """Return the run in its place, if every file is as the run left it."""
        remedy = "Delete it or move it away, or use another --out"
        try:
            manifest = read_manifest(self.folder / MANIFEST)
        except Unreadable as error:
            raise InputError(f"{self.folder} is in the way: {error}. {remedy}") from error
        if manifest is None or manifest["key"] != self.key:
            raise InputError(
                f"{self.folder} is in the way: it is not a finished run of this configuration. {remedy}"
            )
        if found := changed_files(self.folder, manifest):
            more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
            raise InputError(
                f"{self.folder} is not as its run left it: {', '.join(found[:3])}{more}. {remedy}: "
                "the same command then makes the run again"
            )
        return Finished(self.folder, manifest, found=True)


def folder_name(tickers: Sequence[str]) -> str:
    """Return the name of a run over these tickers, with characters that every system allows."""
    shown = "+".join(tickers[:3]) + (f"+{len(tickers) - 3}-more" if len(tickers) > 3 else "")
    return re.sub(r"[^\w.+-]", "", shown).encode()[:MOST_BYTES].decode(errors="ignore")
