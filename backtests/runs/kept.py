"""What a run is made of, as files: bars, extra inputs, the universe, the code of plugins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from backtests import plugins
from backtests.command.config import RunConfig
from backtests.runs.prepared import Prepared
from backtests.sources.kept_bars import file_name, write_kept
from forecasters.bars import Bars

#: Bytes of one session: its date, four prices, the volume, the parity.
SESSION = 56
#: With `--keep auto` a folder keeps its inputs where they take fewer bytes.
LIMIT = 5_000_000


@dataclass(frozen=True, eq=False)
class InputFile:
    """One file behind a run, as it was when the run began.

    Attributes
    ----------
    role : str
        ``universe``, ``extra`` or ``code``.
    path : str
        Where it came from, as the user named it; of an installed package its name inside it.
    place : str
        Its path inside the run folder, if it is kept.
    content : bytes
    """

    role: str
    path: str
    place: str
    content: bytes


@dataclass(frozen=True, eq=False)
class Inputs:
    """All that a run is made of.

    Attributes
    ----------
    bars : mapping
        Ticker to its bars as the source gave them, that of `--benchmark` too.
    files : tuple of InputFile
    keep : bool
        Whether the run folder holds a copy.
    """

    bars: Mapping[str, Bars]
    files: tuple[InputFile, ...]
    keep: bool

    def described(self) -> dict[str, Any]:
        """Return what the manifest says of them; `file` is the copy in the run folder, or null."""
        return {
            "bars": [
                {
                    "ticker": ticker,
                    "file": f"bars/{file_name(ticker)}" if self.keep else None,
                    "sha256": bars.digest,
                    "origin": asdict(bars.origin),
                }
                for ticker, bars in self.bars.items()
            ],
            "files": [
                {
                    "role": file.role,
                    "path": file.path,
                    "file": file.place if self.keep else None,
                    "sha256": hashlib.sha256(file.content).hexdigest(),
                }
                for file in self.files
            ],
        }

    def write(self, folder: Path) -> None:
        """Write the copies into a run folder; nothing where they are not kept."""
        if not self.keep:
            return
        for ticker, bars in self.bars.items():
            write_kept(folder / "bars" / file_name(ticker), bars)
        for file in self.files:
            path = folder / file.place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)


def inputs_of(prepared: Prepared) -> Inputs:
    """Return what a prepared run is made of; its files are read now, before anything is trained."""
    bars = dict(prepared.fetched)
    if prepared.benchmark_fetched is not None:
        bars.setdefault(prepared.benchmark_fetched.ticker, prepared.benchmark_fetched)
    files = (*_data_files(prepared.config), *_code(prepared))
    size = sum(SESSION * len(series) for series in bars.values())
    size += sum(len(file.content) for file in files)
    keep = prepared.config.keep
    return Inputs(bars, files, keep == "bars" or (keep == "auto" and size < LIMIT))


def _data_files(config: RunConfig) -> Iterator[InputFile]:
    named = [("universe", "universe", config.universe)] if config.universe else []
    named += [("extra", f"extra-{n}", path) for n, path in enumerate(config.extra, 1)]
    for role, folder, path in named:
        place = f"made_of/{folder}/{Path(path).name}"
        yield InputFile(role, path, place, Path(path).read_bytes())


def _code(prepared: Prepared) -> Iterator[InputFile]:
    """Return the files of the plugins that are not ours: those of a user, the modules of a package."""
    config, plan = prepared.config, prepared.plan
    typed = {
        str(named.path): str(plugins.typed_path(text))
        for text in (*config.forecaster, *config.strategy)
        if (named := plugins.parse(text)).path is not None
    }
    classes = {
        type(plugin)
        for plugin in (*plan.forecasters.values(), *plan.rules.values(), prepared.source)
    }
    foreign = sorted((c for c in classes if not plugins.is_ours(c)), key=lambda c: c.__module__)
    homes: dict[Path, int] = {}
    seen = set()
    for cls in foreign:
        of_file = "@" in cls.__module__
        for name, path in plugins.files_behind(cls):
            if path in seen or path.suffix != ".py":
                continue
            seen.add(path)
            if of_file:
                number = homes.setdefault(path.parents[name.count("/")], len(homes) + 1)
                place = PurePosixPath("made_of") / f"code-{number}" / name
                shown = typed.get(str(path), _beside(path, typed))
            else:
                place, shown = PurePosixPath("made_of/packages") / name, name
            yield InputFile("code", shown, str(place), path.read_bytes())


def _beside(path: Path, typed: Mapping[str, str]) -> str:
    """Return a module beside a user's file as the user would name it."""
    for resolved, text in typed.items():
        if Path(resolved).parent == path.parent:
            return (Path(text).parent / path.name).as_posix()
    return path.name
