"""The tables of a file of results, as Markdown: `python -m benchmarks.peers.report FILE`."""

import argparse
import json
import statistics
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchmarks.peers.contestants import CEILINGS, CONTESTANTS, OURS

Run = dict
LEGEND = """\
Medians over rounds, ranges in brackets; a ratio is taken within each round. *Whole* is a fresh process
from start to end, *training* leaves out the imports, *warm* counts the first epoch of each fit, in which
Keras traces or compiles, as one of the others. *Ceiling* is the share that training reached of the
rate of the best library's matrix product, measured between the rounds on as many cores. MiB is the
peak, with two processes the sum of theirs. *Last loss* is the mean of the last epoch's, the median and
the range over fits: equal work ends near equal losses; each library draws different random numbers."""
HEAD = (
    "seconds, whole",
    "training",
    "warm",
    "a fit",
    "/ ours, whole",
    "/ ours, warm",
    "ceiling",
    "CPU seconds",
    "MiB",
    "last loss",
)
CURVES = {
    "folds": "folds",
    "tickers": "tickers, 12 folds each",
    "hidden": "hidden size, 4 folds, 20 epochs",
}
#: Points of the curves that are also separate workloads.
SAME = {"W1": [("folds", 12), ("tickers", 1)], "W3": [("tickers", 30)]}
#: Workloads that ours does whole and the others in part.
PARTS = {"W2": "W2-part", "W3": "W1"}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path)
    print(tables(read(parser.parse_args().results)))


def read(file: Path) -> list[dict]:
    """Return the lines of a file of results, without a line that an interruption cut off."""
    lines = []
    for text in filter(None, file.read_text().splitlines()):
        with suppress(json.JSONDecodeError):
            lines.append(json.loads(text))
    return lines


def runs(lines: list[dict]) -> list[Run]:
    return [line for line in lines if "contestant" in line]


def whole(run: Run) -> float:
    """Seconds of the processes."""
    return run["seconds"]


def training(run: Run) -> float:
    """Seconds of training, of the process that took longer."""
    return max(part["seconds"] for part in run["parts"])


def warm(run: Run) -> float:
    """Seconds of training, without tracing and compilation if a library does these."""
    return max(part["warm"] or part["seconds"] for part in run["parts"])


def flop(run: Run) -> int:
    return sum(part["flop"] for part in run["parts"])


def losses(run: Run) -> list[float]:
    return [loss for part in run["parts"] for loss in part["losses"]]


def ratios(base: list[Run], other: list[Run], seconds: Callable[[Run], float]) -> list[float]:
    """Return how many times longer `other` took, for each round in which both ran."""
    by_round = {run["round"]: seconds(run) for run in base}
    return [seconds(run) / by_round[run["round"]] for run in other if run["round"] in by_round]


def ceilings(all_runs: list[Run]) -> dict[int, float]:
    """Return the GFLOP/s of the best library's matrix product on one core and on both."""
    return {
        contestant.cores: statistics.median(
            sum(max(part["gflops"].values()) for part in run["parts"]) for run in measured
        )
        for name, contestant in CEILINGS.items()
        if (measured := [run for run in all_runs if run["contestant"] == name])
    }


def share(group: list[Run], ceiling: dict[int, float]) -> float:
    """Return the share of the ceiling of its cores that a contestant's training reached."""
    reached = statistics.median(flop(run) / training(run) for run in group) / 1e9
    return reached / ceiling[CONTESTANTS[group[0]["contestant"]].cores]


def tables(lines: list[dict]) -> str:
    """Return all tables."""
    every = runs(lines)
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in every:
        if run["contestant"] not in CEILINGS:
            groups.setdefault((run["workload"], run["contestant"]), []).append(run)
    ceiling = ceilings(every)
    blocks = [_machine(lines, every, ceiling), LEGEND]
    for workload in dict.fromkeys(workload for workload, _ in groups):
        if workload.partition("-")[0] not in CURVES:
            blocks.append(_workload(workload, groups, ceiling))
    blocks += [_curve(curve, groups, ceiling) for curve in CURVES]
    return "\n\n".join(block for block in blocks if block)


