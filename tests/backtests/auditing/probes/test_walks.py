"""Made-up bars: noise has no memory, the planted swing has one, a drawn future has none from its row on."""

import numpy as np
import pytest

from backtests.auditing.probes.walks import (
    DAILY,
    DAMPING,
    PERIOD,
    drawn_future,
    planted,
    white_noise,
)


def returns_of(bars):
    return np.diff(np.log(bars.close))


def fitted_ar2(returns):
    """Return the two least-squares coefficients of a return on the two before it."""
    past = np.column_stack([returns[1:-1], returns[:-2]])
    return np.linalg.lstsq(past, returns[2:], rcond=None)[0]


def test_white_noise_has_no_memory_and_the_stated_deviation():
    returns = returns_of(white_noise(0, 4000))
    assert returns.std() == pytest.approx(DAILY, rel=0.05)
    assert np.abs(fitted_ar2(returns)).max() < 0.05  # three standard errors of 1/sqrt(4000)


def test_the_swing_can_be_forecast_from_two_returns():
    """The level is an AR(2); its return regressed on two lags explains a third and more."""
    returns = returns_of(planted(0, 4000))
    past = np.column_stack([returns[1:-1], returns[:-2]])
    error = returns[2:] - past @ fitted_ar2(returns)
    assert 1 - error.var() / returns.var() > 0.3


def test_the_level_swings_with_its_period():
    level = np.log(planted(1, 8000).close)
    spectrum = np.abs(np.fft.rfft(level - level.mean())) ** 2
    frequency = np.fft.rfftfreq(level.size)
    smooth = np.convolve(spectrum, np.ones(101) / 101, mode="same")
    # The peak of an AR(2) lies at cos(w) = (1 + r^2) / (2 r) * cos(2 pi / period).
    peak = np.arccos((1 + DAMPING**2) / (2 * DAMPING) * np.cos(2 * np.pi / PERIOD)) / (2 * np.pi)
    assert frequency[50:-50][smooth[50:-50].argmax()] == pytest.approx(peak, abs=0.012)


def test_a_drawn_future_keeps_its_past_and_the_sizes_of_what_follows():
    size, known = 400, 281
    drawn = returns_of(drawn_future(5, size, known))
    other = returns_of(drawn_future(5, size, size))
    assert np.allclose(drawn[: known - 1], other[: known - 1], atol=1e-12)
    assert np.allclose(np.abs(drawn[known - 1 :]), np.abs(other[known - 1 :]), atol=1e-12)
    turned = (np.sign(drawn[known - 1 :]) != np.sign(other[known - 1 :])).mean()
    assert 0.35 < turned < 0.65


@pytest.mark.parametrize("make", [lambda s: white_noise(s, 50), lambda s: planted(s, 50)])
def test_a_seed_is_a_series(make):
    assert make(1).close.tobytes() == make(1).close.tobytes() != make(2).close.tobytes()
    assert make(1).origin.simulated
