"""The ledger of trials: what was looked at beside these runs, so that luck can be counted.

`<out>/trials.jsonl` has a line a trial. It only grows: each line names the sha256 of the line before
it and its own number, so that an edit or a missing line shows, and each manifest remembers how many
lines it saw and the last one's sha256, so that a ledger cut short or begun anew shows as long as one
run is left. What cannot be read counts as a trial; where a ledger is not the one that a run
remembers, the larger count is used and the page says so.

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
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backtests.formatting import count
from backtests.locked import locked

FILE = "trials.jsonl"


def trial_key(**looked_at: Any) -> str:
    """Return the sha256 of what was looked at, whatever the order of its parts.

    Parameters
    ----------
    looked_at
        JSON-able: forecaster and rule (class, settings, code), plan, costs.
    """
    text = json.dumps(looked_at, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Scope:
    """The prices that a trial is judged on: its tickers, first and last session out of sample."""

    tickers: tuple[str, ...]
    first: str
    last: str
    simulated: bool = False

    def meets(self, other: Scope) -> bool:
        """Return whether both share a ticker and a session, real ones or simulated ones."""
        return (
            self.simulated == other.simulated
            and not set(self.tickers).isdisjoint(other.tickers)
            and self.first <= other.last
            and other.first <= self.last
        )


@dataclass(frozen=True)
class Trial:
    """One setting that was looked at.

    Attributes
    ----------
    key : str
        Of `trial_key`.
    sharpe : float or None
        Daily, not annualised; None where the account never moved.
    command : str
        Which looked: ``run``, ``grid``.
    bars : str
        The sha256 of the bars, of several tickers that of their digests.
    """

    key: str
    scope: Scope
    sharpe: float | None
    command: str
    bars: str = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two trials the same one."""
        return self.key, self.scope.tickers, self.scope.first, self.scope.simulated


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


def remember(counted: Sequence[Counted]) -> dict[str, Any]:
    """Return what a manifest keeps under ``trials``, so that a reset of the ledger shows."""
    last = max(counted, key=lambda c: c.lines, default=None)
    return {
        "file": FILE,
        "count": last.lines if last else 0,
        "head": last.head if last else "",
        "counted": [{"trials": c.trials, **asdict(c.scope)} for c in counted],
    }


@dataclass(frozen=True)
class Memory:
    """What one finished run saw of the ledger."""

    run: str
    count: int
    head: str
    counted: tuple[tuple[int, Scope], ...]


@dataclass(frozen=True)
class _Line:
    """A line as it stands in the file; `trial` is None where it cannot be read."""

    raw: bytes
    trial: Trial | None
    on: str = ""
    n: int = 0
    previous: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


