"""A small run with a benchmark, as it was before it was written, and its folder."""

from __future__ import annotations

from pathlib import Path

from backtests.command.config import RunConfig
from backtests.jobs.store import FitStore
from backtests.runs.files import write_run
from backtests.runs.kept import inputs_of
from backtests.runs.manifest import write_manifest
from backtests.runs.outcome import Outcome, carry_out
from backtests.runs.prepared import Prepared, prepare

#: The folder, what the run worked on, what came out of it.
Made = tuple[Path, Prepared, Outcome]


def make_run(place: Path) -> Made:
    """Make the run below `place`."""
    config = RunConfig(
        ticker=("A.KS",), benchmark="B.KS", source="simulated", start="2016-01-01", end="2017-06-01",
        forecaster=("linear",), strategy=("five_percent:threshold=0.005",), seeds=1, train_size=252,
        tearsheets="none", jobs=1, out=str(place), ledger=str(place / "ledger.jsonl"),
    )  # fmt: skip
    prepared = prepare(config)
    inputs, store = inputs_of(prepared), FitStore(place / "fits")
    outcome = carry_out(prepared, inputs, store, quiet=True)
    folder = place / "run"
    folder.mkdir()
    write_run(folder, prepared, inputs, outcome, store, quiet=True)
    write_manifest(folder / "manifest.json", outcome.manifest)
    return folder, prepared, outcome
