"""This project against other libraries, in one run: `python -m benchmarks.peers`.

Linux, two cores. In every round each contestant does each workload once, in a new process that is timed
from start to end, imports and compilation included; each round begins with the next contestant. Each
result is appended to a file at once, `--resume` goes on with it, and the tables are made of it at the
end (again at any time: `python -m benchmarks.peers.report FILE`).

The peers would need hours for 360 fits (W3) and minutes for each round of S3's grid (W2). So all do
W1, which is a thirtieth of W3, and W2-part, nine balanced runs of the 54 with a sixth of the work.
Only this project does all of W2 and W3; the tables say what is extrapolated.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path

from benchmarks.peers import report
from benchmarks.peers.contestants import (
    CEILINGS,
    CONTESTANTS,
    OURS,
    ROOT,
    Contestant,
    cores,
    measure,
)
from benchmarks.peers.environments import python
from benchmarks.peers.machine import describe

REFERENCE = "torch, tuned, 2 processes"
#: Twelve folds of one ticker are W1, those of thirty tickers W3; the report takes these two points from them.
CURVES = [f"folds-{n}" for n in (1, 2, 4, 8, 24)] + [f"hidden-{n}" for n in (16, 32, 64, 128, 256)]
CURVES_OF_OURS = ["tickers-3", "tickers-10"]


def main() -> None:
    """Measure what is not yet in the file, then print the tables."""
    flags = parse()
    done = report.read(flags.results) if flags.results.exists() else []
    if done and not flags.resume:
        sys.exit(f"{flags.results} exists: --resume goes on with it, or name another file")
    os.sched_setaffinity(0, cores())
    finished = {(run["round"], run["workload"], run["contestant"]) for run in report.runs(done)}
    todo = [key for key in plan(flags) if key not in finished]
    interpreters = {
        name: python(name, flags.venvs, flags.torch_index) if name else sys.executable
        for name in dict.fromkeys(known(key[2]).environment for key in todo)
    }
    with tempfile.TemporaryDirectory() as scratch:
        warm_up(todo, interpreters, Path(scratch))
        append(flags.results, {"machine": describe(ROOT)})
        for number, (turn, workload, name) in enumerate(todo, 1):
            data = arrays(workload, Path(scratch))
            measured = measure(known(name), data, interpreters[known(name).environment])
            run = {"round": turn, "workload": workload, "contestant": name, **measured}
            append(flags.results, run)
            print(
                f"{number} of {len(todo)}: round {turn}, {workload}, {name}: "
                f"{measured['seconds']:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    print(report.tables(report.read(flags.results)))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, required=True, help="file of JSON lines")
    parser.add_argument("--resume", action="store_true", help="go on with that file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workloads", nargs="*", default=["W1", "W2-part"], help="of everybody")
    parser.add_argument("--ours", nargs="*", default=["W2", "W3"], help="workloads of ours alone")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--no-curves", dest="curves", action="store_false")
    cache = user_cache_path("backtests") / "peers"
    parser.add_argument("--venvs", type=Path, default=cache, help="folder of the environments")
    parser.add_argument("--torch-index", help="package index of torch's small build")
    return parser.parse_args()


def known(name: str) -> Contestant:
    return (CONTESTANTS | CEILINGS)[name]


def plan(flags: argparse.Namespace) -> Iterator[tuple[int, str, str]]:
    """Yield round, workload and contestant in the order of the run; the curves come last, once."""
    for turn in range(flags.rounds):
        for workload in flags.workloads:
            names = [name for name in flags.only if CONTESTANTS[name].takes(workload)]
            first = turn % len(names)
            for name in [*CEILINGS, *names[first:], *names[:first]]:
                yield turn, workload, name
        for workload in flags.ours:
            yield turn, workload, OURS
    if flags.curves:
        for workload in CURVES:
            yield 0, workload, OURS
            yield 0, workload, REFERENCE
        for workload in CURVES_OF_OURS:
            yield 0, workload, OURS


def warm_up(todo: list[tuple[int, str, str]], interpreters: dict[str, str], scratch: Path) -> None:
    """Run each script once on very little work: its files are read from the disk, and errors show early."""
    seen = set()
    for _, workload, name in todo:
        contestant = known(name)
        smoke = "W2-smoke" if workload.startswith("W2") else "W1-smoke"
        if (contestant.script, smoke) not in seen:
            seen.add((contestant.script, smoke))
            measure(contestant, arrays(smoke, scratch), interpreters[contestant.environment])


def arrays(workload: str, scratch: Path) -> Path:
    """Return the folder of this workload; it is made by another process, so that this one stays small."""
    folder = scratch / workload
    if not folder.exists():
        command = [sys.executable, "-m", "benchmarks.peers.workloads", workload, str(folder)]
        subprocess.run(command, cwd=ROOT, check=True)
    return folder


def append(file: Path, line: dict) -> None:
    with file.open("a") as lines:  # on a new line, also after a line that was cut off
        lines.write(f"\n{json.dumps(line)}")


if __name__ == "__main__":
    main()
