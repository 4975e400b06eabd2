"""A stored fit that forecasts new rows leaves what a fresh fit leaves, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from backtests import plugins
from backtests.jobs.store import FitStore
from forecasters.bars import Bars, Floats
from forecasters.base import Forecaster
from forecasters.errors import DataWarning, InputError
from forecasters.features import make_features
from forecasters.models.linear import Linear
from forecasters.neural import NeuralForecaster
from forecasters.preparation.windows import Windows
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit, Fitted
from tests.contracts.representatives import FORECASTERS, slow_but

PLAN = WalkForward(train_size=60, step=100)
#: Forecasters that have no state, as the README says.
TRAINED_AGAIN = ("boosting",)
NAMES = plugins.names(plugins.FORECASTERS)
NETWORKS = [
    name
    for name in NAMES
    if issubclass(plugins.load(plugins.FORECASTERS, plugins.parse(name)), NeuralForecaster)
]
CASES = [*NAMES, *(f"{name}:engine=torch" for name in NETWORKS)]
FAST = (*FORECASTERS, "naive", "drift", "boosting", "cnn:engine=torch")


def assert_same(before: Fitted, after: Fitted) -> None:
    for field in fields(Fitted):
        a, b = getattr(before, field.name), getattr(after, field.name)
        assert type(b) is type(a), field.name
        assert np.asarray(b).tobytes() == np.asarray(a).tobytes(), field.name


def only_fit(forecaster: Forecaster, bars: Bars, rows: int, **changes: Any) -> Fit:
    """Return the only fit on the first rows of the bars."""
    (fit,) = PLAN.fits(forecaster, make_features(bars.rows(slice(0, rows))))
    return replace(fit, **changes)


@pytest.mark.parametrize("case", slow_but(FAST, CASES))
def test_new_rows_are_forecast_as_by_a_fresh_fit(
    make_forecaster: Callable[..., Forecaster], bars: Bars, tmp_path: Path, case: str
) -> None:
    name, _, engine = case.partition(":engine=")
    forecaster = make_forecaster(name, **({"engine": engine} if engine else {}))
    first = only_fit(forecaster, bars, 105)
    FitStore(tmp_path).save(first, *first.learn())
    known = FitStore(tmp_path).load(only_fit(forecaster, bars, 105))
    assert known is not None
    assert_same(first.run(), known)
    for rows, inside in ((106, False), (110, True), (64, False)):
        fit = only_fit(forecaster, bars, rows, inside=inside)
        found = FitStore(tmp_path).load(fit)
        if name in TRAINED_AGAIN:
            assert found is None
        else:
            assert found is not None, f"{rows} rows"
            assert_same(fit.run(), found)


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.partition(":")[0] not in TRAINED_AGAIN])
def test_new_rows_of_a_pooled_fit_too(
    make_forecaster: Callable[..., Forecaster], bars: Bars, tmp_path: Path, case: str
) -> None:
    name, _, engine = case.partition(":engine=")
    settings = {"engine": engine} if engine else {}
    if not plugins.load(plugins.FORECASTERS, plugins.parse(name)).poolable:
        pytest.skip("there is one for each ticker")
    forecaster = make_forecaster(name, pooled=True, **settings)

    def fit(rows: int) -> Fit:
        both = [replace(bars, ticker=ticker).rows(slice(0, rows)) for ticker in ("A.KS", "B.KS")]
        return PLAN.pooled_fits(forecaster, [make_features(each) for each in both])[0]

    FitStore(tmp_path).save(fit(105), *fit(105).learn())
    found = FitStore(tmp_path).load(fit(108))
    assert found is not None
    assert_same(fit(108).run(), found)


@dataclass(kw_only=True)
class Shifted(Linear):
    """Learns a number beside the weights, and inherits a state that knows nothing of it."""

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        super().fit(windows, validation, rng)
        self.shift_ = float(windows.y.mean())
        return self

    def predict(self, windows: Windows) -> Floats:
        return super().predict(windows) + self.shift_


@dataclass(kw_only=True)
class Forgetful(Shifted):
    """Writes a state that lacks the number: the class promises what it does not hold."""

    lost: str = "number"

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        return super().fit(windows, validation, rng)

    def predict(self, windows: Windows) -> Floats:
        return super(Shifted, self).predict(windows) + getattr(self, "shift_", 0.0)

    def state(self) -> dict[str, NDArray[Any]]:
        if self.lost == "type":
            return {**super().state(), "word": np.array("a word")}
        return super().state()

    def restore(self, state: Any, channels: int) -> Self:
        if self.lost == "restore":
            raise KeyError("shift")
        return super().restore(state, channels)


def test_a_state_that_was_inherited_is_not_trusted(bars: Bars, tmp_path: Path) -> None:
    assert Linear.restorable() and not Shifted.restorable() and Forgetful.restorable()
    first, longer = (only_fit(Shifted(), bars, rows) for rows in (105, 106))
    store = FitStore(tmp_path)
    store.save(first, *first.learn())
    known = store.load(only_fit(Shifted(), bars, 105))
    assert known is not None
    assert_same(first.run(), known)
    assert store.load(longer) is None, "its rows are part of the name"


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("number", "other closes, so its state lacks something"),
        ("restore", r"its restore fails \(KeyError: 'shift'\)"),
    ],
)
def test_a_state_that_lacks_something_is_found_by_trying(
    bars: Bars, tmp_path: Path, lost: str, said: str
) -> None:
    first, longer = (only_fit(Forgetful(lost=lost), bars, rows) for rows in (105, 106))
    store = FitStore(tmp_path)
    with pytest.warns(DataWarning, match=said):
        store.save(first, *first.learn())
    store.save(first, *first.learn())  # told once
    known = FitStore(tmp_path).load(only_fit(Forgetful(lost=lost), bars, 105))
    assert known is not None
    assert_same(first.run(), known)
    assert FitStore(tmp_path).load(longer) is None


def test_a_state_that_is_no_numbers_is_not_written(bars: Bars, tmp_path: Path) -> None:
    fit = only_fit(Forgetful(lost="type"), bars, 105)
    fitted, learned = fit.learn()
    store = FitStore(tmp_path)
    with pytest.warns(DataWarning, match="'word' of type <U6, which no file without code can hold"):
        store.save(fit, fitted, replace(learned, whole=True, why_not=""))
    again = only_fit(Forgetful(lost="type"), bars, 105)
    known = FitStore(tmp_path).load(again)
    assert known is not None
    assert_same(fitted, known)


@dataclass(kw_only=True)
class Stated(Linear):
    """Answers to `state` what its setting says."""

    says: str = "float"

    def state(self) -> Any:
        answers = {"float": {"mean": 1.0}, "None": None, "list": [1.0], "name": {1: np.ones(2)}}
        return answers[self.says]

    def restore(self, state: Any, channels: int) -> Self:
        return self


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("float", r"returned a float as 'mean'; .*np\.array"),
        ("None", "returned None; it must return a dict of text to NumPy arrays"),
        ("list", "returned a list; it must"),
        ("name", "has 1 as a name; it must"),
    ],
)
def test_a_state_that_is_no_dict_of_arrays_is_the_mistake_of_its_author(
    bars: Bars, says: str, message: str
) -> None:
    with pytest.raises(InputError, match=rf"Stated\.state \(.*\) {message}"):
        only_fit(Stated(says=says), bars, 105).learn()


@dataclass(kw_only=True)
class Anew(Linear):
    """Writes fit and predict and inherits a state, which asks for weights that it does not have."""

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        return self

    def predict(self, windows: Windows) -> Floats:
        return np.zeros(len(windows))


def test_an_inherited_state_may_fail_and_is_told_to_who_asks_for_it(
    bars: Bars, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    fit = only_fit(Anew(), bars, 105)
    made = fit.learn()
    assert made[1].state == {}
    FitStore(tmp_path).save(fit, *made)
    assert not recwarn.list, "it never promised a state"
    with pytest.warns(DataWarning, match=r"its state fails \(AttributeError"):
        FitStore(None, learned=True).save(fit, *made)
    assert FitStore(tmp_path).load(fit) is not None


@dataclass(kw_only=True)
class OfLevel(Linear):
    """Its state lacks a number that decides the answers to the rows before the test alone."""

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        super().fit(windows, validation, rng)
        self.until_ = (validation if len(validation) else windows).as_of[-1]
        return self

    def predict(self, windows: Windows) -> Floats:
        known = windows.as_of <= getattr(self, "until_", np.datetime64("1900-01-01"))
        return super().predict(windows) + known

    def state(self) -> dict[str, NDArray[Any]]:
        return super().state()

    def restore(self, state: Any, channels: int) -> Self:
        return super().restore(state, channels)


@pytest.mark.parametrize("validation", [0.25, 0.0])
def test_a_state_is_tried_on_rows_before_the_test_too(bars: Bars, validation: float) -> None:
    plan = replace(PLAN, validation=validation)
    for forecaster, whole in ((OfLevel(), False), (Linear(), True)):
        (fit,) = plan.fits(forecaster, make_features(bars.rows(slice(0, 105))))
        assert bool(fit.watched) is bool(validation)
        assert fit.learn()[1].whole is whole
