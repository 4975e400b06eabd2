"""The ledger of trials: what was looked at beside these runs, so that luck can be counted.

There is one ledger per user (`default_ledger`), or one per project (`--ledger FILE`). It has one line for
each trial, and only grows. Each line holds its own number and the sha256 of the line before it, so an edit
or a missing line shows. Each manifest keeps how many lines its run saw, the sha256 of the last one, its
count and its own trials. So a ledger that was cut short or started again shows, and the trials in the
remaining run folders still count. A line that cannot be read counts as a trial. What an earlier version
wrote beside the runs (`<out>/trials.jsonl`) still counts.

**What is counted.** The best of many trials is partly lucky if all were judged on the same prices. So a
trial counts for an account if both share the prices of a ticker and a session of the out-of-sample window.
Prices are compared by their content (`PriceRegistry`): the name of the ticker, the vendor, the
adjustment and one more bar make no difference. Two trials are the same if forecaster, seeds, rule, plan
and costs are equal (`trial_key`), with the same prices and the same first session out of sample.

**Windows.** A later last session is the same trial, which has grown: a daily job adds none. An earlier last
session, or another first one, is a trial of its own. File names and our version make no new trial.

**Looks.** Beside the ledger lies the daily series of each trial (`KeptLooks`). The verdict is adjusted
for all of them together, and for how much they depend on each other. There each window counts, also one
of a trial that grew: who tries 24 ends and shows the best has looked 24 times. One exception: a window
that ended with the newest bar of its day and was extended later. A daily job had no other end to choose.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from warnings import warn

from backtests.reading.files import Unreadable
from backtests.reading.untrusted import check_regular, read_bytes
from backtests.trials.chain import ChainedLine, damage, extend, parse
from backtests.trials.evidence import Dated, Evidence, chosen_from, windows
from backtests.trials.kept_looks import KeptLooks
from backtests.trials.line import decode, entry_of
from backtests.trials.locked import append, locked, signature
from backtests.trials.look import Look
from backtests.trials.manifests import Memory, read_memories
from backtests.trials.prices import PriceRegistry
from backtests.trials.trial import SHORT, Scope, Trial
from forecasters.bars import Bars
from forecasters.errors import DataWarning

FILE = "trials.jsonl"
#: Of a manifest's ``trials``; without it the ledger lies beside the runs.
FORMAT = 2
#: Bytes of a ledger, some 8 million trials; and of one that an earlier version left beside the runs.
LARGEST, LARGEST_BESIDE = 4 * 2**30, 256 * 2**20
#: What to do about a ledger that is larger.
ANOTHER = "begin another with --ledger FILE; the run folders remember their trials"


def default_ledger() -> Path:
    """Return `$BACKTESTS_DATA/trials.jsonl`, or the file in the user's data folder for this program."""
    import platformdirs

    data = os.environ.get("BACKTESTS_DATA")
    return Path(data or platformdirs.user_data_path("backtests")) / FILE


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
        The name of the ledger.
    lines, head : int, str
        Lines of the whole ledger and the sha256 of the last one; 0 and "" where there is no ledger.
    keys : tuple of str
        The first letters of the keys of this call's trials.
    looks : tuple of Look
        The series of the earlier trials on these prices, each window once, without those of this call.
    without_series : int
        Earlier trials whose series is not known: each counts as independent of all others.
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
    looks: tuple[Look, ...] = field(default=(), repr=False)
    without_series: int = 0


