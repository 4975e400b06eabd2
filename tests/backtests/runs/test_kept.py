"""What a run folder keeps of what the run was made of."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtests.command.config import RunConfig
from backtests.runs.folder import Finished
from backtests.runs.kept import Inputs, inputs_of
from backtests.runs.prepared import Prepared, prepare
from backtests.runs.runner import _warn_of_bars
from backtests.sources.kept_bars import read_kept
from forecasters.errors import DataWarning

CODE = (
    "from dataclasses import dataclass\nfrom {module} import NAME\nfrom forecasters.models.drift import Drift\n"
    "@dataclass(kw_only=True)\nclass Mine(Drift):\n    pass\n"
)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the values of a run with a universe, extra inputs and a forecaster with a module beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("code").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "code")
    module = f"kept_{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]}"
    Path(f"code/{module}.py").write_text("NAME = 1\n")
    Path("code/mine.py").write_text(CODE.format(module=module))
    Path("some.txt").write_text("051900.KS\n005930.KS\n")
    Path("mood.csv").write_text("date,known_at,mood\n2016-01-04,2016-01-05,1\n")
    return {
        "universe": "some.txt", "source": "simulated", "start": "2016-01-01", "end": "2016-07-01",
        "extra": ("mood.csv",), "forecaster": ("./code/mine.py",), "benchmark": "^KS11", "strategy": ("rank:k=1",),
        "train_size": 60, "step": 20, "jobs": 1,
    }  # fmt: skip


@pytest.fixture
def prepared(given: dict[str, Any]) -> Prepared:
    return prepare(RunConfig(**given))


def inputs(prepared: Prepared, keep: str = "auto") -> Inputs:
    return inputs_of(replace(prepared, config=replace(prepared.config, keep=keep)))


def test_bars_extra_inputs_universe_and_code_are_kept_as_they_were(
    prepared: Prepared, tmp_path: Path
) -> None:
    made = inputs(prepared)
    described = made.described()
    assert json.loads(json.dumps(described)) == json.loads(json.dumps(described, allow_nan=False))
    made.write(tmp_path / "folder")
    for entry in described["bars"]:
        rows = read_kept(tmp_path / "folder" / entry["file"])
        assert (
            rows.bars(entry["ticker"], made.bars[entry["ticker"]].origin).digest == entry["sha256"]
        )
    assert [e["ticker"] for e in described["bars"]] == ["005930.KS", "051900.KS", "^KS11"]
    by_path = {entry["path"]: entry for entry in described["files"]}
    assert [entry["role"] for entry in by_path.values()] == ["universe", "extra", "code", "code"]
    assert {"some.txt", "mood.csv", "./code/mine.py"} < set(by_path)
    for path, entry in by_path.items():
        kept = (tmp_path / "folder" / entry["file"]).read_bytes()
        assert kept == (tmp_path / path).read_bytes()
        assert entry["sha256"] == hashlib.sha256(kept).hexdigest()


def test_what_is_kept_is_no_part_of_the_key_and_none_keeps_nothing(
    prepared: Prepared, given: dict[str, Any], tmp_path: Path
) -> None:
    assert prepare(RunConfig(**given, keep="none")).key == prepared.key
    made = inputs(prepared, keep="none")
    made.write(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    described = made.described()
    assert {e["file"] for part in described.values() for e in part} == {None}
    assert all(len(e["sha256"]) == 64 for part in described.values() for e in part)


def test_auto_keeps_what_is_small(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    assert inputs(prepared).keep
    monkeypatch.setattr("backtests.runs.kept.LIMIT", 1000)
    assert not inputs(prepared).keep
    assert inputs(prepared, keep="bars").keep


def test_a_finished_run_without_bars_is_told_where_they_are_asked_for(tmp_path: Path) -> None:
    config = RunConfig(ticker=("A",), keep="bars")
    for file, told in ((None, 1), ("bars/A.parquet", 0)):
        manifest = {"inputs": {"bars": [{"ticker": "A", "file": file}], "files": []}}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _warn_of_bars(Finished(tmp_path, manifest, found=True), config)
        assert [w.category for w in caught] == [DataWarning] * told
