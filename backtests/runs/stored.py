"""What the pages of a run are made of, kept in its folder, and the run read back from there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.judging.deflation import Deflation
from backtests.judging.overall import Overall
from backtests.report.summary import summarise
from backtests.runs.folder import PAGE_PARTS
from backtests.runs.manifest import digest_of, read_manifest, sha256_of
from backtests.runs.outcome import Outcome
from backtests.studies.study import Study
from backtests.writing.typed import read_typed, write_typed
from forecasters.bars import Bars
from forecasters.errors import InputError

#: The file in the folder of a run.
STORED = "study.zip"
#: What to do where a folder cannot be read.
AGAIN = (
    "give the command that made the run again, with another --out: it makes the same digest, "
    "and its pages can be drawn"
)


@dataclass(frozen=True, eq=False)
class Stored:
    """What the pages of a run are made of, beside its manifest.

    Attributes
    ----------
    studies : tuple of Study
        One for each account.
    deflations, overalls : mapping
        By account, as in `Outcome`: what the ledger of trials said when the run was made.
    benchmark : Bars or None
        Those of ``--benchmark``, as the run used them.
    """

    studies: tuple[Study, ...]
    deflations: Mapping[str, Deflation]
    overalls: Mapping[str, Overall]
    benchmark: Bars | None


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A finished run, read back from its folder.

    Attributes
    ----------
    folder : Path
    outcome : Outcome
        Summaries, what the ledger said, and the manifest; every number is that of the run.
    benchmark : Bars or None
        What its tearsheets compare with; None: buy and hold of the account.
    """

    folder: Path
    outcome: Outcome
    benchmark: Bars | None


def stored_of(outcome: Outcome, benchmark: Bars | None) -> Stored:
    """Return what is kept of a run for its pages."""
    studies = tuple(summary.study for summary in outcome.summaries)
    return Stored(studies, outcome.deflations, outcome.overalls, benchmark)


def write_stored(folder: Path, stored: Stored) -> Path:
    """Write it into the folder of a run; return the path of the file."""
    return write_typed(folder / STORED, stored)


def load_run(folder: Path) -> StoredRun:
    """Return a finished run from its folder. Nothing is trained and nothing is traded.

    Raises
    ------
    InputError
        It is not the folder of a finished run, or its files are damaged, changed, of another run
        or of a version that kept less; the message says what to do.
    """
    manifest = read_manifest(folder / "manifest.json")
    if manifest is None:
        raise InputError(
            f"{folder} is not the folder of a finished run: it has no manifest.json; give the folder that `run` printed"
        )
    if manifest.get("kind") == "grid":
        raise InputError(f"{folder} is a grid: only the pages of a run can be drawn again")
    if manifest.get("sha256") != sha256_of(manifest):
        raise InputError(f"{folder}: its manifest.json was changed after the run. {AGAIN}")
    path = folder / STORED
    try:
        stored = read_typed(path, Stored)
    except FileNotFoundError:
        raise InputError(f"{folder} has no {STORED}, of which pages are drawn: {AGAIN}") from None
    except InputError as error:
        raise InputError(f"{error}; {AGAIN}") from error
    if not _as_told(path, manifest) or manifest.get("digest") != digest_of(stored.studies):
        raise InputError(f"{path} is not what the run wrote: it was changed, or another's. {AGAIN}")
    try:
        _check(stored)
        summaries = tuple(summarise(study) for study in stored.studies)
    # only a file that was made up gets here: every array and value has its type
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"{path} does not hold together: {error!r}. {AGAIN}") from error
    outcome = Outcome(summaries, stored.deflations, stored.overalls, manifest)
    return StoredRun(folder, outcome, stored.benchmark)


def _check(stored: Stored) -> None:
    """Check that the parts of each study fit each other, and that each account names a folder.

    Raises
    ------
    ValueError
        They do not; the message says which.
    """
    accounts = [study.account for study in stored.studies]
    if not accounts or len(set(accounts)) < len(accounts):
        raise ValueError(f"the accounts are {accounts}")
    for study in stored.studies:
        if study.account in (".", "..", *PAGE_PARTS) or re.search(r"[/\\\0]", study.account):
            raise ValueError(f"no folder can be named {study.account!r}")
        if not study.bars or not study.results or not study.forecasts:
            raise ValueError(f"{study.account} has no bars, no forecasts or no results")
        known = {None, *study.by_forecaster}
        of_account = (*study.results, *study.exits)
        for name in (r.forecaster for r in of_account if r.forecaster not in known):
            raise ValueError(f"a result on {name}, which made no forecast")
        sessions = study.results[0].sessions
        if not sessions.size or any(r.sessions.shape != sessions.shape for r in of_account):
            raise ValueError(f"the results of {study.account} have different sessions")
        if set(study.forecasts) != set(study.bars) or not set(study.histories) <= set(study.bars):
            raise ValueError(f"bars and forecasts of {study.account} are of different tickers")
        members = study.membership.members if study.membership else {}
        for ticker in members.keys() & study.bars.keys():
            if members[ticker].shape != study.bars[ticker].sessions.shape:
                raise ValueError(f"the membership of {ticker} has other sessions than its bars")
        for timed in study.judgement.timing if study.judgement else ():
            if timed.daily.shape != timed.sessions.shape:
                raise ValueError(f"the timing of {timed.label} has other sessions than its returns")


def _as_told(path: Path, manifest: Mapping[str, Any]) -> bool:
    """Return whether a file has the sha256 that the manifest tells, if it tells one."""
    files = manifest.get("files")
    told = files.get(path.name) if isinstance(files, Mapping) else None
    if not isinstance(told, Mapping):
        return True
    with path.open("rb") as file:
        return bool(told.get("sha256") == hashlib.file_digest(file, "sha256").hexdigest())
