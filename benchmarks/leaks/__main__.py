"""What share of known kinds of leaks the audit finds: `python -m benchmarks.leaks`.

Every kind is planted in a file of its own, with all closes of the audited bars at hand, and audited as
the command audits, in a process of its own. Honest forecasters and rules stand beside them:
nothing may be found there. Prints the table of docs/results/audit.md.
"""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from backtests.auditing.report import is_clean
from backtests.command.progress import Progress
from backtests.sources.simulated import Simulated
from benchmarks.leaks import plants
from benchmarks.leaks.kind import Kind
from benchmarks.leaks.kinds import KINDS

TICKER, START, END = "LEAK.KS", "2015-01-01", "2018-01-01"
BARS = ("--ticker", TICKER, "--source", "simulated", "--start", START, "--end", END)


@dataclass(frozen=True)
class Row:
    """What one audit said."""

    name: str
    honest: bool
    found: tuple[str, ...]
    sentences: tuple[tuple[str, str], ...]
    seconds: float


def known_closes() -> dict[str, float]:
    """Return day to close of the audited bars."""
    bars = Simulated().fetch(TICKER, START, END)
    return dict(zip(bars.sessions.astype(str).tolist(), bars.close.tolist(), strict=True))


def audit(arguments: list[str], first: bool) -> list[dict[str, Any]]:
    """Return the findings of an audit with these flags, made in a process of its own.

    The process is forked, so that it need not import everything again; with `first` it stops at the
    first check that finds something.
    """
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_audit, args=(arguments, first, sender)
    )
    process.start()
    sender.close()
    rows: list[dict[str, Any]] = receiver.recv()
    process.join()
    return rows


def _audit(arguments: list[str], first: bool, sender: Connection) -> None:
    from backtests.audit import make_parser
    from backtests.auditing.prepare import prepare
    from backtests.auditing.report import to_rows

    examinations, _, _ = prepare(make_parser().parse_args([*BARS, *arguments]))
    # The checks that find most come first.
    examinations.sort(key=lambda e: e.check.name not in ("next return", "as in a run", "elsewhere"))
    answers = []
    for examined in examinations:
        answers.append((examined, examined.run()))
        if first and not is_clean(answers):
            break
    sender.send(to_rows(answers))


def try_kind(kind: Kind, closes: dict[str, float], more: list[str], first: bool) -> Row:
    """Plant one kind, audit it, take it away."""
    began = time.monotonic()
    days, prices = list(closes), np.array(list(closes.values()))
    returns = dict(zip(days, np.diff(np.log(prices)).tolist(), strict=False))
    now = datetime.datetime.now(datetime.UTC)
    local = now.astimezone()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "planted.py"
        text = kind.source(closes).replace("{hour}", str(local.hour))
        file.write_text(text.replace("{utc}", str(now.hour)).replace("{today}", str(now.date())))
        take_away = getattr(plants, kind.plant or "nothing_beside")(file, returns)
        flag = "--strategy" if kind.rule else "--forecaster"
        name = kind.ours or f"{file}{kind.values.format(folder=folder)}"
        try:
            findings = audit([flag, name, *more], first)
        finally:
            take_away()
    return _row(kind.name, kind.honest, findings, began)


def _row(name: str, honest: bool, findings: list[dict[str, Any]], began: float) -> Row:
    found = [row for row in findings if row["verdict"] == "FOUND"]
    return Row(
        name,
        honest,
        tuple(row["check"] for row in found),
        tuple((row["check"], sentence) for row in found for sentence in row["sentences"]),
        time.monotonic() - began,
    )


def try_extra(
    name: str, closes: dict[str, float], honest: bool, more: list[str], first: bool
) -> Row:
    """Audit an honest forecaster with a file of extra columns."""
    began = time.monotonic()
    days, prices = list(closes), np.array(list(closes.values()))
    came = np.append(np.diff(np.log(prices)), 0.0)
    noise = np.random.default_rng(1).normal(size=came.size)
    values = 50 + np.cumsum(noise) if honest else came
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "extra.csv"
        lines = (f"{day},{day},{value}" for day, value in zip(days, values, strict=True))
        file.write_text("date,known_at,column\n" + "\n".join(lines))
        findings = audit(["--forecaster", "linear", "--extra", str(file), *more], first)
    return _row(name, honest, findings, began)


def _tell(row: Row) -> None:
    said = ", ".join(row.found) or "nothing"
    right = bool(row.found) is not row.honest
    print(f"{'' if right else 'WRONG: '}{row.name}: {said} ({row.seconds:.0f} s)", file=sys.stderr)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=[""], help="kinds whose name has this text")
    parser.add_argument("--sentences", action="store_true", help="also print what was found")
    parser.add_argument("--first", action="store_true", help="stop at the first check that finds")
    parser.add_argument("--part", choices=("leaks", "honest"), help="only these")
    asked, more = parser.parse_known_args()
    closes = known_closes()
    kinds = [kind for kind in KINDS if any(text in kind.name for text in asked.only)]
    if asked.part:
        kinds = [kind for kind in kinds if kind.honest is (asked.part == "honest")]
    extras = [
        (name, honest)
        for name, honest in (
            ("a column of --extra that holds the next return", False),
            ("a column of --extra that holds a random walk", True),
        )
        if any(text in name for text in asked.only)
        and asked.part in (None, "honest" if honest else "leaks")
    ]
    rows = []
    with Progress("leaks", len(kinds) + len(extras)) as progress:
        for kind in kinds:
            rows.append(try_kind(kind, closes, more, asked.first))
            _tell(rows[-1])
            progress.advance()
        for name, honest in extras:
            rows.append(try_extra(name, closes, honest, more, asked.first))
            _tell(rows[-1])
            progress.advance()
    for title, honest in (("leak", False), ("honest", True)):
        part = [row for row in rows if row.honest is honest]
        count = sum(bool(row.found) for row in part)
        print(f"\n{count} of {len(part)} " + ("raised an alarm" if honest else "were found"))
        print(
            f"\n| {title} | {'alarm' if honest else 'found'} | by | s |\n| --- | --- | --- | ---: |"
        )
        for row in part:
            word = "yes" if row.found else "no"
            print(f"| {row.name} | {word} | {', '.join(row.found)} | {row.seconds:.0f} |")
    if asked.sentences:
        for row in rows:
            for check, sentence in row.sentences:
                print(f"- {row.name}, {check}: {sentence}")


if __name__ == "__main__":
    main()
