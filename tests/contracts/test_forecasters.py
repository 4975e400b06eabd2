"""What every forecaster must keep, ours and those still to be written: found by name, none listed."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pytest
import torch

from backtests import plugins
from backtests.auditing.checks.apart import bits
from backtests.auditing.finding import Status
from backtests.auditing.register import FORECASTER_CHECKS, Examination
from backtests.auditing.report import status_of
from backtests.auditing.subject import Subject
from backtests.jobs.parallel import run_tasks
from forecasters.bars import Bars
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import Features, make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit
from tests.contracts.representatives import FORECASTERS, slow_but

NAMES = plugins.names(plugins.FORECASTERS)
#: Folds are tested from rows 60, 77 and 94 of 110; the last one is cut short.
PLAN = WalkForward(train_size=60, step=17)
#: The first forecast with an outcome, inside a fold, its last row, the next one's first, a halt,
#: and inside the last fold.
DAYS = (61, 70, 76, 77, 85, 100)
HALT = 85
#: The matrices below run in full with the slow tests; every forecaster is in the first one.
FEW = slow_but(FORECASTERS, NAMES)

Make = Callable[..., Forecaster]
Check = Callable[[Callable[[Bars], Forecasts], Bars, int], list[str]]


def fits_of(bars: Bars, forecaster: Forecaster, seeds: tuple[int, ...] = (0, 1)) -> tuple[Fit, ...]:
    return PLAN.fits(forecaster, make_features(bars), seeds)


def test_there_are_forecasters_to_test() -> None:
    assert {"naive", "stacked_lstm", "rnn", "cnn"} <= set(NAMES)


# --- no forecast depends on a later row ----------------------------------------------------------


@pytest.mark.parametrize("t", slow_but([HALT], DAYS))
@pytest.mark.parametrize("name", NAMES)
def test_no_forecast_depends_on_a_later_row(
    name: str, t: int, bars: Bars, make_forecaster: Make, forecasts_unchanged: Check
) -> None:
    def make(bars: Bars) -> Forecasts:
        return PLAN.predict(make_forecaster(name), make_features(bars))

    assert forecasts_unchanged(make, bars, t) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"target": "return"},
        {"target": "return", "scaler": "standard"},
        {"clip": 3.0, "components": 3},
        {"components": 2, "reduction": "svd", "scaler": "standard"},
        {"patience": 1, "epochs": 4, "learning_rate": 0.05},
        {"scaler": "none", "learning_rate": 1e-9},  # raw prices: small steps, or the loss explodes
    ],
    ids=str,
)
@pytest.mark.parametrize("name", FEW)
def test_nor_with_another_target_or_scaler(
    name: str,
    settings: dict[str, Any],
    bars: Bars,
    make_forecaster: Make,
    forecasts_unchanged: Check,
) -> None:
    try:
        make_forecaster(name, **settings)
    except InputError:
        assert name not in ("stacked_lstm", "rnn", "cnn")
        return  # it allows no other target, and refuses at once

    def make(bars: Bars) -> Forecasts:
        return PLAN.predict(make_forecaster(name, **settings), make_features(bars))

    assert forecasts_unchanged(make, bars, 80) == []


@pytest.mark.parametrize("expanding", [True, False])
@pytest.mark.parametrize("name", slow_but(["linear"], NAMES))
def test_nor_in_another_plan(
    name: str, expanding: bool, bars: Bars, make_forecaster: Make, forecasts_unchanged: Check
) -> None:
    plan = WalkForward(train_size=60, step=13, horizon=3, purge=2, expanding=expanding)

    def make(bars: Bars) -> Forecasts:
        return plan.predict(make_forecaster(name), make_features(bars, horizon=3), seeds=(0, 1))

    for t in (70, 90):
        assert forecasts_unchanged(make, bars, t) == []


# --- the check itself: leaks planted on purpose --------------------------------------------------


@dataclass(kw_only=True)
class Mirror(Forecaster):
    """The mean target of training and a little of the newest inputs: leaks cannot hide in it."""

    lookback: int = 2
    stochastic: ClassVar[bool] = False

    def fit(self, windows: Any, validation: Any, rng: np.random.Generator) -> Self:
        self.mean_ = windows.y.mean()
        return self

    def predict(self, windows: Any) -> Any:
        return self.mean_ + 0.01 * np.array([x.sum() for x in windows.X])


def honest(bars: Bars) -> Forecasts:
    return PLAN.predict(Mirror(), make_features(bars))


def _with(features: Features, X: Any) -> Features:
    return Features(
        features.ticker, features.sessions, features.names, X, features.y.copy(),
        features.close, features.tradable, features.horizon,
    )  # fmt: skip


def scaled_on_all_rows(bars: Bars) -> Forecasts:
    features = make_features(bars)
    low, high = features.X.min(axis=0), features.X.max(axis=0)
    return PLAN.predict(Mirror(scaler="none"), _with(features, (features.X - low) / (high - low)))


def next_close_as_an_input(bars: Bars) -> Forecasts:
    features = make_features(bars)
    X = features.X.copy()
    X[:-1, 3] = X[1:, 3]
    return PLAN.predict(Mirror(), _with(features, X))


def centred_mean_as_an_input(bars: Bars) -> Forecasts:
    """A smoothing that looks one session ahead, as wavelets and centred averages do."""
    features = make_features(bars)
    X = features.X.copy()
    X[1:-1, 3] = (features.X[:-2, 3] + features.X[1:-1, 3] + features.X[2:, 3]) / 3
    return PLAN.predict(Mirror(), _with(features, X))


def plan_of_the_length(bars: Bars) -> Forecasts:
    """Train on the first half: which rows those are depends on how far the bars reach."""
    size = round(0.5 * len(bars))
    return WalkForward(train_size=size, step=len(bars)).predict(Mirror(), make_features(bars))


def anchored_at_the_end(bars: Bars) -> Forecasts:
    """Whole folds counted back from the newest session: every border moves with every bar."""
    plan = WalkForward(train_size=40 + (len(bars) - 40) % 17, step=17)
    return plan.predict(Mirror(), make_features(bars))


def test_the_check_passes_what_is_honest(bars: Bars, forecasts_unchanged: Check) -> None:
    for t in DAYS:
        assert forecasts_unchanged(honest, bars, t) == []


@pytest.mark.parametrize(
    ("leak", "seen_in"),
    [
        (scaled_on_all_rows, ("other prices", "appended")),
        (next_close_as_an_input, ("ends here", "other prices", "a halt")),
        (centred_mean_as_an_input, ("ends here", "other prices", "a halt")),
        (plan_of_the_length, ("ends here", "ends a session later", "appended")),
        (anchored_at_the_end, ("ends here", "ends a session later", "appended")),
    ],
)
@pytest.mark.parametrize("t", [76, 80])
def test_the_check_finds_a_planted_leak(
    leak: Callable[[Bars], Forecasts],
    seen_in: tuple[str, ...],
    t: int,
    bars: Bars,
    forecasts_unchanged: Check,
) -> None:
    found = forecasts_unchanged(leak, bars, t)
    for what in seen_in:
        assert any(what in line for line in found), f"not seen in '{what}'; seen: {found}"


# --- fits share code, never numbers --------------------------------------------------------------


@pytest.fixture(scope="module")
def fits(bars: Bars, make_forecaster: Make) -> dict[str, tuple[Fit, ...]]:
    """Return every forecaster's fits: three folds, two seeds."""
    return {name: fits_of(bars, make_forecaster(name)) for name in NAMES}


