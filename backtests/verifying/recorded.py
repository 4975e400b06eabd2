"""A finished run read back: its manifest, its configuration, the inputs that its folder holds."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backtests.command.config import RunConfig
from backtests.command.flag import basic_type
from backtests.runs.made_of import SCHEMA
from backtests.runs.manifest import read_manifest
from backtests.sources.bars_table import origin_of
from backtests.sources.faults import Fault
from backtests.sources.kept_bars import KeptRows, read_kept
from forecasters.bars import Bars, Origin
from forecasters.errors import InputError

#: The form of those parts of a manifest that are read here.
OBJECTS = (
    "config", "given", "inputs", "machine", "versions", "engines", "judgement", "forecasters", "strategies",
    "accounts", "walk_forward", "files",
)  # fmt: skip
LISTS = ("data", "faults", "results", "forecast_metrics")
#: What each entry of `inputs` must have.
INPUTS = {"bars": {"ticker", "sha256", "origin"}, "files": {"role", "path", "sha256"}}


@dataclass(frozen=True, eq=False)
class Kept:
    """The bars of one ticker as the manifest describes them, and the file that holds them.

    Attributes
    ----------
    ticker, sha256 : str
    origin : Origin
    rows : KeptRows or None
        None where the folder keeps no bars.
    """

    ticker: str
    sha256: str
    origin: Origin
    rows: KeptRows | None

    def bars(self) -> Bars:
        """Return the bars as the file holds them now.

        Raises
        ------
        InputError
            They are no bars any more.
        """
        if self.rows is None:
            raise InputError(f"no bars of {self.ticker} are kept")
        return self.rows.bars(self.ticker, self.origin)

    def original(self) -> Bars | None:
        """Return the bars of the run; None where they are not kept or cannot be found again."""
        if self.rows is None:
            return None
        try:
            bars = self.bars()
        except InputError:
            bars = None
        if bars is not None and bars.digest == self.sha256:
            return bars
        return self.rows.before_change(self.ticker, self.origin, self.sha256)


@dataclass(frozen=True, eq=False)
class Recorded:
    """A finished run: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """`run` or `grid`."""
        return str(self.manifest.get("kind", "run"))

    def kept(self, needed: bool = True) -> tuple[Kept, ...]:
        """Return the bars behind the run.

        Parameters
        ----------
        needed : bool
            False: a file that cannot be read is as none, because the bars come from elsewhere.

        Raises
        ------
        InputError
            The manifest says nothing of them, or a file is missing or cannot be read.
        """
        return tuple(self._kept(entry, needed) for entry in self._inputs("bars"))

    def faults(self) -> tuple[Fault, ...]:
        """Return the faulty rows that ended the bars of some tickers."""
        try:
            return tuple(Fault(**entry) for entry in self.manifest.get("faults") or ())
        except TypeError as error:
            raise InputError(
                f"{self.folder}: its manifest describes faulty rows in another way ({error})"
            ) from error

    def given(self) -> dict[str, Any]:
        """Return the configuration as the user gave it, by field."""
        given = self.manifest.get("given")
        if not isinstance(given, dict):
            raise InputError(
                f"{self.folder}: its manifest has no 'given', the values as they were given: an earlier version "
                "made this run, so make it again by `run`"
            )
        hints = typing.get_type_hints(RunConfig)
        values = {n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}
        for name, value in values.items():
            if name not in hints or not _fits(value, hints[name]):
                raise InputError(
                    f"{self.folder}: 'given' in its manifest has {name} {value!r}, which this version does not "
                    "know: use the version that made the run"
                )
        return values

    def config(self, data_dir: str | None = None, jobs: int | None = None) -> RunConfig:
        """Return the configuration of the run on this machine.

        Parameters
        ----------
        jobs : int, optional
            Fits at once; by default one for each core.
        data_dir : str, optional
            A folder of files that takes the place of the source.
        """
        values = self.given() | {"jobs": jobs}
        if data_dir is not None:
            values |= {"data_dir": data_dir, "source": "csv"}
        return RunConfig(**values)

    def with_kept_files(self, config: RunConfig, outside: bool) -> RunConfig:
        """Return the configuration with the copies of extra inputs and universe that the folder holds.

        Parameters
        ----------
        outside : bool
            Prefer the files where they were found at the time; the copies stand in for those that are gone.
        """
        copies = {
            (entry["role"], entry["path"]): str(self.inside(entry["file"]))
            for entry in self._inputs("files")
            if entry.get("file") and entry["role"] in ("universe", "extra")
        }

        def place(role: str, path: str) -> str:
            copy = copies.get((role, path), path)
            return path if outside and Path(path).is_file() else copy

        universe = config.universe and place("universe", config.universe)
        return replace(
            config, universe=universe, extra=tuple(place("extra", path) for path in config.extra)
        )

    def copy_of(self, path: str) -> Path | None:
        """Return the copy of a file of code that the user named; None if there is none."""
        for entry in self._inputs("files"):
            if entry["role"] == "code" and entry["path"] == path and entry.get("file"):
                return self.inside(entry["file"])
        return None

    def inside(self, name: str) -> Path:
        """Return a path of the folder.

        Raises
        ------
        InputError
            It leads out of the folder.
        """
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise InputError(f"{self.folder}: its manifest names '{name}', which is not inside it")
        return path

    def _kept(self, entry: Mapping[str, Any], needed: bool) -> Kept:
        try:
            ticker, sha256, file = str(entry["ticker"]), str(entry["sha256"]), entry.get("file")
            origin = origin_of(entry["origin"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"{self.folder}: its manifest describes its bars in another way ({error})"
            ) from error
        rows = None
        if file:
            try:
                rows = read_kept(self.inside(str(file)))
            except InputError:
                if needed:
                    raise
        return Kept(ticker, sha256, origin, rows)

    def _inputs(self, name: str) -> list[Any]:
        entries = (self.manifest.get("inputs") or {}).get(name)
        needed = INPUTS[name]
        if not isinstance(entries, list) or not all(needed <= set(entry) for entry in entries):
            raise InputError(
                f"{self.folder}: its manifest does not say what the run was made of: make it again by `run`"
            )
        return entries


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of the type of its field."""
    if typing.get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if value is None:
        return isinstance(hint, types.UnionType)
    basic = basic_type(hint)
    number = basic is float and isinstance(value, int)
    return (isinstance(value, basic) or number) and isinstance(value, bool) == (basic is bool)


def read_recorded(folder: str | Path) -> Recorded:
    """Return the finished run of this folder.

    Raises
    ------
    InputError
        There is no manifest that can be read, or it has another form.
    """
    folder = Path(folder)
    folder = folder.parent if folder.name == "manifest.json" else folder
    path = folder / "manifest.json"
    manifest = read_manifest(path)
    if manifest is None:
        raise InputError(
            f"{folder} is not a finished run: it holds no manifest.json; give the folder that `run` printed"
        )
    if manifest.get("schema") != SCHEMA:
        raise InputError(
            f"{path} has schema {manifest.get('schema')}, this version reads {SCHEMA}: verify it with the version "
            "that made it"
        )
    for names, kind, word in ((OBJECTS, dict, "an object"), (LISTS, list, "a list of objects")):
        for name in names:
            value = manifest.get(name)
            inside = value if isinstance(value, list) else []
            if value is not None and not (
                isinstance(value, kind) and all(isinstance(entry, dict) for entry in inside)
            ):
                raise InputError(f"{path}: '{name}' is not {word}: it was changed after the run")
    return Recorded(folder, manifest)
