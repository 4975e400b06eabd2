"""The pages of a finished run, drawn again from its folder; nothing is trained or traded."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backtests.reading.contents import MANIFEST, changed, contents_of, names_in
from backtests.runs.code import pages_version
from backtests.runs.folder import PAGE_PARTS, Finished
from backtests.runs.manifest import write_manifest
from backtests.runs.pages import TEARSHEETS, write_pages
from backtests.runs.stored import STORED, load_run
from backtests.writing.atomic import restore_folder, swap_folder
from backtests.writing.names import folder_names
from forecasters.errors import DataWarning, InputError


def redraw(
    folder: Path,
    out: Path | None = None,
    tearsheets: str | None = None,
    jobs: int = 1,
    *,
    quiet: bool = False,
) -> Finished:
    """Draw the pages of a finished run again and return it. Its numbers and tables stay as they are.

    Everything is drawn into a copy beside the folder, which then takes its place: a reader sees all
    old pages or all new ones, and after an error the old ones.

    Parameters
    ----------
    folder : Path
        The folder of the run.
    out : Path, optional
        Folder for a copy of the run's folder, whose pages are drawn instead.
    tearsheets : str, optional
        ``main``, ``all`` or ``none``; by default as the run has them.
    jobs : int
        Tearsheets drawn side by side.

    Raises
    ------
    InputError
        The folder cannot be read (`load_run`), or there is a folder of that name in `out`.
    """
    folder = Path(folder).resolve()  # a link to a folder stays a link
    restore_folder(folder)
    target = folder if out is None else Path(out).absolute() / folder.name
    if out is not None and target.parent.exists() and not target.parent.is_dir():
        raise InputError(f"--out {out} is not a folder: use another --out")
    if target != folder and target.exists():
        raise InputError(f"{target} is there already: use another --out")
    if folder in target.parents:
        raise InputError(f"{target} would lie inside the run itself: use another --out")
    run = load_run(folder)
    manifest = run.outcome.manifest
    has = _tearsheets_of(folder, manifest)
    config = {**manifest["config"], "tearsheets": tearsheets or has}
    manifest = {**manifest, "config": config, "pages": pages_version()}
    places = ["", *folder_names([s.study.account for s in run.outcome.summaries]).values()]
    told = manifest.get("files") or contents_of(
        folder
    )  # files that are not named there are the user's: they stay
    kept = {name: entry for name, entry in told.items() if not _is_page(name, places)}
    if damaged := [f"{name} {what}" for name, what in changed(folder, kept).items()]:
        more = f" (and {len(damaged) - 3} more)" if len(damaged) > 3 else ""
        warnings.warn(
            f"{folder}: {', '.join(damaged[:3])}{more} since the run. Its pages are drawn from {STORED}, which is "
            "whole; give the command of the run with another --out for whole tables",
            DataWarning,
            stacklevel=2,
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.pages-", dir=target.parent) as work:
        fresh = Path(work) / folder.name
        _copy(
            folder, fresh, told.keys() - kept.keys(), os.link if target == folder else shutil.copy2
        )
        others = set(names_in(fresh))
        outcome = replace(run.outcome, manifest=manifest)
        write_pages(fresh, outcome, run.benchmark, config["tearsheets"], jobs, quiet)
        drawn = contents_of(fresh, [name for name in names_in(fresh) if name not in others])
        manifest = write_manifest(
            fresh / MANIFEST, manifest, dict(sorted({**kept, **drawn}.items()))
        )
        if target == folder:
            swap_folder(fresh, folder)
        else:
            fresh.rename(target)
    return Finished(target, manifest, found=True)


def with_tearsheets(finished: Finished, tearsheets: str, jobs: int, *, quiet: bool) -> Finished:
    """Return a run that was found by its key with the tearsheets asked for, drawn now if need be.

    One that has them already, or more, stays as it is.
    """
    has = _tearsheets_of(finished.folder, finished.manifest)
    if TEARSHEETS.index(tearsheets) <= TEARSHEETS.index(has):
        return finished
    return redraw(finished.folder, tearsheets=tearsheets, jobs=jobs, quiet=quiet)


def _tearsheets_of(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Return which tearsheets a run has."""
    config = manifest.get("config")
    has = config.get("tearsheets") if isinstance(config, Mapping) else None
    if has not in TEARSHEETS:
        raise InputError(f"{folder}: config of its manifest.json has no 'tearsheets'")
    return str(has)


def _is_page(name: str, places: Collection[str]) -> bool:
    """Return whether a file of a run is one of its pages; each of several accounts has a folder of its own."""
    return any(
        name == f"{place}/{part}".lstrip("/") or name.startswith(f"{place}/{part}/".lstrip("/"))
        for place in places
        for part in PAGE_PARTS
    )


def _copy(
    folder: Path, fresh: Path, without: Collection[str], copy: Callable[[Path, Path], object]
) -> None:
    """Copy a run without its pages and its manifest."""
    fresh.mkdir()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in without or name == MANIFEST:
            continue
        target = fresh / name
        if path.is_symlink():
            target.symlink_to(path.readlink())
        elif path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            try:
                copy(path, target)
            except OSError:  # a disk without links
                shutil.copy2(path, target)
