"""The pages of a finished run, drawn again from its folder; nothing is trained or traded."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backtests.runs.code import pages_version
from backtests.runs.folder import PAGE_PARTS, Finished
from backtests.runs.manifest import write_manifest
from backtests.runs.pages import TEARSHEETS, write_pages
from backtests.runs.stored import load_run
from backtests.writing.atomic import restore_folder, swap_folder
from backtests.writing.names import folder_names
from forecasters.errors import InputError


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
    if target != folder and target.exists():
        raise InputError(f"{target} is there already: use another --out")
    if folder in target.parents:
        raise InputError(f"{target} would lie inside the run itself: use another --out")
    run = load_run(folder)
    manifest = run.outcome.manifest
    has = _tearsheets_of(folder, manifest)
    config = {**manifest["config"], "tearsheets": tearsheets or has}
    manifest = {**manifest, "config": config, "pages": pages_version()}
    accounts = folder_names([summary.study.account for summary in run.outcome.summaries]).values()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.pages-", dir=target.parent) as work:
        fresh = Path(work) / folder.name
        _copy(folder, fresh, accounts, os.link if target == folder else shutil.copy2)
        outcome = replace(run.outcome, manifest=manifest)
        write_pages(fresh, outcome, run.benchmark, config["tearsheets"], jobs, quiet)
        write_manifest(fresh / "manifest.json", manifest)  # last: it may tell of the other files
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


def _copy(
    folder: Path, fresh: Path, accounts: Collection[str], copy: Callable[[Path, Path], object]
) -> None:
    """Copy a run without its pages; each of several accounts has a folder of pages of its own."""

    def is_page(path: Path) -> bool:
        first, *rest = path.relative_to(folder).parts
        if len(accounts) > 1 and first in accounts:
            return bool(rest) and rest[0] in PAGE_PARTS
        return first in PAGE_PARTS or (first == "manifest.json" and not rest)

    fresh.mkdir()
    for path in sorted(folder.rglob("*")):
        if is_page(path):
            continue
        target = fresh / path.relative_to(folder)
        if path.is_symlink():
            target.symlink_to(path.readlink())
        elif path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            try:
                copy(path, target)
            except OSError:  # a disk without links
                shutil.copy2(path, target)