def _workload(workload: str, groups: dict[tuple[str, str], list[Run]], ceiling) -> str:
    """Return the table of one workload, and below it the figures extrapolated from a part."""
    measured = {name: groups.get((workload, name), []) for name in CONTESTANTS}
    ours = measured[OURS]
    first = next(group[0] for group in measured.values() if group)
    fits = len(losses(first))
    text = (
        f"**{workload}**: {fits} fits, {flop(first) / 1e12:.2f} TFLOP, "
        f"{max(map(len, measured.values()))} rounds\n\n" + _row("", *HEAD) + _row(*["---"] * 11)
    )
    for name, group in measured.items():
        if group:
            text += _row(
                name,
                *(_range([seconds(run) for run in group]) for seconds in (whole, training, warm)),
                f"{statistics.median(map(training, group)) / fits:.2f}",
                *(_range(ratios(ours, group, seconds)) for seconds in (whole, warm)),
                f"{share(group, ceiling):.0%}",
                f"{statistics.median(run['cpu'] for run in group):.1f}",
                f"{statistics.median(run['memory'] for run in group):,.0f}",
                _loss([loss for run in group for loss in losses(run)]),
            )
    part = PARTS.get(workload)
    small = {name: groups[part, name] for name in CONTESTANTS if (part, name) in groups and part}
    if OURS not in small or not ours:
        return text
    times = flop(ours[0]) / flop(small[OURS][0])
    text += (
        f"\nExtrapolated, not measured: {times:.0f} times the training of {part}, imports once.\n\n"
    )
    text += _row("", "seconds, whole", "ours, measured, is faster") + _row(*["---"] * 3)
    took = statistics.median(map(whole, ours))
    for name, group in small.items():
        seconds = statistics.median(extrapolated(run, times) for run in group)
        text += _row(name, f"{seconds:,.0f}", f"{seconds / took:.1f}")
    return text


def extrapolated(run: Run, times: float) -> float:
    """Return the seconds of the whole processes if they trained so many times as much."""
    return whole(run) + (times - 1) * training(run)


def _curve(curve: str, groups: dict[tuple[str, str], list[Run]], ceiling) -> str:
    points: dict[int, dict[str, list[Run]]] = {}
    for (workload, name), group in groups.items():
        kind, _, number = workload.partition("-")
        at = [(kind, int(number))] if kind in CURVES else SAME.get(workload, [])
        for kind, number in at:
            if kind == curve:
                points.setdefault(number, {})[name] = group
    measured = [workload for workload, _ in groups if workload.startswith(f"{curve}-")]
    if not measured:
        return ""
    names = [n for n in CONTESTANTS if any((workload, n) in groups for workload in measured)]
    head = (CURVES[curve], "", "seconds, whole", "training, a fit", "ceiling")
    text = _row(*head) + _row(*["---"] * len(head))
    for number, by_name in sorted(points.items()):
        for name in names:
            if group := by_name.get(name):
                text += _row(
                    str(number),
                    name,
                    f"{statistics.median(map(whole, group)):.1f}",
                    f"{statistics.median(map(training, group)) / len(losses(group[0])):.3f}",
                    f"{share(group, ceiling):.0%}",
                )
    return text


def _machine(lines: list[dict], every: list[Run], ceiling: dict[int, float]) -> str:
    """Return the machine and the versions of the measurement."""
    machines = [line["machine"] for line in lines if "machine" in line]
    text = "\n".join(
        "; ".join(f"{name} {value}" for name, value in machine.items())
        for machine in [dict(items) for items in dict.fromkeys(tuple(m.items()) for m in machines)]
    )
    versions: dict[str, str] = {}
    for run in every:
        versions |= run["parts"][0]["versions"]
    text += "\n\nVersions: " + ", ".join(f"{name} {v}" for name, v in sorted(versions.items()))
    for cores, rate in ceiling.items():
        text += f"\n\nCeiling, {cores} core{'s' * (cores > 1)}: {rate:.0f} GFLOP/s (sgemm)"
    return text


def _range(values: list[float]) -> str:
    if not values:
        return "–"
    middle = f"{statistics.median(values):.1f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.1f} to {max(values):.1f})"


def _loss(values: list[float]) -> str:
    return f"{statistics.median(values):.5f} ({min(values):.5f} to {max(values):.5f})"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    main()