def remember(counted: Sequence[Counted]) -> dict[str, Any]:
    """Return what a manifest keeps under ``trials``: it shows a reset of the ledger, and nothing is lost."""
    longest = max(counted, key=lambda c: c.lines, default=None)
    return {
        "file": longest.file if longest else FILE,
        "format": FORMAT,
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
    """A ledger; the manifests of the runs beside it are read once.

    Parameters
    ----------
    path : path or None
        The ledger; None: the user's own (`default_ledger`). The series lie in a folder beside it.
    out : path or None
        The folder of the runs, whose manifests remember their trials.
    today : date or None
        The date of new lines; None: today, UTC.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        out: str | Path | None = None,
        today: datetime.date | None = None,
    ) -> None:
        self.path = Path(path) if path else default_ledger()
        self.out = Path(out) if out else self.path.parent
        # what an earlier version left beside the runs
        self._beside = self.path if _same_file(self.path, self.out / FILE) else self.out / FILE
        self.today = str(today or datetime.datetime.now(datetime.UTC).date())
        folder = self.path.with_name(f"{self.path.stem}-series")
        self._prices = PriceRegistry(folder)
        self._looks = KeptLooks(folder)

    def check(self) -> None:
        """Look at the ledger before anything is trained; a line that cannot be read is no error.

        Raises
        ------
        Unreadable
            A pipe, a folder or a device is in the place of the ledger, of its lock or of the folder of
            its series, or the file is too large to be a ledger.
        """
        for path in dict.fromkeys((self.path, self._beside)):
            check_regular(path)
            if path.exists():
                read_bytes(path, *self._most(path))
        check_regular(signature(self.path))
        folder = self._looks.folder
        if folder.exists() and not folder.is_dir():
            raise Unreadable(
                f"{folder} is not a folder: it is the place of the series of the ledger"
            )

    def add(
        self,
        trials: Sequence[Trial],
        scope: Scope | None = None,
        bars: Mapping[str, Bars] | None = None,
    ) -> Counted:
        """Add the trials that are new and return the count for the prices of these trials.

        Processes wait for each other. If the folder cannot be written, or the ledger was damaged or
        reset, the count goes on with what is known, and `warning` says what is wrong.

        Parameters
        ----------
        trials : sequence of Trial
            All of one scope.
        scope : Scope or None
            Whose trials are counted; needed where `trials` is empty.
        bars : mapping or None
            Ticker to the bars of the scope, by which the same prices are known under other names.
        """
        scope = scope or (trials[0].scope if trials else None)
        if scope is None or any(trial.scope != scope for trial in trials):
            raise ValueError("give trials of one scope, or a scope without trials")
        memories, warnings = self._remembered  # before the ledger: it may only have grown since
        beside, unread = _read(self._beside, *self._most(self._beside))
        if self._beside != self.path:
            warnings = [*warnings, *unread]
        try:
            lines, known, fresh, scope = self._extend(trials, scope, bars or {})
        except (OSError, Unreadable) as error:
            lines, unread = _read(self.path, *self._most(self.path))
            known = _readable(lines)
            scope = replace(scope, prices=self._prices.names(bars or {}, write=False))
            fresh = _fresh([replace(trial, scope=scope) for trial in trials], known)
            warnings = [
                *warnings,
                f"The ledger of trials cannot be written ({_why(error)}): the trials of this run are counted here and "
                "are not remembered.",
                *unread,
            ]
        unreadable, damages = damage(lines, "the ledger of trials", "trial")
        if self._beside == self.path:
            beside = lines
        else:
            old, old_damages = damage(beside, "the ledger of trials beside the runs", "trial")
            unreadable, damages = unreadable + old, [*damages, *old_damages]
            known = [*_readable(beside), *known]
        known = self._as_prices_are_known(known)
        dated = [*known, *((trial, self.today) for trial in fresh)]
        evidence = Evidence(lines, beside, dated, memories, unreadable)
        before, now = windows(known, scope), windows(dated, scope)
        own = {(*trial.identity, trial.scope.last) for trial in _scoped(trials, scope)}
        looks, lost = self._earlier(dated, scope, own)
        counted = _counted(scope, evidence)
        without = counted.trials - sum(windows(_with_series(dated), scope).values())
        if lost:
            warnings = [*warnings, _lost(lost)]
        return replace(
            counted,
            new=sum(now.values()) - sum(before.values()),
            warning=" ".join([*warnings, *damages, *evidence.doubts(scope)]),
            keys=tuple(sorted({trial.key[:SHORT] for trial in trials})),
            looks=looks,
            without_series=max(without, 0) + lost,
            file=self.path.name,
        )

    def _extend(
        self, trials: Sequence[Trial], scope: Scope, bars: Mapping[str, Bars]
    ) -> tuple[list[ChainedLine], list[Dated], list[Trial], Scope]:
        """Write the new trials; return all lines, the trials that were there, the new ones, the scope."""
        with locked(self.path) as file:
            scope = replace(scope, prices=self._prices.names(bars))
            raw = read_bytes(self.path, LARGEST, ANOTHER)
            lines = parse(raw, decode)
            if lines and lines[-1].torn and not raw.endswith(b"\n"):
                # A process was killed while it wrote: its result was never shown.
                lines.pop()
                raw = raw[: raw.rfind(b"\n") + 1]
                file.truncate(len(raw))
                warn(
                    f"the last line of {self.path} was half written, by a process that was killed: it is "
                    "removed",
                    DataWarning,
                    stacklevel=3,
                )
            known = _readable(lines)
            fresh = _fresh(_scoped(trials, scope), known)
            looks = [trial.look for trial in fresh if trial.look is not None]
            names = iter(self._looks.keep(looks))
            fresh = [replace(t, stored=next(names) if t.look is not None else "") for t in fresh]
            if fresh:
                text = extend(lines, [entry_of(trial, self.today) for trial in fresh])
                append(file, text if raw.endswith(b"\n") or not raw else b"\n" + text)
                lines += parse(text, decode)
        return lines, known, fresh, scope

    def _most(self, path: Path) -> tuple[int, str]:
        """Return the largest size of a ledger in bytes, and what to do where it has more."""
        return (LARGEST, ANOTHER) if path == self.path else (LARGEST_BESIDE, "move it away")

    def _earlier(
        self, dated: Sequence[Dated], scope: Scope, own: set[tuple[Any, ...]]
    ) -> tuple[tuple[Look, ...], int]:
        """Return the series of the trials on these prices but the own ones, and how many are lost."""
        looks, lost = [], 0
        for trial in chosen_from(dated, scope):
            if not trial.stored or (*trial.identity, trial.scope.last) in own:
                continue
            look = trial.look or self._looks.read(trial.stored, trial.kind)
            if look is None:
                lost += 1
            else:
                looks.append(look)
        return tuple(looks), lost

    def _as_prices_are_known(self, dated: Sequence[Dated]) -> list[Dated]:
        """Return the trials, without the names of prices whose file is lost: then the tickers count."""
        there = self._prices.there()
        return [
            (trial, day)
            if there.issuperset(trial.scope.prices)
            else (replace(trial, scope=replace(trial.scope, prices=())), day)
            for trial, day in dated
        ]

    @cached_property
    def _remembered(self) -> tuple[list[Memory], list[str]]:
        return read_memories(self.out)

    @staticmethod
    def remembered(out: str | Path) -> tuple[Memory, ...]:
        """Return what the finished runs of a folder remember of the ledger, by name of the run."""
        return tuple(read_memories(Path(out))[0])


def _same_file(one: Path, other: Path) -> bool:
    """Return whether two paths name one file, which need not exist."""
    return os.path.realpath(one) == os.path.realpath(other)  # which takes a loop of links


def _scoped(trials: Sequence[Trial], scope: Scope) -> list[Trial]:
    return [replace(trial, scope=scope) for trial in trials]


def _with_series(dated: Sequence[Dated]) -> list[Dated]:
    """Return the lines of this version: their series is known, or they have none."""
    return [(trial, day) for trial, day in dated if trial.stored is not None]


def _lost(number: int) -> str:
    are = (
        "The daily series of one trial is"
        if number == 1
        else f"The daily series of {number:,} trials are"
    )
    return f"{are} lost or changed beside the ledger: each counts as independent of all others."


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


def _fresh(trials: Iterable[Trial], known: Iterable[Dated]) -> list[Trial]:
    """Return the trials that are new, and those of a new window."""
    seen = {(*trial.identity, trial.scope.last) for trial, _ in known}
    fresh = []
    for trial in trials:
        window = (*trial.identity, trial.scope.last)
        if window not in seen:
            seen.add(window)
            fresh.append(trial)
    return fresh


def _readable(lines: Sequence[ChainedLine]) -> list[tuple[Trial, str]]:
    return [line.content for line in lines if line.content is not None]


def _read(path: Path, most: int, large: str) -> tuple[list[ChainedLine], list[str]]:
    """Return the lines of a ledger that cannot be written, and what is wrong where it cannot be read."""
    try:
        return parse(read_bytes(path, most, large), decode), []
    except FileNotFoundError:
        return [], []
    except (OSError, Unreadable) as error:
        return [], [f"It cannot be read either ({_why(error)})."]


def _why(error: OSError | Unreadable) -> str:
    """Return why a file cannot be used. The folder is left out: a manifest keeps these words."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error).rpartition(os.sep)[2]