class Ledger:
    """The ledger beside the runs of one folder.

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
        memories, warnings = _remembered(self.out)
        try:
            with locked(self.path) as file:
                raw = file.read()
                lines = _parse(raw)
                known = [line.trial for line in lines if line.trial]
                fresh = _fresh(trials, known)
                if fresh:
                    text = self._text(fresh, lines)
                    file.write(text if raw.endswith(b"\n") or not raw else b"\n" + text)
                    file.flush()
                    os.fsync(file.fileno())
                    lines += _parse(text)
        except OSError as error:
            lines, warning = _read(self.path)
            known = [line.trial for line in lines if line.trial]
            fresh = _fresh(trials, known)
            why = error.strerror or type(error).__name__
            warnings += [
                f"The ledger of trials cannot be written ({why}): the trials of this run are counted here and "
                "are not remembered.",
                *warning,
            ]
            return self._counted(scope, lines, fresh, known, memories, warnings, extra=fresh)
        return self._counted(scope, lines, fresh, known, memories, warnings)

    @staticmethod
    def remembered(out: str | Path) -> tuple[Memory, ...]:
        """Return what the finished runs of a folder remember of the ledger, by name of the run."""
        return tuple(_remembered(Path(out))[0])

    def _text(self, fresh: Sequence[Trial], lines: Sequence[_Line]) -> bytes:
        """Return new lines that follow the ones that are there."""
        previous = lines[-1].digest if lines else ""
        n = max((line.n for line in lines), default=0)
        n = max(n, len(lines))
        written = []
        for trial in fresh:
            n += 1
            entry = {
                "n": n, "on": self.today, "key": trial.key, **asdict(trial.scope), "sharpe": trial.sharpe,
                "command": trial.command, "bars": trial.bars, "previous": previous,
            }  # fmt: skip
            raw = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode()
            previous = hashlib.sha256(raw).hexdigest()
            written.append(raw + b"\n")
        return b"".join(written)

    def _counted(
        self,
        scope: Scope,
        lines: Sequence[_Line],
        fresh: Sequence[Trial],
        known: Sequence[Trial],
        memories: Sequence[Memory],
        warnings: list[str],
        extra: Sequence[Trial] = (),
    ) -> Counted:
        dated = [(line.trial, line.on) for line in lines if line.trial]
        dated += [(trial, self.today) for trial in extra]
        own = {t.identity: (t, on) for t, on in reversed(dated) if t.scope.meets(scope)}
        sharpes = {t.identity: t.sharpe for t, _ in dated if t.identity in own}
        unknown, damage = _damage(lines)
        forgotten, doubts = _doubts(lines, memories, scope)
        before = {t.identity for t in known}
        return Counted(
            trials=max(len(own) + unknown, forgotten),
            new=len({t.identity for t in fresh} - before),
            since=min((on for _, on in own.values()), default=""),
            warning=" ".join([*warnings, *damage, *doubts]),
            sharpes=tuple(s for s in sharpes.values() if s is not None),
            scope=scope,
            lines=len(lines),
            head=lines[-1].digest if lines else "",
        )


def _fresh(trials: Iterable[Trial], known: Iterable[Trial]) -> list[Trial]:
    """Return the trials that are new, or whose window ends later than it did."""
    last: dict[tuple[Any, ...], str] = {}
    for trial in known:
        last[trial.identity] = max(trial.scope.last, last.get(trial.identity, ""))
    fresh = []
    for trial in trials:
        if last.get(trial.identity, "") < trial.scope.last:
            last[trial.identity] = trial.scope.last
            fresh.append(trial)
    return fresh


def _parse(raw: bytes) -> list[_Line]:
    return [_line(text) for text in raw.split(b"\n") if text.strip()]


def _line(raw: bytes) -> _Line:
    try:
        entry = json.loads(raw)
        scope = Scope(
            tuple(map(str, entry["tickers"])), str(entry["first"]), str(entry["last"]), bool(entry["simulated"])
        )  # fmt: skip
        sharpe = None if entry["sharpe"] is None else float(entry["sharpe"])
        trial = Trial(str(entry["key"]), scope, sharpe, str(entry["command"]), str(entry["bars"]))
        return _Line(raw, trial, str(entry["on"]), int(entry["n"]), str(entry["previous"]))
    except (ValueError, TypeError, KeyError):  # said by _damage, and counted
        return _Line(raw, None)


def _damage(lines: Sequence[_Line]) -> tuple[int, list[str]]:
    """Return how many trials cannot be read or are missing, and what is wrong."""
    unread = [i for i, line in enumerate(lines, start=1) if line.trial is None]
    broken, missing, n, before = [], 0, 0, ""
    for i, line in enumerate(lines, start=1):
        if line.trial is not None:
            if line.previous != before:
                broken.append(i)
            missing += max(0, line.n - n - 1)
        n = max(n + 1, line.n)
        before = line.digest
    told = []
    if unread:
        told.append(
            f"{_which(unread)} of the ledger of trials cannot be read and "
            f"{'counts as one trial' if len(unread) == 1 else 'count as one trial each'}."
        )
    if missing:
        told.append(f"{count(missing, 'line')} missing in the ledger of trials, counted as trials.")
    elif broken:
        told.append(
            f"{_which(broken)} of the ledger of trials {'does' if len(broken) == 1 else 'do'} not follow from the "
            "line before: something was edited there."
        )
    return len(unread) + missing, told


def _which(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    return f"{'Line' if len(numbers) == 1 else 'Lines'} {shown}{more}"


def _doubts(
    lines: Sequence[_Line], memories: Sequence[Memory], scope: Scope
) -> tuple[int, list[str]]:
    """Return the largest count that a run remembers and the ledger does not bear out, and say so."""
    at = {i: line.digest for i, line in enumerate(lines, start=1)}
    doubted = [m for m in memories if m.count and at.get(m.count) != m.head]
    if not doubted:
        return 0, []
    most = max(doubted, key=lambda m: m.count)
    seen = f"run {most.run} saw {count(most.count, 'line')} of it"
    what = (
        f"The ledger of trials was cut or begun anew: it has {count(len(lines), 'line')}, and {seen}."
        if len(lines) < most.count
        else f"The ledger of trials is not the one that was there before: {seen} that ended otherwise."
    )
    met = [n for m in doubted for n, other in m.counted if other.meets(scope)]
    return max(met, default=0), [f"{what} The larger count of trials is used."]


def _remembered(out: Path) -> tuple[list[Memory], list[str]]:
    """Return the memories of the manifests, and which of them cannot be read."""
    found, unread = [], []
    for path in sorted(out.glob("*/manifest.json")):
        try:
            kept = _trials_in(path.read_text(encoding="utf-8"))
            if kept is None:  # made before there was a ledger
                continue
            scopes = tuple(
                (
                    int(c["trials"]),
                    Scope(tuple(c["tickers"]), c["first"], c["last"], c["simulated"]),
                )
                for c in kept["counted"]
            )
            found.append(Memory(path.parent.name, int(kept["count"]), str(kept["head"]), scopes))
        except (OSError, ValueError, TypeError, KeyError):
            unread.append(path.parent.name)
    told = [f"What {' and '.join(unread)} saw of the ledger of trials cannot be read."]
    return found, told if unread else []


def _trials_in(text: str) -> Any:
    """Return ``trials`` of a manifest without reading the rest: keys of its top level stand so far in."""
    mark = '\n  "trials": '
    at = text.find(mark)
    return None if at < 0 else json.JSONDecoder().raw_decode(text, at + len(mark))[0]


def _read(path: Path) -> tuple[list[_Line], list[str]]:
    """Return the lines of a ledger that cannot be written, and what is wrong where it cannot be read."""
    try:
        return _parse(path.read_bytes()), []
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"Nor can it be read ({error.strerror or type(error).__name__})."]
