"""A run up to its training: what is refused, warned of, found or left for the next call."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.command.config import RunConfig
from backtests.runs.manifest import write_manifest
from backtests.runs.runner import run
from forecasters.errors import DataWarning, InputError
from forecasters.walk_forward.fit import Fit


class Stopped(Exception):
    """Ends a test's run where it would train, as Ctrl-C would, which would end pytest too."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Fit]:
    """Return the fits that a run asked for; it is stopped there, and nothing is trained."""
    seen: list[Fit] = []

    def interrupt(fits: Sequence[Fit], **settings: Any) -> None:
        seen.extend(fits)
        raise Stopped

    monkeypatch.setattr("backtests.runs.outcome.run_fits", interrupt)
    return seen


def config(out: Path, **given: Any) -> RunConfig:
    """Return a run of a hundred simulated sessions."""
    values = {
        "ticker": ("051900.KS",), "source": "simulated", "start": "2016-01-01", "end": "2016-07-01",
        "forecaster": ("drift",), "train_size": 60, "step": 20, "shifts": 0, "jobs": 1, "out": str(out),
    }  # fmt: skip
    return RunConfig(**values | given)


def universe(folder: Path, **rows: int) -> dict[str, Any]:
    """Return the values of a run over a universe of files with so many sessions."""
    (folder / "bars").mkdir()
    for name, n in rows.items():
        days = np.busday_offset("2016-01-04", np.arange(n))
        lines = [f"{day},{100 + i % 3},110,90,{100 + i % 2},50" for i, day in enumerate(days)]
        (folder / "bars" / f"{name}.KS.csv").write_text("\n".join(lines))
    tickers = folder / "some.txt"
    tickers.write_text("\n".join(f"{name}.KS" for name in rows))
    sources = {"source": "csv", "data_dir": str(folder / "bars"), "universe": str(tickers)}
    return {"ticker": (), "start": "2016-01-04", "end": "2016-06-01", **sources}


def interrupted(out: Path, **given: Any) -> Path:
    """Return the folder of the work that an interrupted run leaves."""
    with pytest.raises(Stopped):
        run(config(out, **given), quiet=True)
    (part,) = out.glob(".*.part")
    assert list(out.iterdir()) == [part], "nothing else, no ledger either"
    return part


def test_the_same_run_goes_on_in_the_same_place_and_another_one_elsewhere(
    tmp_path: Path, asked: list[Fit]
) -> None:
    part = interrupted(tmp_path / "runs", forecaster=("drift", "linear"))
    numbers = [(fit.forecaster.name, str(fit.name)) for fit in asked]
    asked.clear()
    other = ("linear", "drift")
    assert interrupted(tmp_path / "runs", forecaster=other, jobs=2).name == part.name
    assert [(fit.forecaster.name, str(fit.name)) for fit in asked] == numbers
    assert interrupted(tmp_path / "more", forecaster=other, step=21).name != part.name


def test_a_finished_run_is_found_by_its_key_and_nothing_is_trained(
    tmp_path: Path, asked: list[Fit]
) -> None:
    part = interrupted(tmp_path)
    key = part.name.rpartition("-")[2].removesuffix(".part")
    folder = tmp_path / f"051900.KS-{key[:8]}"
    folder.mkdir()
    made = {"schema": 1, "key": key, "config": {"tearsheets": "main"}}
    write_manifest(folder / "manifest.json", made)
    asked.clear()
    found = run(config(tmp_path))
    assert (found.found, found.folder, found.manifest["key"]) == (True, folder, key)
    assert asked == []
    assert not part.exists(), "the work beside a finished run is of no use"
    write_manifest(folder / "manifest.json", {"schema": 1, "key": "of another"})
    with pytest.raises(InputError, match=r"is in the way: it is not a finished run of this"):
        run(config(tmp_path))


def test_too_few_sessions_are_refused_before_a_folder_is_made(
    tmp_path: Path, asked: list[Fit]
) -> None:
    with pytest.raises(InputError, match=r"^051900\.KS: .*--train-size"):
        run(config(tmp_path / "runs", train_size=504))
    assert asked == []
    assert not (tmp_path / "runs").exists()


def test_a_ticker_of_a_universe_with_too_few_sessions_is_left_out_and_said_before_the_training(
    tmp_path: Path, asked: list[Fit]
) -> None:
    given = universe(tmp_path, A=100, B=50, C=100)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        interrupted(tmp_path / "runs", **given)
    (sentence,) = (text for w in said if "left out" in (text := str(w.message)))
    assert sentence.startswith("left out of the universe: B.KS: ")
    assert "--train-size" in sentence
    assert {part.features.ticker for fit in asked for part in fit.parts} == {"A.KS", "C.KS"}


def test_a_universe_without_a_ticker_that_is_long_enough_names_one(
    tmp_path: Path, asked: list[Fit]
) -> None:
    given = universe(tmp_path, B=40, A=50)
    message = r"^no ticker of the universe can be forecast; the first is A\.KS: "
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        with pytest.raises(InputError, match=message):
            run(config(tmp_path / "runs", **given))
    assert asked == []
