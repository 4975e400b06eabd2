"""A hostile file: how it is made, what reads it, and what must come of it."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.command.config import RunConfig
from backtests.command.config_file import read_config
from backtests.sources.csv import CsvFolder
from backtests.sources.extra_files import read_extra
from backtests.sources.snapshots import Snapshots
from backtests.universe.file import read_universe
from backtests.writing.plain import MESSAGE, message
from forecasters.errors import InputError

#: Name of the file of each reader.
FILES = {
    "csv": "X.csv",
    "parquet": "X.parquet",
    "extra": "mine.csv",
    "extra-parquet": "mine.parquet",
    "universe": "mine.txt",
    "config": "run.toml",
    "snapshot": "X.parquet",
}


@dataclass(frozen=True)
class Case:
    """One hostile file.

    Attributes
    ----------
    kind : str
        A key of `FILES`.
    name : str
    make : bytes, str or callable
        The content, or what makes the file at a path.
    refused : str or None
        A pattern in the message of the `InputError`; None: the file is read.
    """

    kind: str
    name: str
    make: bytes | str | Callable[[Path], object]
    refused: str | None

    @property
    def title(self) -> str:
        """The name of the test."""
        return f"{self.kind}: {self.name}"

    def write(self, folder: Path) -> Path:
        """Make the file and return its path."""
        path = folder / FILES[self.kind]
        if callable(self.make):
            self.make(path)
        else:
            path.write_bytes(self.make if isinstance(self.make, bytes) else self.make.encode())
        return path


def read(kind: str, path: Path) -> Any:
    """Read a file as the commands do."""
    if kind in ("csv", "parquet"):
        return CsvFolder(path.parent).fetch("X", "1980-01-01", "2100-01-01")
    if kind.startswith("extra"):
        return read_extra(path)
    if kind == "universe":
        return read_universe(path)
    if kind == "snapshot":
        return Snapshots(path.parents[2]).find("X", "yahoo", "splits")
    return RunConfig(**({"ticker": ("X",)} | read_config(path, RunConfig)))


def outcome(kind: str, path: Path, seconds: int = 5) -> tuple[Any, str | None]:
    """Return what a file is read as, or the message of its refusal, which is checked.

    Any other exception, a warning, or more than these seconds fail.
    """
    try:
        with within(seconds), warnings.catch_warnings():
            warnings.simplefilter("error")
            return read(kind, path), None
    except InputError as error:
        text = str(error)
        shown = message(text)
        assert len(shown) <= MESSAGE, f"{len(shown)} letters"
        assert shown.replace("\n", "").isprintable()
        # What is shortened at the door only should be rare: the sentence must survive.
        assert len(text) < 5_000, f"the message has {len(text):,} letters before it is cut"
        return None, shown


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise `TimeoutError` when the work takes longer."""

    def late(signum: int, frame: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
