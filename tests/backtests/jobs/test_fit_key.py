"""A fit has another name as soon as something changes that it depends on, and only then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtests import plugins
from backtests.jobs import fit_code
from backtests.jobs.fit_key import FitKeys, engine_of
from backtests.sources.simulated import Simulated
from forecasters.bars import COLUMNS, Bars
from forecasters.base import Forecaster
from forecasters.features import make_features
from forecasters.models.boosting import Boosting
from forecasters.models.linear import Linear
from forecasters.models.rnn import RNN
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit

PLAN = WalkForward(train_size=60, step=25, expanding=False)
#: Of the second fold: the first row of a window, the first fit row, the last validation row, the last test row.
WINDOW, FIT, VALIDATION, TEST = 25 - 4, 25, 84, 99


@pytest.fixture(scope="module")
def bars() -> Bars:
    return Simulated().fetch("051900.KS", "2016-01-01", "2017-01-01").rows(slice(0, 100))


def fit_of(bars: Bars, forecaster: Forecaster | None = None, plan: WalkForward = PLAN) -> Fit:
    """Return the second fit: its fold neither begins at the first row nor ends after the last."""
    return plan.fits(forecaster or Linear(), make_features(bars, horizon=plan.horizon))[1]


def changed(bars: Bars, row: int, **columns: float) -> Bars:
    """Return the bars with another row; the row still is a bar."""
    rows = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name, factor in columns.items():
        rows[name][row] *= factor
    return replace(bars, **rows)


def learned(fit: Fit, keys: FitKeys | None = None) -> str:
    key = (keys or FitKeys()).of(fit)
    assert key is not None
    return key.learned_name


def test_what_a_fit_may_see_is_part_of_its_name_and_no_other_row(bars: Bars) -> None:
    fit = fit_of(bars)
    fold = fit.parts[0].fold
    assert (fold.fit.start, fold.validation.stop, fold.test) == (25, 85, range(85, 100))
    base = FitKeys().of(fit)
    assert base is not None
    for row in (WINDOW, FIT, 60, VALIDATION):
        assert learned(fit_of(changed(bars, row, volume=1.5))) != base.learned_name, row
    for row in (0, WINDOW - 1, TEST):
        key = FitKeys().of(fit_of(changed(bars, row, volume=1.5)))
        assert key is not None
        assert key.learned_name == base.learned_name, row
        assert (key.test == base.test) is (row != TEST)
    # the close of the first test row is the target of the last validation row
    low_and_close = {"low": 0.9, "close": 0.99, "open": 0.99}
    assert learned(fit_of(changed(bars, VALIDATION + 1, **low_and_close))) != base.learned_name


def test_a_halt_of_a_target_is_part_of_the_name(bars: Bars) -> None:
    """The close is the same; the row before it is no row to learn from any more."""
    features = make_features(bars)
    tradable = features.tradable.copy()
    tradable[VALIDATION + 1] = False
    fit = PLAN.fits(Linear(), features)[1]
    halted = PLAN.fits(Linear(), replace(features, tradable=tradable))[1]
    assert learned(fit) != learned(halted)


@pytest.mark.parametrize(
    "other",
    [
        Linear(alpha=0.02),
        Linear(lookback=4),
        Linear(target="return"),
        Linear(scaler="standard"),
        Boosting(),
    ],
)
def test_forecaster_and_settings_are_part_of_the_name(bars: Bars, other: Forecaster) -> None:
    assert learned(fit_of(bars, other)) != learned(fit_of(bars))
    assert learned(fit_of(bars, replace(other))) == learned(fit_of(bars, other))


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, validation=0.3),
        replace(PLAN, horizon=2),
        replace(PLAN, expanding=True),
        replace(PLAN, train_size=61, step=24),
    ],
)
def test_the_folds_are_part_of_the_name(bars: Bars, plan: WalkForward) -> None:
    assert learned(fit_of(bars, plan=plan)) != learned(fit_of(bars))


def test_seed_and_ticker_are_part_of_the_name(bars: Bars) -> None:
    fit = fit_of(bars)
    assert learned(replace(fit, seed=1)) != learned(fit)
    assert learned(fit_of(replace(bars, ticker="005930.KS"))) != learned(fit)


def test_rows_and_inside_are_part_of_the_exact_name_alone(bars: Bars) -> None:
    keys = FitKeys()
    fit = fit_of(bars)
    made = [
        keys.of(each) for each in (fit, replace(fit, inside=True), fit_of(bars.rows(slice(0, 98))))
    ]
    assert len({key.learned_name for key in made if key}) == 1
    assert len({key.exact_name for key in made if key}) == 3


def test_an_engine_has_the_name_of_its_bits(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    def name(engine: str) -> str:
        return learned(fit_of(bars, RNN(lookback=5, engine=engine)))

    def set_isa(build: str) -> None:
        monkeypatch.setattr("backtests.jobs.fit_key.isa", lambda: build)

    monkeypatch.setattr("backtests.jobs.fit_key.available", lambda: None)
    monkeypatch.setattr("backtests.jobs.fit_key.compiler", lambda: "this one")
    set_isa("avx2")
    native = name("auto")
    assert name("native") == native != name("torch")
    set_isa("avx512")
    assert name("auto") == native
    with monkeypatch.context() as other:
        other.setattr("backtests.jobs.fit_key.compiler", lambda: "another")
        assert name("auto") != native
    set_isa("portable")
    assert name("auto") != native
    assert engine_of(Linear()) == {}
    monkeypatch.setattr("backtests.jobs.fit_key.available", lambda: "not built")
    assert name("auto") != name("torch"), "the fit says why torch trained it"


@dataclass(kw_only=True)
class Engined(Linear):
    """A setting of the name of one of ours, with another meaning."""

    engine: str = "fast"


def test_a_setting_engine_of_another_class_is_a_setting_like_any(bars: Bars) -> None:
    names = {learned(fit_of(bars, Engined(engine=engine))) for engine in ("fast", "exact")}
    assert len(names) == 2


def test_code_versions_and_processor_are_part_of_the_name(
    bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = FitKeys().of(fit_of(bars))
    assert key is not None
    assert key.learned["versions"].keys() == {
        "numpy",
        "scipy",
        "torch",
        "scikit-learn",
        "statsmodels",
    }
    assert key.learned["processor"] and key.learned["python"].startswith("3.")
    monkeypatch.setattr("backtests.jobs.fit_key.code_of", lambda package: f"other {package}")
    assert learned(fit_of(bars)) != key.learned_name


def test_the_code_is_the_files_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_code, "ROOT", tmp_path)
    inner = tmp_path / "forecasters" / "engines"
    inner.mkdir(parents=True)
    digests = set()
    for number, name in enumerate(("a.py", "a.cpp", "a.h", "a.txt", "a.pyc")):
        (inner / name).write_text("1")
        fit_code.code_of.cache_clear()
        digests.add(fit_code.code_of("forecasters"))
        assert len(digests) == min(number + 1, 3)
    fit_code.code_of.cache_clear()


OWN = """
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from forecasters.base import Forecaster

