"""What the manifests of finished runs remember of the ledger of trials."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.trials.trial import Scope


@dataclass(frozen=True)
class Memory:
    """What one finished run saw of the ledger.

    Attributes
    ----------
    run : str
        The name of its folder.
    count, head : int, str
        The lines of the ledger that it saw, and the sha256 of the last one.
    counted : tuple of (int, Scope, tuple of str)
        For each account the trials counted, the prices, and the keys of the run's trials.
    beside : bool
        The ledger that it saw lies beside the runs, as in earlier versions.
    """

    run: str
    count: int
    head: str
    counted: tuple[tuple[int, Scope, tuple[str, ...]], ...]
    beside: bool = False


def read_memories(out: Path) -> tuple[list[Memory], list[str]]:
    """Return the memories of the manifests, and a sentence on those that cannot be read."""
    memories, unread = [], []
    for path in sorted(out.glob("*/manifest.json")):
        try:
            text = path.read_text(encoding="utf-8")
            trials = _trials_in(text)
            if trials is None:
                if not text.rstrip().endswith("}"):
                    raise ValueError("the file was cut off")
                continue  # a run made before there was a ledger
            scopes = tuple(
                (
                    int(c["trials"]),
                    Scope(
                        tuple(c["tickers"]),
                        c["first"],
                        c["last"],
                        c["simulated"],
                        tuple(c.get("prices", ())),
                    ),
                    tuple(map(str, c["keys"])),
                )
                for c in trials["counted"]
            )
            run, lines, head = path.parent.name, int(trials["count"]), str(trials["head"])
            memories.append(Memory(run, lines, head, scopes, "format" not in trials))
        except (OSError, ValueError, TypeError, KeyError):
            unread.append(path.parent.name)
    if not unread:
        return memories, []
    runs = " and ".join(unread)
    return memories, [
        f"The manifest of {runs} cannot be read: what it saw of the ledger of trials is lost."
    ]


def _trials_in(text: str) -> Any:
    """Return ``trials`` of a manifest; the rest is not parsed. A key of the top level is indented by two."""
    mark = '\n  "trials": '
    start = text.find(mark)
    return None if start < 0 else json.JSONDecoder().raw_decode(text, start + len(mark))[0]
