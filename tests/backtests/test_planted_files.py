"""No planted file gives a traceback or is waited for: a value, or a refusal in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from backtests import plugins
from backtests.jobs.saved import SavedFit, load_fit
from backtests.reading.arrays import read_arrays
from backtests.runs.folder import Finished, Place
from backtests.runs.manifest import read_manifest, write_manifest
from backtests.trials.ledger import Counted, remember
from backtests.trials.manifests import read_memories
from forecasters.errors import InputError
from tests.backtests.planted_files import (
    PLACES,
    count,
    good_fit,
    header_of,
    plants,
    spoilings,
    value_or_refusal,
    with_header,
)

#: All of the corpus takes longer: the fast tests take every sixth, beside the manifests.
EVERY = pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.slow)])


def fresh(folder: Path) -> Path:
    """Return an empty folder of this name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def test_a_planted_manifest_is_refused_or_remembers_nothing(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "runs"), "A.KS", "ab" * 32)
    counted = count(fresh(tmp_path / "ledger"))
    good_folder = fresh(place.folder)
    (good_folder / "index.html").write_text("page")
    entries = {"data": [{"ticker": "A.KS", "simulated": True}], "trials": remember([counted])}
    good = write_manifest(
        good_folder / "manifest.json", {"key": place.key, "digest": "d", **entries}
    )
    found = place.found()
    assert found is not None and found.manifest == good
    assert [memory.run for memory in read_memories(tmp_path / "runs")[0]] == [place.folder.name]
    planted = 0
    for name, plant in plants(good):
        planted += 1
        (fresh(place.folder) / "index.html").write_text("page")
        plant(place.folder / "manifest.json")
        assert isinstance(value_or_refusal(place.found), InputError), name
        value_or_refusal(lambda: read_manifest(place.folder / "manifest.json"))
        memories, said = value_or_refusal(lambda: read_memories(tmp_path / "runs"))
        assert len(memories) <= 1 and len(said) <= 1, name
    assert planted > 60


@EVERY
def test_a_planted_ledger_is_refused_before_the_training_or_counted(
    tmp_path: Path, step: int
) -> None:
    folder = fresh(tmp_path / "good")
    count(folder)
    line = json.loads((folder / "trials.jsonl").read_text())
    refused = planted = 0
    for name, plant in [*plants(line)][::step]:
        planted += 1
        folder = fresh(tmp_path / "planted")
        plant(folder / "trials.jsonl")
        outcome = value_or_refusal(lambda: count(folder))  # noqa: B023 - called at once
        refused += isinstance(outcome, InputError)
        assert isinstance(outcome, InputError | Counted), name
    assert planted > 60 / step
    assert refused == len([*PLACES][::step]), (
        "a line that cannot be read is counted, what is no file is refused"
    )


@EVERY
def test_a_planted_lock_or_series_is_refused_or_lost(tmp_path: Path, step: int) -> None:
    for name, plant in [*plants()][::step]:
        folder = fresh(tmp_path / "lock")
        plant(folder / "trials.jsonl.lock")
        assert isinstance(value_or_refusal(lambda: count(folder)), InputError | Counted), name  # noqa: B023
        folder = fresh(tmp_path / "series")
        count(folder)
        (file,) = folder.glob("trials-series/looks-*.npz")
        file.unlink()
        plant(file)
        assert value_or_refusal(lambda: read_arrays(file, "days")) is None, name  # noqa: B023
        again = value_or_refusal(lambda: count(folder, 2))  # noqa: B023
        assert (again.trials, again.without_series) == (2, 1), name


def fit_plants(path: Path) -> Any:
    """Yield names and what plants a spoilt fit."""
    yield from plants()
    header, tensors = header_of(path.read_bytes())
    about = json.loads(header["__metadata__"]["fit"])
    for name, spoilt in spoilings(header):
        yield name, lambda p, h=spoilt: p.write_bytes(with_header(h, tensors))
    huge = {"hidden": 10**9, "lookback": 10**9}
    evil = [
        ("forecaster", word) for word in ("evil.py", "./evil.py", "../evil.py:X", "rnn:hidden=3")
    ]
    evil += [("settings", {**about["settings"], **{key: value}}) for key, value in huge.items()]
    made = [(str(e), {**about, e[0]: e[1]}) for e in evil]
    for name, spoilt in [*spoilings(about), *made]:
        whole = {**header, "__metadata__": {"fit": json.dumps(spoilt)}}
        yield name, lambda p, h=whole: p.write_bytes(with_header(h, tensors))
    raw = bytearray(path.read_bytes())
    raw[-4:] = b"\x00\x00\xc0\x7f"  # NaN
    yield "not a number", lambda p: p.write_bytes(raw)


@EVERY
def test_a_planted_fit_is_refused_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.py").write_text("from pathlib import Path\nPath('ran').touch()\n")
    path = good_fit(tmp_path / "good.safetensors")
    assert isinstance(load_fit(path), SavedFit)
    planted = read = 0
    for name, plant in [*fit_plants(path)][:: 3 * step - 2]:
        planted += 1
        plant(fresh(tmp_path / "planted") / "fit.safetensors")
        outcome = value_or_refusal(lambda: load_fit(tmp_path / "planted" / "fit.safetensors"))
        assert isinstance(outcome, InputError | SavedFit), name
        read += isinstance(outcome, SavedFit)
    assert planted > 120 / (3 * step - 2)
    assert read < planted / 3, "settings that the training alone used may be others"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["evil.py", "./evil.py", "evil.py:x=1", "../elsewhere/evil.py", "rnn:x=1"]
)
def test_a_name_from_a_file_names_no_code_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("evil.py").write_text("from pathlib import Path\nPath('ran').touch()\n")
    with pytest.raises(InputError):
        plugins.find(plugins.FORECASTERS, name)
    assert not Path("ran").exists()


def test_a_planted_folder_of_the_work_is_refused(tmp_path: Path) -> None:
    place = Place(str(tmp_path), "A.KS", "ab" * 32)
    for name, plant in plants():
        plant(place.part)
        assert isinstance(value_or_refusal(place.found), InputError) is (
            name not in ("folder", "link to a folder")
        ), name
        remove(place.part)
    assert isinstance(value_or_refusal(place.found), Finished | None)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