@pytest.fixture(scope="module")
def alone(fits: dict[str, tuple[Fit, ...]]) -> dict[str, list[bytes]]:
    """Return the bits of each fit, run once in this process, in order."""
    return {name: [bits(fit.run()) for fit in group] for name, group in fits.items()}


@pytest.mark.parametrize("name", FEW)
def test_a_fit_among_others_is_the_fit_alone(
    name: str, fits: dict[str, tuple[Fit, ...]], alone: dict[str, list[bytes]]
) -> None:
    group = fits[name]
    assert [bits(fit.run()) for fit in reversed(group)] == alone[name][::-1]
    last = len(group) - 1
    for other in fits.values():  # another forecaster's fit just before it
        other[0].run()
        assert bits(group[last].run()) == alone[name][last]
    torch.manual_seed(99)
    np.random.seed(99)
    assert bits(group[0].run()) == alone[name][0]


@pytest.mark.parametrize("names", slow_but([FORECASTERS], [FORECASTERS, tuple(NAMES)]), ids=len)
def test_worker_processes_give_the_same_bits(
    names: tuple[str, ...], fits: dict[str, tuple[Fit, ...]], alone: dict[str, list[bytes]]
) -> None:
    every = [fit for name in names for fit in fits[name]][::-1]
    expected = [answer for name in names for answer in alone[name]][::-1]
    finished: list[int] = []
    answers = run_tasks([fit.run for fit in every], jobs=2, on_done=lambda n, _: finished.append(n))
    assert [bits(fitted) for fitted in answers] == expected
    assert sorted(finished) == list(range(len(every)))


