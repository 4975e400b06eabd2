"""The command of the store: what it prints, what it refuses, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backtests.jobs.store import FitStore
from backtests.jobs.upkeep import stored_files
from backtests.sources.simulated import Simulated
from backtests.store import main
from forecasters.features import make_features
from forecasters.models.drift import Drift
from forecasters.models.naive import Naive
from forecasters.walk_forward import WalkForward


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's store, with three fits."""
    monkeypatch.setenv("BACKTESTS_STORE", str(tmp_path))
    features = make_features(Simulated().fetch("051900.KS", "2016-01-01", "2016-06-01"))
    plan, store = WalkForward(train_size=60, step=25), FitStore(tmp_path)
    for fit in (*plan.fits(Drift(), features), *plan.fits(Naive(), features)[:1]):
        store.save(fit, *fit.learn())
    assert len(stored_files(tmp_path)) == 3
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Return what the command prints with --json, and its exit code."""
    code = main([*words, "--json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer | {"code": code}


def test_it_shows_what_the_users_store_holds(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{store}: 3 fits, ") and lines[0].endswith(" KB")
    assert [line.split() for line in lines[2:]] == [["drift", "2"], ["naive", "1"]]
    answer = told(capsys, "show")
    assert (answer["folder"], answer["fits"], answer["code"]) == (str(store), 3, 0)
    assert answer["forecasters"] == {"drift": 2, "naive": 1}
    empty = told(capsys, "--store", str(store / "none"))
    assert (empty["fits"], empty["size"], empty["oldest"], empty["code"]) == (0, 0, None, 0)
    assert not (store / "none").exists()


def test_it_names_damaged_files_and_removes_them_when_asked(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "verify") == {
        "folder": str(store), "fits": 3, "damaged": {}, "removed": 0, "code": 0,
    }  # fmt: skip
    bad = stored_files(store)[1].path
    bad.write_bytes(bad.read_bytes()[:-1])
    assert main(["verify"]) == 1
    assert capsys.readouterr().out.startswith(f"{bad}: ")
    assert bad.exists()
    answer = told(capsys, "verify", "--remove")
    assert (list(answer["damaged"]), answer["removed"], answer["code"]) == ([str(bad)], 1, 1)
    assert not bad.exists()
    assert told(capsys, "verify")["code"] == 0


def test_it_prunes_by_size_and_by_age(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "prune", "--size", "1GB", "--older-than", "30d")["removed"] == 0
    answer = told(capsys, "prune", "--size", "4KB")
    assert 0 < answer["size"] <= 4_000 and answer["left"] == len(stored_files(store)) < 3
    assert main(["prune", "--older-than", "0h"]) == 0
    assert capsys.readouterr().out.endswith("0 fits left (0 B)\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("prune", "say what may go"),
        ("prune --size much", "--size is 'much'; write a number and a unit, as 2GB"),
        ("prune --size -1GB", "--size"),
        ("prune --older-than 30", "--older-than is '30'; write a number and a unit, as 30d"),
        ("show --remove", "--remove goes with `backtests store verify`"),
        ("verify --size 1GB", "--size goes with `backtests store prune`"),
        ("verify --store none", "--store none is no folder"),
        ("prune --size 0B --store=", "--store is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    store: Path, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    try:
        code: int | str | None = main(words.split())
    except SystemExit as ended:  # argparse
        code = ended.code
    assert code == 2 and said in capsys.readouterr().err
    assert len(stored_files(store)) == 3


def test_a_file_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["prune", "--size", "0B", "--store", str(tmp_path / "file")]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err
