"""What is known of the trials so far: the lines of the ledgers, and what finished runs saw of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from backtests.trials.chain import ChainedLine
from backtests.trials.manifests import Memory
from backtests.trials.trial import Scope, Trial, identity_of
from backtests.writing.numbers import count

#: A window that ended so many days before it was looked at, or fewer, ended with the newest bar.
NEWEST = 10

Dated = tuple[Trial, str]


def windows(dated: Iterable[Dated], scope: Scope) -> dict[tuple[Any, ...], int]:
    """Return how many trials of a scope each setting is: by its identity, in the order of the lines.

    A window that ends later than all before it is the same trial, which has grown. One that ends
    earlier was looked at beside them: a trial of its own.
    """
    ends: dict[tuple[Any, ...], list[str]] = {}
    numbers: dict[tuple[Any, ...], int] = {}
    for trial, _ in dated:
        if not trial.scope.meets(scope):
            continue
        seen = ends.setdefault(trial.identity, [])
        if trial.scope.last not in seen:
            grown = not seen or trial.scope.last > max(seen)
            numbers[trial.identity] = numbers.get(trial.identity, 0) + (not seen or not grown)
            seen.append(trial.scope.last)
    return numbers


def chosen_from(dated: Sequence[Dated], scope: Scope) -> list[Trial]:
    """Return the trials of a scope among which a result could have been chosen, each window once.

    A window that ended with the newest bar of its day, and that a later one has extended since, is left
    out. There was no other end to choose on that day, and the later window is the one that is judged.
    """
    last: dict[tuple[Any, ...], str] = {}
    for trial, _ in dated:
        last[trial.identity] = max(last.get(trial.identity, ""), trial.scope.last)
    chosen: dict[tuple[Any, ...], Trial] = {}
    for trial, day in dated:
        outgrown = trial.scope.last < last[trial.identity] and _newest(trial.scope.last, day)
        if trial.scope.meets(scope) and not outgrown:
            chosen.setdefault((*trial.identity, trial.scope.last), trial)
    return list(chosen.values())


def _newest(last: str, day: str) -> bool:
    between = datetime.date.fromisoformat(day) - datetime.date.fromisoformat(last)
    return between.days <= NEWEST


@dataclass(frozen=True, eq=False)
class Evidence:
    """The ledgers and the manifests of the runs.

    Attributes
    ----------
    lines, beside : sequence of ChainedLine
        Every line of the ledger, and of the one that an earlier version left beside the runs.
    dated : sequence of (Trial, str)
        The trials that can be read, with the day (UTC) on which each was looked at, oldest first.
    memories : sequence of Memory
        What the manifests of finished runs remember.
    unreadable : int
        Entries that are missing or cannot be read; each counts as a trial.
    """

    lines: Sequence[ChainedLine]
    beside: Sequence[ChainedLine]
    dated: Sequence[Dated]
    memories: Sequence[Memory]
    unreadable: int

    def in_ledger(self, scope: Scope) -> int:
        """Return how many trials of a scope the ledgers alone hold."""
        return sum(windows(self.dated, scope).values()) + self.unreadable

    def known(self, scope: Scope) -> int:
        """Return how many trials of a scope are known, those of the manifests included."""
        readable = windows(self.dated, scope)
        remembered = {
            identity_of(key, seen)
            for memory in self.memories
            for _, seen, keys in memory.counted
            if seen.meets(scope)
            for key in keys
        }
        return sum(readable.values()) + len(remembered - set(readable)) + self.unreadable

    def largest_remembered(self, scope: Scope) -> tuple[int, str]:
        """Return the largest count that the ledger does not explain, with its run; 0 without one.

        A run may have counted more trials than are known now: then lines of the ledger are lost.
        """
        known = self.known(scope)
        in_ledger: dict[Scope, int] = {}
        unexplained = []
        for memory in self.memories:
            for trials, seen, _ in memory.counted:
                if trials <= known or not seen.meets(scope):
                    continue
                if seen not in in_ledger:
                    in_ledger[seen] = self.in_ledger(seen)
                if trials > in_ledger[seen]:
                    unexplained.append((trials, memory.run))
        return max(unexplained, default=(0, ""))

    def doubts(self, scope: Scope) -> list[str]:
        """Return sentences on a ledger that was replaced, cut short, or holds too few trials."""
        sentences = self._replaced(scope)
        trials, run = self.largest_remembered(scope)
        if trials:
            sentences.append(
                f"Run {run} counted {count(trials, 'trial')}, more than the ledger holds: that count is used."
            )
        return sentences

    def _replaced(self, scope: Scope) -> list[str]:
        """Return sentences where a finished run saw another last line than the ledger has there."""
        digests = {
            beside: dict(enumerate((line.digest for line in lines), start=1))
            for beside, lines in ((False, self.lines), (True, self.beside))
        }
        contradicting = [
            memory
            for memory in self.memories
            if memory.count
            and digests[memory.beside].get(memory.count) != memory.head
            and any(seen.meets(scope) for _, seen, _ in memory.counted)
        ]
        if not contradicting:
            return []
        longest = max(contradicting, key=lambda memory: memory.count)
        seen_by = f"run {longest.run} saw {count(longest.count, 'line')} of it"
        lines = len(self.beside if longest.beside else self.lines)
        if lines < longest.count:
            first = (
                f"The ledger of trials was cut short or started again: it has {count(lines, 'line')}, "
                f"and {seen_by}."
            )
        else:
            first = f"The ledger of trials is not the one of the earlier runs: {seen_by} that ended differently."
        return [
            first,
            "The trials in the manifests of the run folders are counted too. To count all trials, put the old "
            "file back.",
        ]
