"""A grid up to its training: the same grid is found, goes on in its place, or is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from backtests.grids.config import GridConfig
from backtests.grids.runner import run_grid
from backtests.runs.manifest import write_manifest
from forecasters.errors import InputError
from forecasters.walk_forward.fit import Fit


class Stopped(Exception):
    """Ends a test's grid where it would train, as Ctrl-C would, which would end pytest too."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Fit]:
    """Return the fits that a grid asked for; it is stopped there, and nothing is trained."""
    seen: list[Fit] = []

    def interrupt(fits: Sequence[Fit], *rest: Any, **settings: Any) -> None:
        seen.extend(fits)
        raise Stopped

    monkeypatch.setattr("backtests.grids.runner.run_fits", interrupt)
    return seen


def config(out: Path, **given: Any) -> GridConfig:
    """Return a small grid of a forecaster that trains at once."""
    values = {
        "ticker": ("051900.KS",), "source": "simulated", "start": "2016-01-01", "end": "2016-07-01",
        "forecaster": ("linear",), "cross": ("alpha=0.1,1", "lookback=2,3"), "features": "ohlcv",
        "beside": ("drift",), "jobs": 1, "out": str(out),
    }  # fmt: skip
    return GridConfig.of(values | given)


def interrupted(out: Path, **given: Any) -> Path:
    """Return the folder of the work that an interrupted grid leaves."""
    with pytest.raises(Stopped):
        run_grid(config(out, **given), quiet=True)
    (part,) = out.glob(".*.part")
    assert list(out.iterdir()) == [part], "nothing else, no ledger either"
    return part


def settings_of(fits: Sequence[Fit]) -> list[Any]:
    return [(fit.forecaster.name, fit.forecaster.get_params(), str(fit.name)) for fit in fits]


def test_the_same_grid_goes_on_in_its_place_in_whatever_order_it_is_written(
    tmp_path: Path, asked: list[Fit]
) -> None:
    part = interrupted(tmp_path / "grids")
    numbers = settings_of(asked)
    assert len(numbers) == 4 + 2, "with drift beside it and naive"
    asked.clear()
    crossed = ("lookback=3,2", "alpha=1,0.1")
    again = interrupted(tmp_path / "grids", cross=crossed, jobs=2)
    assert again.name == part.name
    assert settings_of(asked) == numbers
    assert interrupted(tmp_path / "more", cross=("lookback=3,2",)).name != part.name


def test_each_fit_forecasts_the_rows_before_its_test_too(tmp_path: Path, asked: list[Fit]) -> None:
    """The grid chooses by them."""
    interrupted(tmp_path)
    assert all(fit.inside for fit in asked)
    assert {len(fit.parts[0].fold.validation) > 0 for fit in asked} == {True}


def test_a_finished_grid_is_found_by_its_key_and_nothing_is_trained(
    tmp_path: Path, asked: list[Fit]
) -> None:
    part = interrupted(tmp_path)
    key = part.name.rpartition("-")[2].removesuffix(".part")
    folder = tmp_path / f"grid-051900.KS-{key[:8]}"
    folder.mkdir()
    write_manifest(folder / "manifest.json", {"schema": 1, "key": key})
    asked.clear()
    found = run_grid(config(tmp_path))
    assert (found.found, found.folder) == (True, folder)
    assert asked == [] and not part.exists()


def test_what_cannot_be_searched_is_refused_before_a_folder_is_made(
    tmp_path: Path, asked: list[Fit]
) -> None:
    with pytest.raises(InputError, match="are the same forecaster: leave one out"):
        run_grid(config(tmp_path / "grids", beside=("linear:alpha=0.10,lookback=2",)))
    with pytest.raises(InputError, match="--train-size"):
        run_grid(config(tmp_path / "grids", train_size=504))
    assert asked == []
    assert not (tmp_path / "grids").exists()
