"""The ledger of trials: what was looked at beside these runs, so that luck can be counted.

`<out>/trials.jsonl` has one line for each trial, and only grows. Each line holds its number and the
sha256 of the line before it, so an edit or a missing line shows. Each manifest keeps how many lines
its run saw, the sha256 of the last one, its count and the trials of the run. So a ledger that was cut short or
started again shows, and the trials in the remaining run folders still count. A line that cannot be read
counts as a trial.

**What is counted.** The best of many trials is partly lucky if all were judged on the same prices. So a
trial counts for an account if both share a ticker and a session of the out-of-sample window. The vendor,
the adjustment and one more bar make no difference: the past is the same. Simulated prices are counted
apart from real ones. Two trials are the same if forecaster, rule, plan and costs are equal (`trial_key`),
with the same tickers and the same first session out of sample. A later last bar is no new trial; another
first session is one, because it moves all the training. Seeds, file names and our version make no new
trial. Near copies count as if they were independent, so the count is never too low and often too high.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from warnings import warn

from backtests.trials.chain import ChainedLine, damage, extend, parse
from backtests.trials.evidence import Evidence
from backtests.trials.locked import locked
from backtests.trials.manifests import Memory, read_memories
from backtests.trials.trial import SHORT, Scope, Trial
from forecasters.errors import DataWarning

FILE = "trials.jsonl"


@dataclass(frozen=True)
class Counted:
    """What the ledger holds for an account, this time included.

    Attributes
    ----------
    trials : int
        Different trials on the same prices; a lower bound where the ledger was damaged or reset.
    new : int
        How many of them this call added.
    since : str
        The day (UTC) on which the first of them was looked at; empty without a trial.
    warning : str
        What is wrong with the ledger, in sentences; empty if nothing is.
    sharpes : tuple of float
        Daily Sharpe ratios, not annualised, of the trials whose account moved.
    file : str
        The name of the ledger, in the folder of the runs.
    lines, head : int, str
        Lines of the whole ledger and the sha256 of the last one; 0 and "" where there is no ledger.
    keys : tuple of str
        The first letters of the keys of this call's trials.
    """

    trials: int
    new: int
    since: str
    warning: str
    sharpes: tuple[float, ...]
    scope: Scope
    file: str = FILE
    lines: int = 0
    head: str = ""
    keys: tuple[str, ...] = ()


def remember(counted: Sequence[Counted]) -> dict[str, Any]:
    """Return what a manifest keeps under ``trials``: it shows a reset of the ledger, and nothing is lost."""
    longest = max(counted, key=lambda c: c.lines, default=None)
    return {
        "file": FILE,
        "count": longest.lines if longest else 0,
        "head": longest.head if longest else "",
        "counted": [
            {"trials": c.trials, "new": c.new, **asdict(c.scope), "keys": list(c.keys)}
            for c in counted
        ],
    }


def warn_of(counted: Counted, account: str) -> None:
    """Warn of what is wrong with the ledger, if anything is."""
    if counted.warning:
        warn(f"{account}: {counted.warning}", DataWarning, stacklevel=2)


class TrialLedger:
    """The ledger beside the runs of one folder; the manifests of those runs are read once.

    Parameters
    ----------
    out : path
        The folder of the runs.
    today : date or None
        The date of new lines; None: today, UTC.
    """

    def __init__(self, out: str | Path, today: datetime.date | None = None) -> None:
        self.out = Path(out)
        self.path = self.out / FILE
        self.today = str(today or datetime.datetime.now(datetime.UTC).date())

    def add(self, trials: Sequence[Trial], scope: Scope | None = None) -> Counted:
        """Add the trials that are new and return the count for the prices of these trials.

        Processes wait for each other. If the folder cannot be written, or the ledger was damaged or
        reset, the count goes on with what is known, and `warning` says what is wrong.

        Parameters
        ----------
        trials : sequence of Trial
            All of one scope.
        scope : Scope or None
            Whose trials are counted; needed where `trials` is empty.
        """
        scope = scope or (trials[0].scope if trials else None)
        if scope is None or any(trial.scope != scope for trial in trials):
            raise ValueError("give trials of one scope, or a scope without trials")
        memories, warnings = self._remembered  # before the ledger: it may only have grown since
        try:
            lines, known, fresh = self._extend(trials)
        except OSError as error:
            lines, unread = _read(self.path)
            known = _readable(lines)
            fresh = _fresh(trials, known)
            why = error.strerror or type(error).__name__
            warnings = [
                *warnings,
                f"The ledger of trials cannot be written ({why}): the trials of this run are counted here and "
                "are not remembered.",
                *unread,
            ]
        unreadable, damages = damage(lines, "the ledger of trials", "trial")
        dated = [*known, *((trial, self.today) for trial in fresh)]
        evidence = Evidence(lines, dated, memories, unreadable)
        new = {trial.identity for trial in fresh} - {trial.identity for trial, _ in known}
        return replace(
            _counted(scope, evidence),
            new=len(new),
            warning=" ".join([*warnings, *damages, *evidence.doubts(scope)]),
            keys=tuple(sorted({trial.key[:SHORT] for trial in trials})),
        )

    def _extend(
        self, trials: Sequence[Trial]
    ) -> tuple[list[ChainedLine], list[tuple[Trial, str]], list[Trial]]:
        """Write the new trials; return all lines, the trials that were there, and the new ones."""
        with locked(self.path) as file:
            raw = file.read()
            lines = parse(raw, _decode)
            known = _readable(lines)
            fresh = _fresh(trials, known)
            if fresh:
                text = extend(lines, [_entry(trial, self.today) for trial in fresh])
                file.write(text if raw.endswith(b"\n") or not raw else b"\n" + text)
                file.flush()
                os.fsync(file.fileno())
                lines += parse(text, _decode)
        return lines, known, fresh

    @cached_property
    def _remembered(self) -> tuple[list[Memory], list[str]]:
        return read_memories(self.out)

    @staticmethod
    def remembered(out: str | Path) -> tuple[Memory, ...]:
        """Return what the finished runs of a folder remember of the ledger, by name of the run."""
        return tuple(read_memories(Path(out))[0])


def _counted(scope: Scope, evidence: Evidence) -> Counted:
    """Return the count of a scope, without what this call added."""
    days = {t.identity: day for t, day in reversed(evidence.dated) if t.scope.meets(scope)}
    sharpes = {t.identity: t.sharpe for t, _ in evidence.dated if t.identity in days}
    return Counted(
        trials=max(evidence.known(scope), evidence.largest_remembered(scope)[0]),
        new=0,
        since=min(days.values(), default=""),
        warning="",
        sharpes=tuple(sharpe for sharpe in sharpes.values() if sharpe is not None),
        scope=scope,
        lines=len(evidence.lines),
        head=evidence.lines[-1].digest if evidence.lines else "",
    )


def _fresh(trials: Iterable[Trial], known: Iterable[tuple[Trial, str]]) -> list[Trial]:
    """Return the trials that are new, or whose window ends later than before."""
    last_session: dict[tuple[Any, ...], str] = {}
    for trial, _ in known:
        last = last_session.get(trial.identity, "")
        last_session[trial.identity] = max(trial.scope.last, last)
    fresh = []
    for trial in trials:
        if last_session.get(trial.identity, "") < trial.scope.last:
            last_session[trial.identity] = trial.scope.last
            fresh.append(trial)
    return fresh


def _entry(trial: Trial, day: str) -> dict[str, Any]:
    return {
        "on": day,
        "key": trial.key,
        **asdict(trial.scope),
        "sharpe": trial.sharpe,
        "command": trial.command,
        "bars": trial.bars,
    }


def _decode(entry: Mapping[str, Any]) -> tuple[Trial, str]:
    """Return the trial of a line and its day."""
    scope = Scope(
        tuple(map(str, entry["tickers"])),
        str(entry["first"]),
        str(entry["last"]),
        bool(entry["simulated"]),
    )
    sharpe = None if entry["sharpe"] is None else float(entry["sharpe"])
    key, command, bars, day = (str(entry[name]) for name in ("key", "command", "bars", "on"))
    return Trial(key, scope, sharpe, command, bars), day


def _readable(lines: Sequence[ChainedLine]) -> list[tuple[Trial, str]]:
    return [line.content for line in lines if line.content is not None]


def _read(path: Path) -> tuple[list[ChainedLine], list[str]]:
    """Return the lines of a ledger that cannot be written, and what is wrong where it cannot be read."""
    try:
        return parse(path.read_bytes(), _decode), []
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"It cannot be read either ({error.strerror or type(error).__name__})."]
