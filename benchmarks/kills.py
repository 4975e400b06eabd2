"""Runs that are killed or interrupted at random moments, and what the same command does then.

    python -m benchmarks.kills --kills 100 --interruptions 30

A small run on two processes is started again and again. SIGKILL goes to the whole process group, or
to its first process alone (every fourth time); SIGINT and SIGTERM to the first process, at a moment that
is drawn at random. Then:

- two seconds later no process of the run is left;
- a folder under the run's name is there only if it is complete: its manifest names the digest of a
  run that nobody disturbed;
- an interrupted run ends with 130, and the seconds until then are in the table.

Four disturbances follow each other in one place; then the same command has to end with 0 and the same
digest. It prints a Markdown table: a row for each signal and stage.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

#: Fits in threads (rnn) and in processes (boosting), a sweep, shifts, tearsheets.
RUN = (
    "--ticker 051900.KS --source simulated --start 2016-01-01 --end 2017-07-01 --seeds 2 --jobs 2 "
    "--forecaster rnn:epochs=60 boosting --strategy five_percent:threshold=0.01 --shifts 40 "
    "--train-size 252 --step 42 --tearsheets main"
).split()
#: The stages, as the progress names them; before the first of them is the start.
STAGES = ("start", "training", "thresholds", "shifted forecasts", "tearsheets", "writing")
#: Marks the processes of one trial, in their environment.
MARK = "BACKTESTS_KILLS"
#: Disturbances of one place before the command is left to end.
IN_A_ROW = 4
#: Seconds after which no process may be left.
GONE = 2.0


@dataclass
class Tally:
    """What was seen of one stage and one signal."""

    times: int = 0
    orphans: int = 0
    believed: int = 0  # an incomplete folder under the name of a finished run
    codes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


#: By signal and stage.
Tallies = dict[tuple[str, str], Tally]


@dataclass(frozen=True)
class Place:
    """The folders of one trial: runs, ledger and store."""

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self) -> subprocess.Popen[str]:
        """Start the run in a process group of its own."""
        return subprocess.Popen(
            [
                sys.executable,
                "-u",
                "-m",
                "backtests.run",
                *RUN,
                "--out",
                str(self.folder / "runs"),
                "--json",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_default_signals,
            env=os.environ
            | {
                MARK: self.mark,
                "BACKTESTS_DATA": str(self.folder / "data"),
                "BACKTESTS_STORE": str(self.folder / "store"),
            },
        )

    def finish(self) -> tuple[int, str | None, str]:
        """Run the command to its end; return its exit code, its digest and its errors."""
        process = self.start()
        out, errors = process.communicate()
        return (
            process.returncode,
            json.loads(out)["digest"] if process.returncode == 0 else None,
            errors,
        )

    def left(self) -> list[int]:
        """Return the numbers of the processes of this trial that are alive."""
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._owns(entry)]

    def _owns(self, entry: Path) -> bool:
        """Return whether a process carries the mark of this trial; one that is gone does not."""
        try:
            marked = f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes().split(b"\0")
            return marked and " Z " not in (entry / "stat").read_text()
        except OSError:
            return False

    def finished(self) -> list[str | None]:
        """Return the digest in the manifest of each folder that has the name of a finished run."""
        digests: list[str | None] = []
        for folder in (self.folder / "runs").glob("[!.]*"):
            try:
                digests.append(json.loads((folder / "manifest.json").read_text())["digest"])
            except (OSError, ValueError, KeyError):
                digests.append(None)
        return digests


def _default_signals() -> None:
    """Below a shell's background job SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Watched:
    """A run under way: the stage that its progress named last."""

    def __init__(self, place: Place) -> None:
        self.process = place.start()
        self.stage = "start"
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line)
            self.stage = _begins(line) or self.stage

    def output(self) -> str:
        """Return what it printed, after it has ended."""
        assert self.process.stdout
        printed = self.process.stdout.read()
        self.process.wait()
        self._reader.join()
        return printed


def _begins(line: str) -> str | None:
    """Return the stage that begins with this line of the progress; None where none does."""
    name, _, rest = line.partition(": ")
    if name not in STAGES:
        return None
    if " to do" in rest:
        return name
    return "writing" if name == "tearsheets" else None


def disturb(place: Place, moment: float, kind: str, tallies: Tallies) -> bool:
    """Start a run, send the signal at this moment, note what followed; False if the run had ended."""
    run = Watched(place)
    try:
        run.process.wait(timeout=moment)
        run.output()
        return False
    except subprocess.TimeoutExpired:
        tally = tallies[kind, run.stage]
    sent = time.monotonic()
    if kind == "kill":
        os.killpg(run.process.pid, signal.SIGKILL)
    elif kind == "kill first":
        run.process.kill()
    else:
        run.process.send_signal(signal.SIGINT if kind == "SIGINT" else signal.SIGTERM)
    tally.times += 1
    tally.codes.append(run.process.wait())
    tally.seconds.append(time.monotonic() - sent)
    time.sleep(max(0.0, GONE - (time.monotonic() - sent)))
    tally.orphans += len(place.left())
    return True


def main() -> None:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--interruptions", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    drawn = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        code, digest, errors = Place(folder / "whole").finish()
        length = time.monotonic() - began
        print(f"a run takes {length:.0f} s: {digest}{errors if code else ''}", file=sys.stderr)
        tallies: Tallies = defaultdict(Tally)
        kinds = ["kill" if i % 4 else "kill first" for i in range(asked.kills)]
        kinds += ["SIGINT" if i % 2 else "SIGTERM" for i in range(asked.interruptions)]
        ended = {"same": 0, "another digest": 0, "failed": 0}
        place, in_a_row = Place(folder / "0"), 0
        for i, kind in enumerate(kinds):
            while not disturb(place, drawn.uniform(0, length), kind, tallies):
                ended["same" if place.finished() == [digest] else "another digest"] += 1
                place, in_a_row = Place(folder / uuid.uuid4().hex), 0  # the run had ended before
            in_a_row += 1
            believed = sum(found != digest for found in place.finished())
            if believed:
                tallies[kind, "writing"].believed += believed
            print(f"{i + 1}/{len(kinds)} {kind}", file=sys.stderr, flush=True)
            if in_a_row < IN_A_ROW and i + 1 < len(kinds):
                continue
            code, again, errors = place.finish()
            how = "failed" if code else "same" if again == digest else "another digest"
            ended[how] += 1
            if how != "same":
                print(f"{how} ({code}, {again}): {errors[-2000:]}", file=sys.stderr, flush=True)
            place, in_a_row = Place(folder / str(i + 1)), 0
    print(table(tallies))
    print("\nThe same command afterwards: " + ", ".join(f"{n} {how}" for how, n in ended.items()))


def table(tallies: dict[tuple[str, str], Tally]) -> str:
    """Return the table as Markdown."""
    lines = [
        "| signal | stage | times | processes left after 2 s | incomplete folder taken as finished | "
        "exit codes | longest until the exit, s |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: |",
    ]
    for (kind, stage), t in sorted(tallies.items()):
        codes = ", ".join(f"{code} ({t.codes.count(code)})" for code in sorted(set(t.codes)))
        longest = f"{max(t.seconds):.2f}" if kind.startswith("SIG") else ""
        lines.append(
            f"| {kind} | {stage} | {t.times} | {t.orphans} | {t.believed} | {codes} | {longest} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
