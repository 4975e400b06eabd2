"""What is known of the trials so far: the lines of the ledger, and what finished runs saw of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtests.trials.chain import ChainedLine
from backtests.trials.manifests import Memory
from backtests.trials.trial import Scope, Trial, identity_of
from backtests.writing.numbers import count


@dataclass(frozen=True, eq=False)
class Evidence:
    """The ledger and the manifests beside it.

    Attributes
    ----------
    lines : sequence of ChainedLine
        Every line of the ledger.
    dated : sequence of (Trial, str)
        The trials that can be read, with the day (UTC) on which each was looked at, oldest first.
    memories : sequence of Memory
        What the manifests of finished runs remember.
    unreadable : int
        Entries that are missing or cannot be read; each counts as a trial.
    """

    lines: Sequence[ChainedLine]
    dated: Sequence[tuple[Trial, str]]
    memories: Sequence[Memory]
    unreadable: int

    def in_ledger(self, scope: Scope) -> int:
        """Return how many trials of a scope the ledger alone holds."""
        readable = {trial.identity for trial, _ in self.dated if trial.scope.meets(scope)}
        return len(readable) + self.unreadable

    def known(self, scope: Scope) -> int:
        """Return how many trials of a scope are known, those of the manifests included."""
        readable = {trial.identity for trial, _ in self.dated if trial.scope.meets(scope)}
        remembered = {
            identity_of(key, seen)
            for memory in self.memories
            for _, seen, keys in memory.counted
            if seen.meets(scope)
            for key in keys
        }
        return len(readable | remembered) + self.unreadable

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
        digests = {number: line.digest for number, line in enumerate(self.lines, start=1)}
        contradicting = [
            memory
            for memory in self.memories
            if memory.count
            and digests.get(memory.count) != memory.head
            and any(seen.meets(scope) for _, seen, _ in memory.counted)
        ]
        if not contradicting:
            return []
        longest = max(contradicting, key=lambda memory: memory.count)
        seen_by = f"run {longest.run} saw {count(longest.count, 'line')} of it"
        if len(self.lines) < longest.count:
            first = (
                f"The ledger of trials was cut short or started again: it has {count(len(self.lines), 'line')}, "
                f"and {seen_by}."
            )
        else:
            first = f"The ledger of trials is not the one of the earlier runs: {seen_by} that ended differently."
        return [
            first,
            "The trials in the manifests of the run folders are counted too. To count all trials, put the old "
            "file back.",
        ]
