"""A stored fit comes back bit for bit; what is damaged, false or cannot be written ends no run."""

from __future__ import annotations

import json
import os
import struct
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from backtests.jobs import fit_file
from backtests.jobs.fit_file import DamagedFit, KeptFit, read_about, read_fit, write_fit
from backtests.jobs.fit_key import name_of
from backtests.jobs.leases import FOLDER
from backtests.jobs.store import FitStore, default_folder, open_store
from backtests.sources.simulated import Simulated
from forecasters.errors import DataWarning, InputError
from forecasters.features import make_features
from forecasters.models.linear import Linear
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit, Fitted, Learned

BARS = Simulated().fetch("051900.KS", "2016-01-01", "2016-07-01")


def make_fit(rows: int = 100, **settings: Any) -> Fit:
    features = make_features(BARS.rows(slice(0, rows)))
    return WalkForward(train_size=60, step=90).fits(Linear(**settings), features)[0]


@pytest.fixture(scope="module")
def made() -> tuple[Fitted, Learned]:
    return make_fit().learn()


@pytest.fixture
def file(made: tuple[Fitted, Learned], tmp_path: Path) -> Path:
    """Return the file of a stored fit."""
    FitStore(tmp_path).save(make_fit(), *made)
    (path,) = tmp_path.rglob("*.safetensors")
    return path


def same(a: Fitted | None, b: Fitted) -> bool:
    return a is not None and all(
        np.asarray(getattr(a, f.name)).tobytes() == np.asarray(getattr(b, f.name)).tobytes()
        for f in fields(Fitted)
    )


def loaded(folder: Path, fit: Fit | None = None) -> tuple[Fitted | None, list[str]]:
    """Return the answer of a new store, and what it warned of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return FitStore(folder).load(fit or make_fit()), [str(w.message) for w in said]


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Change header and arrays of a file, and give it the right checksum: as an attacker would."""
    kept = read_fit(path)
    about: dict[str, Any] = {
        "fitted": {},
        "test": kept.test,
        "made_of": kept.made_of,
        "state": kept.state,
    }
    arrays = {f.name: getattr(kept.fitted, f.name) for f in fields(Fitted)}
    change(about, arrays)
    write_fit(
        path, KeptFit(about["made_of"], Fitted(**arrays), about["test"], about["state"], kept.whole)
    )


def test_a_fit_comes_back_bit_for_bit(
    made: tuple[Fitted, Learned], file: Path, tmp_path: Path
) -> None:
    answer, said = loaded(tmp_path)
    assert same(answer, made[0]) and said == []
    assert loaded(tmp_path, make_fit(alpha=0.5)) == (None, [])
    assert file.parent.name == file.name[:2]


def test_another_store_object_needs_no_training_for_rows_before_the_test(
    made: tuple[Fitted, Learned], file: Path, tmp_path: Path
) -> None:
    """What a grid asked for stays in the file when a run forecasts more rows, and the other way round."""
    asked = replace(make_fit(), inside=True)
    answer, _ = loaded(tmp_path, asked)
    assert answer is not None and same(answer, asked.run()) and answer.inside.size > 0
    assert read_fit(file).fitted.inside.size == answer.inside.size
    assert same(loaded(tmp_path)[0], made[0])
    longer = make_fit(101)
    assert same(loaded(tmp_path, longer)[0], longer.run())
    assert read_fit(file).fitted.inside.size == answer.inside.size


def test_in_memory_it_is_the_same_and_leaves_no_file(
    made: tuple[Fitted, Learned], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fit = make_fit()
    with open_store("none") as store:
        assert store.folder is None and store.load(fit) is None
        store.save(fit, *made)
        assert same(store.load(fit), made[0])
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_named_by_flag_or_variable_or_is_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKTESTS_STORE", str(tmp_path / "variable"))
    assert open_store(str(tmp_path / "flag")).folder == tmp_path / "flag"
    assert open_store(None).folder == tmp_path / "variable"
    monkeypatch.setenv("BACKTESTS_STORE", "none")
    assert open_store(None).folder is None
    monkeypatch.delenv("BACKTESTS_STORE")
    monkeypatch.setenv("BACKTESTS_CACHE", str(tmp_path / "cache"))
    assert default_folder() == tmp_path / "cache" / "fits"


def test_reading_marks_the_last_use(file: Path, tmp_path: Path) -> None:
    os.utime(file, (1e9, 1e9))
    loaded(tmp_path)
    assert time.time() - file.stat().st_mtime < 60


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_told_trained_again_and_replaced(
    made: tuple[Fitted, Learned], file: Path, tmp_path: Path, share: float
) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[: int(share * len(raw))])
    answer, (said,) = loaded(tmp_path)
    assert answer is None
    assert said.startswith(f"{file} cannot be used: ") and "trained again and replaced" in said
    FitStore(tmp_path).save(make_fit(), *made)
    assert file.read_bytes() == raw


