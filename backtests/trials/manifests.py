"""What the manifests of finished runs remember of the ledger of trials."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.trials.trial import Scope


@dataclass(frozen=True)
class Memory:
    """What one finished run saw of the ledger; `counted` has the count, the scope and the run's own trials."""

    run: str
    count: int
    head: str
    counted: tuple[tuple[int, Scope, tuple[str, ...]], ...]


def read_memories(out: Path) -> tuple[list[Memory], list[str]]:
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
                    tuple(map(str, c["keys"])),
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
