"""The ledger of trials: what was looked at beside these runs, so that luck can be counted.

`<out>/trials.jsonl` has a line a trial. It only grows: each line names the sha256 of the line before
it and its own number, so that an edit or a missing line shows, and each manifest remembers how many
lines it saw, the last one's sha256, its count and its own trials. So a ledger cut short or begun anew
shows, and the trials of the run folders that are left still count. What cannot be read counts as a trial.

**What is counted.** The best of many is lucky when the many were judged on the same prices. So a
trial counts for an account if it shares a ticker and a session of the out-of-sample window with it,
whoever delivered the bars: another vendor, another adjustment or one more bar is no other past.
Simulated prices are apart from real ones. Two trials are the same one if forecaster, rule, plan and
costs are equal (`trial_key`), with the same tickers and the same first session out of sample: a later
last bar is no new trial, another first one is, because it moves all the training. Seeds, file
names and our version are no trials. Near copies count as if they were independent, so the count
is never too low and often too high.
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
from backtests.trials.locked import locked
from backtests.trials.manifests import Memory, read_memories
from backtests.trials.trial import SHORT, Scope, Trial, identity_of
from backtests.writing.numbers import count
from forecasters.errors import DataWarning

FILE = "trials.jsonl"


@dataclass(frozen=True)
class Counted:
    """What the ledger holds for an account, this time included.

    Attributes
    ----------
    trials : int
        Distinct trials on the same prices; where the ledger was damaged or reset, at least so many.
    new : int
        How many of them this call added.
    since : str
        The day (UTC) on which the first of them was looked at; empty without one.
    warning : str
        What is wrong with the ledger, in sentences; empty where nothing is.
    sharpes : tuple of float
        Daily Sharpe ratios of those that moved.
    file : str
        The name of the ledger, in the folder of the runs.
    lines, head : int, str
        Lines of the whole ledger and the sha256 of the last one; 0 and "" where there is none.
    keys : tuple of str
        The trials of this call, the first letters of their keys.
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
    """Return what a manifest keeps under ``trials``: with it a reset of the ledger shows and loses nothing."""
    last = max(counted, key=lambda c: c.lines, default=None)
    return {
        "file": FILE,
        "count": last.lines if last else 0,
        "head": last.head if last else "",
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
    """The ledger beside the runs of one folder; what those remember is read once.

    Parameters
    ----------
    out : path
        The folder of the runs.
    today : date or None
        The day that new lines bear; None: today, UTC.
    """

    def __init__(self, out: str | Path, today: datetime.date | None = None) -> None:
        self.out = Path(out)
        self.path = self.out / FILE
        self.today = str(today or datetime.datetime.now(datetime.UTC).date())

    def add(self, trials: Sequence[Trial], scope: Scope | None = None) -> Counted:
        """Add what is not yet there and return the count for the prices of these trials.

        Processes wait for each other. A folder that cannot be written, a damaged or a reset
        ledger break nothing: the count goes on with what is known, and `warning` says what is wrong.

        Parameters
        ----------
        trials : sequence of Trial
            All of one scope.
        scope : Scope or None
            Whose trials are counted; needed where `trials` is empty.
        """
        scope = scope or (trials[0].scope if trials else None)
        if scope is None or any(trial.scope != scope for trial in trials):
            raise ValueError("trials of one scope are added at a time")
        memories, told = self._remembered  # before the ledger: it may only have grown since
        warnings = list(told)
        try:
            with locked(self.path) as file:
                raw = file.read()
                lines = parse(raw, _decode)
                known = _known(lines)
                fresh = _fresh(trials, known)
                if fresh:
                    text = extend(lines, [_entry(trial, self.today) for trial in fresh])
                    file.write(text if raw.endswith(b"\n") or not raw else b"\n" + text)
                    file.flush()
                    os.fsync(file.fileno())
                    lines += parse(text, _decode)
        except OSError as error:
            lines, unread = _read(self.path)
            known = _known(lines)
            fresh = _fresh(trials, known)
            why = error.strerror or type(error).__name__
            warnings += [
                f"The ledger of trials cannot be written ({why}): the trials of this run are counted here and "
                "are not remembered.",
                *unread,
            ]
        dated = known + [(trial, self.today) for trial in fresh]
        new = {t.identity for t in fresh} - {t.identity for t, _ in known}
        keys = tuple(sorted({trial.key[:SHORT] for trial in trials}))
        return replace(_counted(scope, dated, len(new), lines, memories, warnings), keys=keys)

    @cached_property
    def _remembered(self) -> tuple[list[Memory], list[str]]:
        return read_memories(self.out)

    @staticmethod
    def remembered(out: str | Path) -> tuple[Memory, ...]:
        """Return what the finished runs of a folder remember of the ledger, by name of the run."""
        return tuple(read_memories(Path(out))[0])


def _counted(
    scope: Scope,
    dated: Sequence[tuple[Trial, str]],
    new: int,
    lines: Sequence[ChainedLine],
    memories: Sequence[Memory],
    warnings: Sequence[str],
) -> Counted:
    """Return the count of a scope among trials with their days, oldest first."""
    own = {t.identity: on for t, on in reversed(dated) if t.scope.meets(scope)}
    sharpes = {t.identity: t.sharpe for t, _ in dated if t.identity in own}
    unknown, damaged = damage(lines, "the ledger of trials", "trial")
    kept = {
        identity_of(key, seen)
        for memory in memories
        for _, seen, keys in memory.counted
        if seen.meets(scope)
        for key in keys
    }
    borne = len(own.keys() | kept) + unknown
    forgotten, doubts = _doubts(lines, [t for t, _ in dated], memories, scope, borne, unknown)
    return Counted(
        trials=max(borne, forgotten),
        new=new,
        since=min(own.values(), default=""),
        warning=" ".join([*warnings, *damaged, *doubts]),
        sharpes=tuple(s for s in sharpes.values() if s is not None),
        scope=scope,
        lines=len(lines),
        head=lines[-1].digest if lines else "",
    )


def _fresh(trials: Iterable[Trial], known: Iterable[tuple[Trial, str]]) -> list[Trial]:
    """Return the trials that are new, or whose window ends later than it did."""
    last: dict[tuple[Any, ...], str] = {}
    for trial, _ in known:
        last[trial.identity] = max(trial.scope.last, last.get(trial.identity, ""))
    fresh = []
    for trial in trials:
        if last.get(trial.identity, "") < trial.scope.last:
            last[trial.identity] = trial.scope.last
            fresh.append(trial)
    return fresh


def _entry(trial: Trial, on: str) -> dict[str, Any]:
    return {
        "on": on, "key": trial.key, **asdict(trial.scope), "sharpe": trial.sharpe,
        "command": trial.command, "bars": trial.bars,
    }  # fmt: skip


def _decode(entry: Mapping[str, Any]) -> tuple[Trial, str]:
    """Return the trial of a line and its day."""
    scope = Scope(
        tuple(map(str, entry["tickers"])),
        str(entry["first"]),
        str(entry["last"]),
        bool(entry["simulated"]),
    )
    sharpe = None if entry["sharpe"] is None else float(entry["sharpe"])
    key, command, bars, on = (str(entry[name]) for name in ("key", "command", "bars", "on"))
    return Trial(key, scope, sharpe, command, bars), on


def _known(lines: Sequence[ChainedLine]) -> list[tuple[Trial, str]]:
    return [line.content for line in lines if line.content is not None]


def _doubts(
    lines: Sequence[ChainedLine],
    trials: Sequence[Trial],
    memories: Sequence[Memory],
    scope: Scope,
    borne: int,
    unknown: int,
) -> tuple[int, list[str]]:
    """Return the largest count that a run remembers and the ledger does not bear out, and say so.

    Parameters
    ----------
    borne : int
        What the ledger counts for `scope`, `unknown` trials included.
    """
    at = {i: line.digest for i, line in enumerate(lines, start=1)}
    other = [
        m
        for m in memories
        if m.count
        and at.get(m.count) != m.head
        and any(seen.meets(scope) for _, seen, _ in m.counted)
    ]
    count_of: dict[Scope, int] = {}
    larger = []
    for memory in memories:
        for n, seen, _ in memory.counted:
            if n <= borne or not seen.meets(scope):
                continue
            if seen not in count_of:
                met = {t.identity for t in trials if t.scope.meets(seen)}
                count_of[seen] = len(met) + unknown
            if n > count_of[seen]:
                larger.append((n, memory.run))
    told = []
    if other:
        most = max(other, key=lambda m: m.count)
        seen_by = f"run {most.run} saw {count(most.count, 'line')} of it"
        told.append(
            f"The ledger of trials was cut or begun anew: it has {count(len(lines), 'line')}, and {seen_by}."
            if len(lines) < most.count
            else f"The ledger of trials is not the one that was there before: {seen_by} that ended otherwise."
        )
        told.append(
            "What the run folders remember is counted too; put the old file back to count all of it."
        )
    forgotten, run = max(larger, default=(0, ""))
    if forgotten:
        told.append(
            f"Run {run} counted {count(forgotten, 'trial')}, more than the ledger holds: that count is used."
        )
    return forgotten, told


def _read(path: Path) -> tuple[list[ChainedLine], list[str]]:
    """Return the lines of a ledger that cannot be written, and what is wrong where it cannot be read."""
    try:
        return parse(path.read_bytes(), _decode), []
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"Nor can it be read ({error.strerror or type(error).__name__})."]
