"""What finished runs remember of the ledger; a manifest that lost it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtests.runs.manifest import write_manifest
from backtests.trials.ledger import FILE, TrialLedger, remember
from backtests.trials.manifests import read_memories
from backtests.trials.trial import Scope, Trial, trial_key

HERE = Scope(("051900.KS",), "2017-01-02", "2019-12-30")
LOST = "cannot be read: what it saw of the ledger of trials is lost."


def finish(out: Path, name: str, trials: int = 3) -> Path:
    """Return the manifest of a run that counted so many trials."""
    added = [Trial(trial_key(rule=name, i=i), HERE, 0.1, "run") for i in range(trials)]
    counted = TrialLedger(out / FILE, out).add(added)
    (out / name).mkdir()
    path = out / name / "manifest.json"
    values = {"config": {"trials": 9}, "trials": remember([counted]), "versions": {"numpy": "2"}}
    write_manifest(path, {"key": name, **values})
    return path


def test_memories_come_by_the_names_of_their_folders(tmp_path: Path) -> None:
    finish(tmp_path, "late")
    finish(tmp_path, "early", trials=2)
    memories, said = read_memories(tmp_path)
    assert said == []
    assert [(m.run, m.count) for m in memories] == [("early", 5), ("late", 3)]
    ((trials, scope, keys),) = memories[0].counted
    assert (trials, scope, len(keys)) == (5, HERE, 2)


def test_a_folder_without_runs_has_none(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "manifest.json").write_text("{")
    assert read_memories(tmp_path) == ([], [])
    assert read_memories(tmp_path / "nowhere") == ([], [])


def test_five_manifests_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for n in range(8):
        (tmp_path / f"run{n}").mkdir()
        (tmp_path / f"run{n}" / "manifest.json").write_text("{")
    said = read_memories(tmp_path)[1]
    assert said == [f"The manifest of run0, run1, run2, run3, run4 and 3 more {LOST}"]


def test_a_run_from_before_the_ledger_remembers_nothing_and_lost_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write_manifest(tmp_path / "old" / "manifest.json", {"config": {"trials": 1}, "key": "x"})
    assert read_memories(tmp_path) == ([], [])


@pytest.mark.parametrize("at", ['"numpy"', '"head"', '"trials": {', '"config"', "{"])
def test_a_manifest_that_was_cut_off_is_named_or_still_read(tmp_path: Path, at: str) -> None:
    finish(tmp_path, "whole")
    path = finish(tmp_path, "cut")
    path.write_text(path.read_text()[: path.read_text().index(at)])
    memories, said = read_memories(tmp_path)
    if at == '"numpy"':  # cut behind the part on the trials
        assert [m.run for m in memories] == ["cut", "whole"] and said == []
    else:
        assert [m.run for m in memories] == ["whole"]
        assert said == [f"The manifest of cut {LOST}"]


@pytest.mark.parametrize(
    ("old", "new"), [('"count"', '"number"'), ('"counted": [', '"counted": [1, '), ("{", "\udcff{")]
)
def test_a_manifest_that_was_edited_is_named_beside_the_others(
    tmp_path: Path, old: str, new: str
) -> None:
    for name in ("one", "other"):
        path = finish(tmp_path, name)
        text = path.read_text().replace(old, new)
        path.write_bytes(text.encode(errors="surrogateescape"))
    assert read_memories(tmp_path) == ([], [f"The manifest of one and other {LOST}"])
