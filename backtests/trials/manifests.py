"""What the manifests of finished runs remember of the ledger of trials."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backtests.reading.shape import COUNT, DAY, FLAG, TEXT, check
from backtests.reading.untrusted import parse_json, read_bytes
from backtests.trials.trial import Scope

#: How many manifests that cannot be read are named.
NAMED = 5
#: What a manifest keeps of the ledger, under ``trials``.
SHAPE = {
    "count": COUNT,
    "head": TEXT,
    "counted": [
        {
            "trials": COUNT,
            "tickers": [TEXT],
            "first": DAY,
            "last": DAY,
            "simulated": FLAG,
            "prices?": [TEXT],
            "keys": [TEXT],
        }
    ],
}


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
            text = read_bytes(path).decode("utf-8")
            trials = _trials_in(text)
            if trials is None:
                if not text.rstrip().endswith("}"):
                    raise ValueError("the file was cut off")
                continue  # a run made before there was a ledger
            check(trials, SHAPE, "trials")
        except (OSError, ValueError):  # Unreadable is a ValueError
            unread.append(path.parent.name)
            continue
        scopes = tuple(
            (
                c["trials"],
                Scope(
                    tuple(c["tickers"]),
                    c["first"],
                    c["last"],
                    c["simulated"],
                    tuple(c.get("prices", ())),
                ),
                tuple(c["keys"]),
            )
            for c in trials["counted"]
        )
        run, lines, head = path.parent.name, trials["count"], trials["head"]
        memories.append(Memory(run, lines, head, scopes, "format" not in trials))
    if not unread:
        return memories, []
    runs = " and ".join(unread[:NAMED])
    if len(unread) > NAMED:
        runs = f"{', '.join(unread[:NAMED])} and {len(unread) - NAMED:,} more"
    return memories, [
        f"The manifest of {runs} cannot be read: what it saw of the ledger of trials is lost."
    ]


def _trials_in(text: str) -> Any:
    """Return ``trials`` of a manifest; the rest is not parsed. A key of the top level is indented by two."""
    mark = '\n  "trials": '
    start = text.find(mark)
    if start < 0:
        return None
    value = text[start + len(mark) :]
    end = value.find("\n  }")  # no deeper value ends so, and no text holds a line break
    return parse_json(value[: end + 4 if end >= 0 else None].encode(), "trials")
