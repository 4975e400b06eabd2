"""The baselines, each against numbers computed in another way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from forecasters.errors import InputError
from forecasters.models.arima import ARIMA
from forecasters.models.boosting import Boosting
from forecasters.models.drift import Drift
from forecasters.models.linear import Linear
from forecasters.preparation.windows import Windows

RNG = np.random.default_rng(0)


def windows_of(X: np.ndarray, y: np.ndarray, names: tuple[str, ...] = ("close",)) -> Windows:
    days = np.datetime64("2015-01-01") + np.arange(len(X))
    return Windows(X, y, X[:, -1, 0].copy(), days, names)


@pytest.fixture
def random_windows() -> Callable[..., Windows]:
    def make(n: int, target: Callable[[np.ndarray], np.ndarray]) -> Windows:
        X = RNG.random((n, 3, 2))
        return windows_of(X, target(X), ("open", "close"))

    return make


def test_drift_is_the_mean_return_of_the_fit_rows_whatever_the_window_shows() -> None:
    fit = windows_of(np.ones((4, 1, 1)), np.array([0.01, -0.02, 0.03, 0.02]))
    ask = windows_of(RNG.random((7, 1, 1)), np.zeros(7))
    assert Drift().fit(fit, fit, RNG).predict(ask).tolist() == pytest.approx([0.01] * 7)


def test_linear_is_the_ridge_of_the_textbook(random_windows: Callable[..., Windows]) -> None:
    fit = random_windows(40, lambda X: 2 * X[:, 0, 0] - X[:, 2, 1] + RNG.normal(0, 0.1, len(X)))
    ask = random_windows(5, lambda X: X[:, 0, 0])
    flat, middle = fit.X.reshape(40, 6), fit.X.reshape(40, 6).mean(0)
    weights = np.linalg.inv((flat - middle).T @ (flat - middle) + 0.5 * np.eye(6)) @ (
        (flat - middle).T @ (fit.y - fit.y.mean())
    )
    expected = fit.y.mean() + (ask.X.reshape(5, 6) - middle) @ weights
    assert np.allclose(Linear(alpha=0.5).fit(fit, fit, RNG).predict(ask), expected, rtol=1e-9)


def test_boosting_finds_what_a_line_cannot(random_windows: Callable[..., Windows]) -> None:
    def xor(X: np.ndarray) -> np.ndarray:
        return np.where((X[:, 0, 0] > 0.5) == (X[:, 1, 1] > 0.5), 1.0, -1.0)

    fit, ask = random_windows(600, xor), random_windows(200, xor)
    line = Linear().fit(fit, fit, RNG).predict(ask)
    trees = Boosting(trees=200).fit(fit, fit, RNG).predict(ask)
    assert np.mean((line - ask.y) ** 2) > 0.8
    assert np.mean((trees - ask.y) ** 2) < 0.2


def prices(n: int, mean: float, ar: float, ma: float) -> np.ndarray:
    """Return closes whose log returns are an ARMA(1, 1), drawn day by day."""
    rng = np.random.default_rng(5)
    returns, before, shock = np.empty(n), 0.0, 0.0
    for day in range(n):
        new = rng.normal(0, 0.01)
        before = ar * before + new + ma * shock
        returns[day], shock = mean + before, new
    return 100 * np.exp(np.concatenate([[0.0], returns.cumsum()]))


def close_windows(closes: np.ndarray, lookback: int, horizon: int = 1) -> Windows:
    last = np.arange(lookback - 1, len(closes) - horizon)
    X = closes[last[:, None] + np.arange(1 - lookback, 1)][:, :, None]
    return replace(windows_of(X, np.log(closes[last + horizon] / closes[last])), horizon=horizon)


def test_arima_finds_the_coefficients_of_a_series_that_has_them() -> None:
    fit = close_windows(prices(6_000, 0.001, 0.6, 0.25), 61)
    model = ARIMA().fit(fit, fit, RNG)
    assert model.ar_ == pytest.approx(0.6, abs=0.05)
    assert model.ma_ == pytest.approx(0.25, abs=0.05)
    assert model.mean_ == pytest.approx(0.001, abs=0.001)


@pytest.mark.parametrize("horizon", [1, 3])
def test_arima_forecasts_by_the_recursion(horizon: int) -> None:
    model = ARIMA(lookback=4)
    model.mean_, model.ar_, model.ma_ = 0.001, 0.5, 0.2
    closes = 100 * np.exp(np.cumsum([0.0, 0.011, -0.019, 0.031, 0.0, 0.0, 0.0]))
    ask = replace(close_windows(closes, 4), horizon=horizon)
    # around the mean: 0.010, -0.020, 0.030. The first shock counts as zero.
    second = -0.020 - 0.5 * 0.010
    third = 0.030 - (0.5 * -0.020 + 0.2 * second)
    ahead = 0.5 * 0.030 + 0.2 * third
    expected = sum(0.001 + 0.5**day * ahead for day in range(horizon))
    assert model.predict(ask)[0] == pytest.approx(expected, rel=1e-12)


def test_arima_of_a_price_that_never_moves_forecasts_that_it_stays() -> None:
    fit = close_windows(np.full(100, 50.0), 5)
    assert ARIMA(lookback=5).fit(fit, fit, RNG).predict(fit).tolist() == [0.0] * len(fit)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Drift(target="close"),
            "target close and scaler none; it allows only return and none",
        ),
        (lambda: ARIMA(scaler="minmax"), "target return and scaler minmax"),
        (lambda: ARIMA(lookback=2), "at least 3"),
        (lambda: Linear(alpha=0.0), "alpha"),
        (lambda: Boosting(leaves=1), "leaves"),
        (lambda: Boosting(learning_rate=0.0), "learning_rate"),
    ],
)
def test_settings_without_a_meaning_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
