"""The store is shown, checked and pruned; nothing that is no fit goes, and nothing that a run uses."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import save

from backtests.jobs.fit_file import ENTRY
from backtests.jobs.leases import FOLDER, FORGOTTEN, Lease, used_fits
from backtests.jobs.store import FitStore
from backtests.jobs.upkeep import contents, damaged, prune, stored_files
from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.models.drift import Drift
from forecasters.walk_forward import WalkForward

DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return three fits by the paths of their files in a store."""
    folder = tmp_path_factory.mktemp("store")
    features = make_features(Simulated().fetch("051900.KS", "2016-01-01", "2016-07-01"))
    store = FitStore(folder)
    for fit in WalkForward(train_size=60, step=30).fits(Drift(), features):
        store.save(fit, *fit.learn())
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.safetensors")}
    assert len(found) == 3
    return found


@pytest.fixture
def store(files: dict[str, bytes], tmp_path: Path) -> Path:
    """Return a store of three fits, used three, two and one days ago, and of much that is no fit."""
    for days, (name, data) in zip((3, 2, 1), sorted(files.items()), strict=True):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - days * DAY,) * 2)
    return tmp_path


OTHERS = ("051900.KS.csv", "ab/bars.parquet", "ab/notes.safetensors", "fits/rnn--0.safetensors")


@pytest.fixture
def others(store: Path) -> list[Path]:
    """Return files in the folder of the store that are no fits, old ones."""
    paths = [store / name for name in OTHERS]
    paths += [store / "cd" / f"{'ab' * 32}.safetensors", store / f"{'ab' * 32}.safetensors"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"precious")
        os.utime(path, (0, 0))
    return paths


def names(store: Path) -> list[str]:
    return [file.name for file in stored_files(store)]


def test_what_is_in_it_is_told(store: Path, others: list[Path], tmp_path: Path) -> None:
    found = contents(store)
    assert (found.fits, dict(found.forecasters)) == (3, {"drift": 3})
    assert found.size == sum(file.path.stat().st_size for file in stored_files(store))
    assert found.oldest is not None and found.newest is not None
    assert round((found.newest - found.oldest) / DAY) == 2
    stored_files(store)[0].path.write_bytes(b"")
    assert dict(contents(store).forecasters) == {"drift": 2, "(unreadable)": 1}
    empty = contents(tmp_path / "none")
    assert (empty.fits, empty.size, empty.oldest, dict(empty.forecasters)) == (0, 0, None, {})


def test_every_damaged_file_is_found(store: Path, others: list[Path]) -> None:
    assert damaged(store) == {}
    first, second, third = (file.path for file in stored_files(store))
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(third.read_bytes())
    assert set(damaged(store)) == {first, second}
    assert "another fit" in damaged(store)[second]


def test_a_header_may_hold_anything(store: Path) -> None:
    first, second, _ = (file.path for file in stored_files(store))
    for path, value in ((first, float("nan")), (second, "a\x1b[31m\nb")):
        made_of = {"format": 0, "forecaster": value}
        text = "0" * 64 + json.dumps({"made_of": made_of})
        path.write_bytes(save({}, metadata={ENTRY: text}))
    wrong = damaged(store)
    assert set(wrong) == {first, second}
    assert "its header is that of no fit" in wrong[first]
    assert set(contents(store).forecasters) == {"nan", "a\\x1b[31m b", "drift"}


def test_what_was_not_used_for_longest_goes_first(store: Path, others: list[Path]) -> None:
    oldest, middle, newest = stored_files(store)
    done = prune(store, size=middle.size + newest.size)
    assert (done.removed, done.freed, done.left) == (1, oldest.size, 2)
    assert names(store) == [middle.name, newest.name]
    assert prune(store, age=1.5 * DAY).removed == 1
    assert names(store) == [newest.name]
    assert (prune(store, size=0).left, names(store)) == (0, [])
    assert all(path.read_bytes() == b"precious" for path in others)


def test_a_fit_that_was_used_meanwhile_stays(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    oldest, *_ = before = stored_files(store)
    os.utime(oldest.path)
    monkeypatch.setattr("backtests.jobs.upkeep.stored_files", lambda folder: before)
    prune(store, age=0.5 * DAY)
    monkeypatch.undo()
    assert names(store) == [oldest.name]


def test_links_are_no_part_of_a_store(
    store: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / f"ee{'ab' * 31}.safetensors"
    outside.write_bytes(b"precious")
    (store / "ee").mkdir(exist_ok=True)
    (store / "ee" / outside.name).symlink_to(outside)
    prune(store, size=0)
    assert outside.exists() and (store / "ee" / outside.name).is_symlink()


def test_what_a_killed_process_left_half_written_goes_after_a_day(store: Path) -> None:
    inside = stored_files(store)[0].path.parent
    old, new = (inside / f".{letter * 40}.tmp" for letter in "ab")
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * DAY,) * 2)
    prune(store, size=10**9)
    assert not old.exists() and new.exists()


def test_what_a_running_run_uses_stays(store: Path) -> None:
    oldest, *_ = names(store)
    lease = Lease(store)
    lease.hold([oldest])
    done = prune(store, size=0)
    assert names(store) == [oldest] and (done.removed, done.in_use) == (2, 1)
    lease.hold(["of a second search"])
    assert used_fits(store) == {oldest, "of a second search"}
    lease.end()
    lease.end()  # as after an error
    assert prune(store, size=0).left == 0


def planted(store: Path, **changes: object) -> Path:
    """Return a lease of this process with some of its values changed."""
    lease = Lease(store)
    lease.hold(["fit"])
    about = json.loads(lease.path.read_text())
    lease.path.write_text(json.dumps(about | changes))
    return lease.path


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not asked there")
def test_a_lease_that_cannot_be_read_stays_and_one_that_cannot_be_a_lease_goes(
    tmp_path: Path,
) -> None:
    odd = planted(tmp_path, pid=2**40)
    loop = odd.with_name("loop.json")
    loop.symlink_to(loop)  # reading it is an error of the system, as where the rights are missing
    assert used_fits(tmp_path) == set()
    assert not odd.exists() and loop.is_symlink()


def test_a_lease_that_was_left_behind_holds_nothing(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for changes in ({"pid": ended.pid}, {"began": "another process got the number"}, {"pid": "x"}):
        path = planted(tmp_path, **changes)
        assert used_fits(tmp_path) == set() and not path.exists(), changes
    path = planted(tmp_path)
    path.write_text("half")
    assert used_fits(tmp_path) == set() and not path.exists()


def test_a_lease_of_another_machine_holds_until_it_was_not_renewed_for_a_week(
    tmp_path: Path,
) -> None:
    path = planted(tmp_path, host=f"not {platform.node()}", pid=1)
    os.utime(path, (time.time() - FORGOTTEN + DAY,) * 2)
    assert used_fits(tmp_path) == {"fit"}
    os.utime(path, (time.time() - FORGOTTEN - DAY,) * 2)
    assert used_fits(tmp_path) == set()
    assert list((tmp_path / FOLDER).iterdir()) == []
