"""A trial as a line of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from backtests.reading.files import Unreadable
from backtests.reading.shape import DAY, FLAG, NUMBER, TEXT, Leaf, check, optional
from backtests.trials.kept_looks import STORED
from backtests.trials.look import TIMING
from backtests.trials.trial import Scope, Trial

#: A line, beside its number and the sha256 of the line before.
SHAPE = {
    "on": DAY,
    "key": TEXT,
    "tickers": [TEXT],
    "first": DAY,
    "last": DAY,
    "simulated": FLAG,
    "prices?": [TEXT],
    "sharpe": optional(NUMBER),
    "command": TEXT,
    "bars": TEXT,
    "kind?": TEXT,
    "look?": optional(
        Leaf(
            "the name of a series",
            lambda v: v == "" or (isinstance(v, str) and bool(STORED.fullmatch(v))),
        )
    ),
}
#: A daily Sharpe ratio beyond this is none: its square has to be a number.
STEEPEST = 1e9


def entry_of(trial: Trial, day: str) -> dict[str, Any]:
    """Return the line of a trial that was looked at on this day."""
    return {
        "on": day,
        "key": trial.key,
        **asdict(trial.scope),
        "sharpe": trial.sharpe,
        "command": trial.command,
        "bars": trial.bars,
        "kind": trial.kind,
        "look": trial.stored,
    }


def decode(entry: Mapping[str, Any]) -> tuple[Trial, str]:
    """Return the trial of a line and its day.

    Raises
    ------
    Unreadable
        It is no line of a ledger: an entry is missing or of another type, a date or a number is none.
    """
    check(entry, SHAPE, "the line")
    first, last, sharpe = entry["first"], entry["last"], entry["sharpe"]
    if first > last:
        raise Unreadable(f"the line: it ends on {last}, before it begins on {first}")
    if sharpe is not None and abs(sharpe) > STEEPEST:
        raise Unreadable(f"the line: no Sharpe ratio is {sharpe}")
    prices = tuple(entry.get("prices", ()))
    scope = Scope(tuple(entry["tickers"]), first, last, entry["simulated"], prices)
    kind, stored = entry.get("kind", TIMING), entry.get("look")
    trial = Trial(
        entry["key"], scope, sharpe, entry["command"], entry["bars"], kind=kind, stored=stored
    )
    return trial, entry["on"]