def test_flipped_bits_are_as_none(made: tuple[Fitted, Learned], file: Path, tmp_path: Path) -> None:
    """Wherever one bit of the file flips, the fit is trained again or is the same."""
    raw = bytearray(file.read_bytes())
    taken = 0
    for at in [*range(0, 64, 4), *range(64, len(raw), len(raw) // 120)]:
        raw[at] ^= 4
        file.write_bytes(raw)
        try:
            kept = read_fit(file)
        except DamagedFit:
            raw[at] ^= 4
            continue
        raw[at] ^= 4
        taken += 1
        assert same(kept.fitted, made[0]), at
    assert taken < 5, "the spaces that fill up the header"


def test_many_damaged_files_are_told_in_one_sentence(tmp_path: Path) -> None:
    fits = [make_fit(alpha=alpha) for alpha in (1.0, 2.0, 3.0)]
    for fit in fits:
        FitStore(tmp_path).save(fit, *fit.learn())
    for path in tmp_path.rglob("*.safetensors"):
        path.write_bytes(b"")
    store = FitStore(tmp_path)
    with pytest.warns(DataWarning, match=r"so are 2 more$") as said:
        found = [store.load_all(fits) for _ in range(2)]
    assert found == [{}, {}]
    assert len(said) == 1


def test_each_damaged_file_is_told_also_where_it_is_found_later(tmp_path: Path) -> None:
    fits = [make_fit(alpha=alpha) for alpha in (1.0, 2.0)]
    for fit in fits:
        FitStore(tmp_path).save(fit, *fit.learn())
    for path in tmp_path.rglob("*.safetensors"):
        path.write_bytes(b"")
    for only_stored, then in ((False, "trained again and replaced"), (True, "taken as absent")):
        store = FitStore(tmp_path, only_stored=only_stored)
        for fit in fits:
            with pytest.warns(DataWarning, match=rf"It is {then}$") as said:
                assert store.load(fit) is None
            assert len(said) == 1


def test_a_fit_that_would_not_be_read_again_is_not_written(
    made: tuple[Fitted, Learned], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = [make_fit(), make_fit(alpha=2.0)]
    for limit in ("LARGEST", "LARGEST_HEADER"):
        with monkeypatch.context() as patch:
            patch.setattr(fit_file, limit, 100)
            store = FitStore(tmp_path)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                for fit in fits:
                    store.save(fit, *made)
            (text,) = (str(w.message) for w in said)
            assert text.startswith("linear: a fit has more than")
            assert same(store.load(fits[1]), made[0])
            assert not list(tmp_path.rglob("*.safetensors"))
    FitStore(tmp_path).save(fits[0], *made)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1, "the next one may be written"


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_of_a_store_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="--store is empty"):
        open_store(name)


def test_a_fit_under_the_name_of_another_is_not_trusted(file: Path, tmp_path: Path) -> None:
    other = make_fit(alpha=0.5)
    FitStore(tmp_path / "other").save(other, *other.learn())
    (its_file,) = (tmp_path / "other").rglob("*.safetensors")
    file.write_bytes(its_file.read_bytes())
    answer, (said,) = loaded(tmp_path)
    assert answer is None and "another fit than its name says" in said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda about, arrays: arrays["close"].__setitem__(0, np.nan), "close has a value"),
        (lambda about, arrays: arrays["close"].__setitem__(0, np.inf), "close has a value"),
        (lambda about, arrays: arrays["centre"].__setitem__(0, np.inf), "centre has a value"),
        (
            lambda about, arrays: arrays.update(close=arrays["close"][:, None]),
            "close is float64 of",
        ),
        (
            lambda about, arrays: arrays.update(close=arrays["close"].astype("f4")),
            "close is float32",
        ),
        (lambda about, arrays: arrays.update(outside=arrays["outside"][1:]), "different lengths"),
        (lambda about, arrays: arrays.update(kept="1"), "kept is '1'"),
        (lambda about, arrays: arrays.update(engine=7), "engine is 7"),
        (lambda about, arrays: arrays.update(outliers=1.5), "outliers is 1.5"),
        (lambda about, arrays: about.update(test=()), "another number of tickers"),
    ],
)
def test_values_that_no_fit_has_are_refused_though_the_checksum_is_right(
    file: Path, tmp_path: Path, change: Callable[[Any, Any], None], why: str
) -> None:
    rewrite(file, change)
    answer, (said,) = loaded(tmp_path)
    assert answer is None and why in said


