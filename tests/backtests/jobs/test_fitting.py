"""Many fits: what is kept is not trained again, and an interruption keeps what is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from backtests.jobs.fitting import run_fits
from backtests.jobs.store import FitStore
from backtests.sources.simulated import Simulated
from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import Features, make_features
from forecasters.preparation.windows import Windows
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit, Fitted
from tests.backtests.example_runs import interrupt_after

#: Sizes of the forecasters that were trained, as they were.
TRAINED: list[float] = []
#: Sizes of the forecasters that were asked whether they may run in threads, and for their state.
ASKED: list[float] = []
STATED: list[float] = []


@dataclass(kw_only=True)
class Sized(Forecaster):
    """Answers its size times the last input; the larger, the longer it takes."""

    lookback: int = 2
    size: float = 1.0
    threads: bool = False
    stochastic: ClassVar[bool] = False

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        if self.size < 0:
            raise InputError(f"size is {self.size}")
        TRAINED.append(self.size)
        return self

    def predict(self, windows: Windows) -> Floats:
        return np.asarray(self.size * windows.X[:, -1, 0])

    def in_threads(self, channels: int) -> bool:
        ASKED.append(self.size)
        return self.threads

    def state(self) -> dict[str, NDArray[Any]]:
        STATED.append(self.size)
        return {"size": np.array([self.size])} if self.size > 1 else {}

    def cost(self, rows: int) -> float:
        return self.size


@pytest.fixture(scope="module")
def features() -> Features:
    bars = Simulated().fetch("051900.KS", "2016-01-01", "2017-01-01")
    return make_features(bars.rows(slice(0, 100)))


@pytest.fixture(autouse=True)
def trained() -> Iterator[list[float]]:
    """Return the sizes that this test trained."""
    TRAINED.clear()
    yield TRAINED
    TRAINED.clear()


def fits_of(features: Features, *sizes: float, threads: tuple[float, ...] = ()) -> list[Fit]:
    """Return the only fit of each forecaster."""
    plan = WalkForward(train_size=60, step=50)
    fits = []
    for size in sizes:
        (fit,) = plan.fits(Sized(size=size, threads=size in threads), features)
        fits.append(fit)
    return fits


def closes(fitted: list[Fitted]) -> list[bytes]:
    return [answer.close.tobytes() for answer in fitted]


@pytest.mark.parametrize("threads", [(), (2.0, 4.0), (1.0, 2.0, 3.0, 4.0)])
def test_the_longest_starts_first_and_the_answers_keep_the_order_of_the_fits(
    features: Features, tmp_path: Path, trained: list[float], threads: tuple[float, ...]
) -> None:
    fits = fits_of(features, 2.0, 1.0, 4.0, 3.0, threads=threads)
    answers = run_fits(fits, FitStore(tmp_path), 1, quiet=True)
    rest = [size for size in (4.0, 3.0, 2.0, 1.0) if size not in threads]
    assert trained == [*rest, *sorted(threads, reverse=True)]
    assert closes(answers) == closes([fit.run() for fit in fits])


def test_after_ctrl_c_the_same_call_trains_only_what_is_missing(
    features: Features, tmp_path: Path, trained: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    fits, store = fits_of(features, 2.0, 1.0, 4.0, 3.0), FitStore(tmp_path / "store")
    with pytest.MonkeyPatch.context() as patch:
        kept = interrupt_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            run_fits(fits, store, 1)
    assert kept == [fits[2], fits[3]], "the two longest"
    assert capsys.readouterr().err == "training: 4 to do\n"
    trained.clear()
    answers = run_fits(fits, store, 1)
    assert trained == [2.0, 1.0]
    assert capsys.readouterr().err.splitlines()[0] == "training: 2 to do (2 kept from before)"
    assert closes(answers) == closes(run_fits(fits, FitStore(tmp_path / "other"), 1, quiet=True))


@pytest.mark.parametrize("threads", [(), (2.0,)])
def test_each_forecaster_is_asked_once_and_its_state_only_where_it_is_kept(
    features: Features, tmp_path: Path, threads: tuple[float, ...]
) -> None:
    forecaster = Sized(size=2.0, threads=2.0 in threads)
    fits = WalkForward(train_size=60, step=10).fits(forecaster, features)
    assert len(fits) > 2
    for store, kept in (
        (FitStore(None), 0),
        (FitStore(tmp_path, only_stored=True), None),
        (FitStore(None, learned=True), len(fits)),
        (FitStore(tmp_path), len(fits)),
    ):
        if kept is None:
            assert not store.keeps_learned
            continue
        ASKED.clear()
        STATED.clear()
        run_fits(fits, store, 1, quiet=True)
        assert (len(ASKED), len(STATED)) == (1, kept)


def test_what_is_all_kept_is_only_read(
    features: Features, tmp_path: Path, trained: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    fits, store = fits_of(features, 1.0, 2.0), FitStore(tmp_path)
    first = run_fits(fits, store, 1, quiet=True)
    trained.clear()
    assert closes(run_fits(fits, store, 1)) == closes(first)
    assert trained == []
    assert capsys.readouterr().err == "", "nothing is left to wait for"


def test_an_error_keeps_what_was_done_before_it(
    features: Features, tmp_path: Path, trained: list[float]
) -> None:
    fits, store = fits_of(features, -1.0, 1.0, 2.0), FitStore(tmp_path)
    with pytest.raises(InputError, match="size is -1"):
        run_fits(fits, store, 1, quiet=True)
    assert trained == [2.0, 1.0]
    assert [store.load(fit) is None for fit in fits] == [True, False, False]


def test_a_kept_answer_of_another_length_is_trained_again(
    features: Features, tmp_path: Path, trained: list[float]
) -> None:
    fits, store = fits_of(features, 1.0), FitStore(tmp_path)
    fitted, learned = fits[0].learn()
    store.save(
        fits[0], replace(fitted, close=fitted.close[:-1], outside=fitted.outside[:-1]), learned
    )
    trained.clear()
    assert closes(run_fits(fits, store, 1, quiet=True)) == closes([fitted])
    assert trained == [1.0]


def test_a_store_that_may_only_be_read_trains_nothing_and_writes_nothing(
    features: Features, tmp_path: Path, trained: list[float]
) -> None:
    fits = fits_of(features, 1.0, 2.0)
    kept = run_fits(fits[:1], FitStore(tmp_path), 1, quiet=True)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    trained.clear()
    reader = FitStore(tmp_path, only_stored=True)
    assert closes(run_fits(fits[:1], reader, 1, quiet=True)) == closes(kept)
    with pytest.raises(
        InputError, match=r"1 of 2 fits are not in the store .*, the first of test_fi"
    ):
        run_fits(fits, reader, 1, quiet=True)
    assert trained == []
    assert set(tmp_path.rglob("*.safetensors")) == set(files)


@pytest.mark.parametrize("threads", [(), (2.0,)])
def test_what_was_learned_is_there_for_whoever_asks_for_it_later(
    features: Features, tmp_path: Path, trained: list[float], threads: tuple[float, ...]
) -> None:
    fits = fits_of(features, 1.0, 2.0, threads=threads)
    for folder in (tmp_path, None):
        run_fits(fits, store := FitStore(folder, learned=True), 1, quiet=True)
        trained.clear()
        assert [list(store.learned(fit).state) for fit in fits] == [[], ["size"]]
        assert store.learned(fits[1]).transforms["051900.KS"].names == features.names
        assert trained == []
    for path in tmp_path.rglob("*.safetensors"):  # pruned, or deleted by hand
        path.unlink()
    assert list(FitStore(tmp_path).learned(fits[1]).state) == ["size"]
    assert trained == [2.0]