@dataclass(kw_only=True)
class Own(Forecaster):
    weights: str = "none"
    table: Path | None = None
    def fit(self, windows, validation, rng):
        return self
    def predict(self, windows):
        return np.full(len(windows), {number})
"""


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Forecaster]:
    """Return a maker of a forecaster in a user's file."""

    def make(number: float = 0.5, **settings: Any) -> Forecaster:
        path = tmp_path / "own.py"
        path.write_text(OWN.replace("{number}", str(number)))
        cls = plugins.load(plugins.FORECASTERS, plugins.parse(str(path)))
        made: Forecaster = cls(**settings)
        return made

    return make


def test_the_code_of_a_user_is_part_of_the_name(
    bars: Bars, own: Callable[..., Forecaster], tmp_path: Path
) -> None:
    first = learned(fit_of(bars, own()))
    assert learned(fit_of(bars, own())) == first
    assert learned(fit_of(bars, own(0.6))) != first
    (tmp_path / "helper.py").write_text("x = 1")
    assert learned(fit_of(bars, own())) != first, "it may be imported in fit"


def test_the_content_of_a_file_that_a_setting_names_is_part_of_the_name(
    bars: Bars, own: Callable[..., Forecaster], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "numbers.txt"
    for name, value in (("weights", str(file)), ("table", file), ("weights", str(folder))):
        file.write_text("1")
        keys = FitKeys()
        first = learned(fit_of(bars, own(**{name: value})), keys)
        file.write_text("2")
        assert learned(fit_of(bars, own(**{name: value})), keys) == first, "read once for a run"
        assert learned(fit_of(bars, own(**{name: value}))) != first


def test_what_cannot_be_named_has_no_key(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(kw_only=True)
    class Typed(Linear):
        extra: Any = None

    assert FitKeys().of(fit_of(bars, Typed(extra=np.mean))) is None
    assert FitKeys().of(fit_of(bars, Typed(extra=1))) is not None
    monkeypatch.setattr(Typed, "__module__", "__main__")
    assert FitKeys().of(fit_of(bars, Typed(extra=1))) is None


def test_the_names_of_many_fits_are_cheap(bars: Bars) -> None:
    """24 tickers, 4 networks, 3 seeds and 7 folds take about a quarter of a second on an idle core."""
    features = [make_features(replace(bars, ticker=f"{n:06d}.KS")) for n in range(6)]
    plan = WalkForward(train_size=60, step=5)
    fits = [
        fit
        for each in features
        for units in range(4)
        for fit in plan.fits(RNN(hidden=units + 1, lookback=5), each, seeds=(0, 1, 2))
    ]
    assert len(fits) == 6 * 4 * 3 * 8
    keys = FitKeys()
    began = time.process_time()
    names = {key.learned_name for fit in fits if (key := keys.of(fit))}
    assert len(names) == len(fits)
    assert len(keys._rows) == 6 * 8 * 2, "each row is hashed once for all networks and seeds"
    assert time.process_time() - began < 2