@pytest.mark.parametrize(
    "header", [{}, {"fit": "[]"}, {"fit": "0" * 64 + "{}"}, {"other": "nonsense"}]
)
def test_any_other_file_of_tensors_is_refused(
    file: Path, tmp_path: Path, header: dict[str, str]
) -> None:
    file.write_bytes(save({"x": np.zeros(3)}, metadata=header or None))
    answer, said = loaded(tmp_path)
    assert answer is None and len(said) == 1
    file.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    assert loaded(tmp_path)[0] is None


def test_weights_of_another_shape_are_trained_again(file: Path, tmp_path: Path) -> None:
    """Another number of rows asks for the weights; with a right checksum they are still not those."""
    rewrite(file, lambda about, arrays: about["state"].update(weights=np.zeros(3)))
    answer, (said,) = loaded(tmp_path, make_fit(101))
    assert answer is None and "3 weights for windows of 5 x 5" in said


def test_the_file_is_tensors_and_json(file: Path) -> None:
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])["__metadata__"]
    about = json.loads(header["fit"][64:])
    assert name_of(about["made_of"]) == file.stem
    assert (
        about["made_of"]["forecaster"] == "linear" and about["made_of"]["settings"]["lookback"] == 5
    )
    assert {"fitted/close", "state/weights", "state/intercept"} <= set(load(data))


def test_a_store_that_cannot_be_written_is_said_once_and_the_run_goes_on(
    made: tuple[Fitted, Learned], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("backtests.jobs.store.write_fit", full)
    fits = [make_fit(), make_fit()]
    store = FitStore(tmp_path, learned=True)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for fit in fits:
            store.save(fit, *made)
    (text,) = (str(w.message) for w in said)
    assert str(tmp_path) in text and "No space left on device" in text and "--store DIR" in text
    assert all(same(store.load(fit), made[0]) for fit in fits)
    assert store.learned(fits[1]) is made[1]


def test_a_folder_that_is_a_file_cannot_be_written(
    made: tuple[Fitted, Learned], tmp_path: Path
) -> None:
    (tmp_path / "store").write_text("mine")
    with FitStore(tmp_path / "store") as store:
        fit = make_fit()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert store.load(fit) is None
            store.save(fit, *made)
        assert ["--store DIR" in str(w.message) for w in said] == [True]
        assert same(store.load(fit), made[0])
    assert (tmp_path / "store").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_may_only_be_read_is_read(
    made: tuple[Fitted, Learned], tmp_path: Path, file: Path
) -> None:
    file.chmod(0o444)
    file.parent.chmod(0o555)
    tmp_path.chmod(0o555)
    try:
        answer, said = loaded(tmp_path)
        assert same(answer, made[0]) and said == []
    finally:
        tmp_path.chmod(0o755)
        file.parent.chmod(0o755)


def test_what_a_run_uses_is_told_to_others_until_it_ends(file: Path, tmp_path: Path) -> None:
    with FitStore(tmp_path) as store:
        store.load(make_fit())
        (lease,) = (tmp_path / FOLDER).iterdir()
        assert file.stem in json.loads(lease.read_text())["fits"]
    assert not lease.exists()


def test_a_pipe_in_the_place_of_a_fit_is_not_waited_for(file: Path, tmp_path: Path) -> None:
    file.unlink()
    os.mkfifo(file)
    answer, said = loaded(tmp_path)
    assert answer is None and "is a pipe, not a file" in said[0]
    with pytest.raises(DamagedFit, match=r"^it is a pipe"):
        read_about(file)
