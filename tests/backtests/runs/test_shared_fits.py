"""Runs and grids share their fits: what was trained once is not trained again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests.command.config import RunConfig
from backtests.grids.config import GridConfig
from backtests.grids.search import make_search
from backtests.jobs.fitting import run_fits
from backtests.jobs.store import FitStore
from backtests.run import main
from backtests.runs.prepared import Prepared, prepare
from backtests.sources.simulated import Simulated
from forecasters.walk_forward.fit import Fit, Fitted

BARS = Simulated().fetch("051900.KS", "2016-01-01", "2017-01-01")
#: 120 sessions: folds begin with the sessions 61, 81 and 101.
ROWS = 120


def values(rows: int = ROWS, **given: Any) -> dict[str, Any]:
    return {
        "ticker": ("051900.KS",), "source": "simulated", "start": "2016-01-01", "end": str(BARS.sessions[rows]),
        "forecaster": ("linear", "drift"), "train_size": 60, "step": 20, "jobs": 1,
    } | given  # fmt: skip


def fits_of(prepared: Prepared) -> list[Fit]:
    return [fit for group in prepared.fits.values() for fit in group]


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return what counts the fits that a run of a configuration trains, all runs on one store.

    What the store gives is held against a fresh training.
    """
    seen: list[Fit] = []
    real = Fit.learn

    def learn(self: Fit) -> Any:
        seen.append(self)
        return real(self)

    monkeypatch.setattr(Fit, "learn", learn)

    def count(rows: int = ROWS, **given: Any) -> int:
        seen.clear()
        fits = fits_of(prepare(RunConfig(**values(rows, **given))))
        with FitStore(tmp_path / "store") as store:
            kept = run_fits(fits, store, 1, quiet=True)
        if rows != ROWS:
            assert closes(kept) == closes([fit.run() for fit in fits])
        return len(seen)

    return count


def closes(fitted: list[Fitted]) -> list[bytes]:
    return [each.close.tobytes() + each.outside.tobytes() for each in fitted]


def test_rule_cost_report_and_place_train_nothing(
    tmp_path: Path, trained: Callable[..., int]
) -> None:
    assert trained() == 3 * 3, "naive too"
    others: list[dict[str, Any]] = [
        {"threshold": 0.02, "commission_bps": 3.0, "cash": 1e6},
        {"exit": "touch", "tearsheets": "none", "shifts": 10},
        {"strategy": ("direction",), "out": str(tmp_path / "elsewhere"), "jobs": 2},
        {"forecaster": ("drift", "linear"), "store": str(tmp_path / "elsewhere")},
    ]
    for other in others:
        assert trained(**other) == 0, other


def test_what_changes_the_fits_trains_those_alone(trained: Callable[..., int]) -> None:
    assert trained(forecaster=("linear",)) == 6
    assert trained(forecaster=("linear", "linear:alpha=0.1")) == 3
    assert trained(forecaster=("linear",), step=40) == 0, "each second of these folds"
    assert trained(forecaster=("linear",), validation=0.2) == 6


def test_a_day_more_trains_nothing_unless_it_opens_a_fold(trained: Callable[..., int]) -> None:
    assert trained() == 9
    for rows, new in ((ROWS + 1, 3), (ROWS + 2, 0), (ROWS + 20, 0), (ROWS + 21, 3), (ROWS - 5, 0)):
        assert trained(rows) == new, rows


def test_a_grid_and_a_run_share_their_fits(tmp_path: Path, trained: Callable[..., int]) -> None:
    """The run takes what the grid trained though the grid asked for more, and gives it more to take."""
    given = values(forecaster=("linear",), validation=0.15)
    search = make_search(GridConfig.of({**given, "cross": ("alpha=0.01,1",), "features": "ohlcv"}))
    prices = prepare(RunConfig(**given)).bars["051900.KS"]
    fits = [fit for of_label in search.fits(prices).values() for fit in of_label]
    assert all(fit.inside for fit in fits)
    run_fits(fits[: len(fits) // 2], FitStore(tmp_path / "store"), 1, quiet=True)
    both = ("linear:alpha=0.01", "linear:alpha=1")
    assert trained(forecaster=both, validation=0.15) == len(fits) - len(fits) // 2
    again = run_fits(fits, FitStore(tmp_path / "store", only_stored=True), 1, quiet=True)
    fresh = [fit.run() for fit in fits]
    assert closes(again) == closes(fresh)
    assert all(
        np.array_equal(a.inside, b.inside, equal_nan=True)
        for a, b in zip(again, fresh, strict=True)
    )


@pytest.mark.slow
def test_the_digest_does_not_depend_on_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = (
        f"--ticker 051900.KS --source simulated --start 2016-01-01 --end {BARS.sessions[ROWS]} "
        "--train-size 60 --step 20 --forecaster linear rnn:epochs=1,hidden=2,lookback=3 --seeds 1 "
        "--tearsheets none --jobs 1 --json"
    ).split()

    def digest(name: str, *more: str) -> tuple[str, bool]:
        assert main([*flags, "--out", str(tmp_path / name), *more]) == 0
        printed = capsys.readouterr()
        return json.loads(printed.out)["digest"], "training:" in printed.err

    first, trained_first = digest("first")
    again, trained_again = digest("again", "--threshold", "0.05")
    assert (trained_first, trained_again) == (True, False)
    for store in ("none", str(tmp_path / "other")):
        assert digest(f"with {Path(store).name}", "--store", store) == (first, True)
    assert again == first
