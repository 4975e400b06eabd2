"""A kept fit comes back bit for bit; a damaged file is as none."""

from dataclasses import fields

import numpy as np
import pytest

from backtests.jobs.store import FitStore
from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.models.linear import Linear
from forecasters.walk_forward import WalkForward


@pytest.fixture(scope="module")
def fitted():
    features = make_features(Simulated().fetch("051900.KS", "2016-01-01", "2016-07-01"))
    return WalkForward(train_size=60, step=17).fits(Linear(), features)[0].run()


def test_a_fit_comes_back_bit_for_bit(fitted, tmp_path):
    store = FitStore(tmp_path / "fits")
    store.save(7, fitted)
    again = store.load(7)
    for field in fields(fitted):
        before, after = getattr(fitted, field.name), getattr(again, field.name)
        assert type(after) is type(before), field.name
        assert np.asarray(after).tobytes() == np.asarray(before).tobytes(), field.name
    assert store.load(8) is None


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_as_none(fitted, tmp_path, share):
    store = FitStore(tmp_path)
    store.save(0, fitted)
    (path,) = tmp_path.glob("*.npz")
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    assert store.load(0) is None


def test_flipped_bits_are_as_none(fitted, tmp_path):
    """Wherever one bit of the file flips, the fit is trained again or is the same."""
    store = FitStore(tmp_path)
    store.save(0, fitted)
    (path,) = tmp_path.glob("*.npz")
    raw = bytearray(path.read_bytes())
    for at in range(0, len(raw), max(1, len(raw) // 200)):
        raw[at] ^= 4
        path.write_bytes(raw)
        loaded = store.load(0)
        assert loaded is None or loaded.close.tobytes() == fitted.close.tobytes(), at
        raw[at] ^= 4