@pytest.mark.parametrize("name", NAMES)
def test_a_pickled_fit_gives_the_same_bits(
    name: str, fits: dict[str, tuple[Fit, ...]], alone: dict[str, list[bytes]]
) -> None:
    assert bits(pickle.loads(pickle.dumps(fits[name][0])).run()) == alone[name][0]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_differ_where_there_is_randomness_and_only_there(
    name: str, bars: Bars, make_forecaster: Make
) -> None:
    forecaster = make_forecaster(name)
    parts = fits_of(bars, forecaster)[0].parts
    a, b = (bits(Fit(parts, forecaster, seed).run()) for seed in (0, 1))
    assert (a != b) == forecaster.stochastic


@pytest.mark.parametrize("name", NAMES)
def test_tickers_share_no_stream(name: str, bars: Bars, make_forecaster: Make) -> None:
    """The same bars under another name are another fit, with other weights."""
    other = Bars(
        "OTHER", *(getattr(bars, n) for n in ("sessions", "open", "high", "low", "close", "volume"))
    )
    forecaster = make_forecaster(name)
    a, b = (bits(fits_of(part, forecaster)[0].run()) for part in (bars, other))
    assert (a != b) == forecaster.stochastic


@pytest.mark.parametrize("name", NAMES)
def test_the_users_random_numbers_and_threads_are_left_alone(
    name: str, fits: dict[str, tuple[Fit, ...]]
) -> None:
    before = torch.get_rng_state(), np.random.get_state(), torch.get_num_threads()
    fits[name][0].run()
    assert torch.equal(torch.get_rng_state(), before[0])
    for a, b in zip(np.random.get_state(), before[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert torch.get_num_threads() == before[2]


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_leaves_its_forecaster_and_its_features_as_they_were(
    name: str, bars: Bars, make_forecaster: Make
) -> None:
    forecaster, features = make_forecaster(name), make_features(bars)
    state, X = dict(vars(forecaster)), features.X.tobytes()
    PLAN.fits(forecaster, features)[0].run()
    assert vars(forecaster) == state
    assert features.X.tobytes() == X


# --- the audit that a user can run ---------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_audit_finds_nothing(name: str, bars: Bars, make_forecaster: Make) -> None:
    trial = Subject(make_forecaster(name), PLAN, {bars.ticker: bars}, walks=2, few_days=True)
    for check in FORECASTER_CHECKS:
        findings = Examination(check, name, trial).run()
        assert status_of(findings) is not Status.FOUND, f"{check.name}: {findings}"


# --- answers and settings ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_a_price(name: str, bars: Bars, make_forecaster: Make) -> None:
    """An answer of another sort (scaled, a return, another unit) is far from any close."""
    made = PLAN.predict(make_forecaster(name), make_features(bars))
    answers = made.close[np.isfinite(made.close)]
    assert len(made) == 50 and answers.size == 49, (
        "every session from the first test on but the halt"
    )
    assert made.ticker == "051900.KS"
    assert made.forecaster == name
    low, high = bars.close.min(), bars.close.max()
    assert (answers > low - 3 * (high - low)).all() and (answers < high + 3 * (high - low)).all()


def test_naive_is_the_last_close_exactly(bars: Bars, make_forecaster: Make) -> None:
    made = PLAN.predict(make_forecaster("naive"), make_features(bars))
    forecast = np.isfinite(made.close)
    assert made.close[forecast].tobytes() == bars.close[60:][forecast].tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_settings_go_there_and_back(
    name: str, bars: Bars, make_forecaster: Make, alone: dict[str, list[bytes]]
) -> None:
    forecaster = make_forecaster(name)
    params = forecaster.get_params()
    assert set(params) == set(plugins.settings_of(type(forecaster)))
    again = type(forecaster)(**params)
    assert again == forecaster and again.get_params() == params
    assert bits(fits_of(bars, again)[0].run()) == alone[name][0]
    # And as a user writes them behind the colon.
    text = ",".join(f"{key}={value}" for key, value in params.items())
    assert plugins.make(plugins.FORECASTERS, plugins.parse(f"{name}:{text}")) == forecaster


@pytest.mark.parametrize("name", NAMES)
def test_it_goes_by_the_name_of_its_file(name: str, make_forecaster: Make) -> None:
    assert make_forecaster(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_each_epoch_has_its_losses(name: str, fits: dict[str, tuple[Fit, ...]]) -> None:
    """A forecaster with epochs must hand over its losses: the page draws them."""
    fit = fits[name][0]
    made, epochs = fit.run(), fit.forecaster.get_params().get("epochs", 0)
    assert made.train_loss.shape == made.validation_loss.shape == (epochs,)
    assert np.isfinite(made.train_loss).all() and np.isfinite(made.validation_loss).all()
