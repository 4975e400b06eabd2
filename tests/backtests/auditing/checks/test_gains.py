"""Chance loses no gain, a table loses all of it, and a regression of its own knows what is predictable."""

import numpy as np
import pytest

from backtests.auditing.checks.gains import FEWEST, is_lost, lost, too_good
from backtests.auditing.checks.no_skill import BOUND
from backtests.auditing.probes.futures import shaken
from backtests.auditing.probes.walks import planted, white_noise
from forecasters.bars import PRICES


def test_chance_reaches_the_bound_no_more_often_than_is_stated():
    """Forecasts that follow the past, changed at random: 4,000 audits under heavy tails."""
    rng = np.random.default_rng(0)
    over = 0
    for _ in range(4000):
        realised = rng.standard_t(3, 80) * 0.01
        before = np.concatenate([[0.0], np.cumsum(realised)[:-1]])
        over += lost(before, before + rng.normal(0, 0.01, (4, 80)), realised) >= BOUND
    assert over <= 4  # 0.1% of 4,000


def test_what_is_known_and_then_is_not_is_lost():
    realised = np.random.default_rng(1).standard_t(4, FEWEST) * 0.01
    assert is_lost(realised, np.zeros(FEWEST), realised)
    assert not is_lost(realised, realised * 0.9 + 1e-4, realised * np.nan)
    assert not is_lost(np.zeros(FEWEST), realised, realised), "it gained, and lost nothing"


def test_a_small_change_keeps_an_honest_gain_on_average():
    """A regression on a swing that can be forecast: the part that small changes take is within chance."""
    bars = planted(3, 400)
    moves = np.diff(np.log(bars.close))

    def forecast(closes):
        log = np.log(closes)
        level = log - np.convolve(log, np.ones(12) / 12, "full")[: log.size]
        return 0.63 * level[300:-1] - 0.88 * level[299:-2]

    after = np.stack([forecast(shaken(bars, n).close) for n in range(8)])
    assert not is_lost(forecast(bars.close), after, moves[300:])


def test_small_changes_are_small_and_leave_the_order_of_prices():
    bars = white_noise(1, 200)
    other = shaken(bars, 2)
    assert 0 < np.abs(np.log(other.close / bars.close)).max() < 0.01
    for name in PRICES:
        assert np.allclose(getattr(other, name) / other.close, getattr(bars, name) / bars.close)


@pytest.mark.parametrize(("make", "expected"), [(white_noise, True), (planted, False)])
def test_too_good_is_what_a_plain_regression_is_not(make, expected):
    bars = make(5, 400)
    came = np.diff(np.log(bars.close))[250:]
    assert too_good(came, came, bars.close, 250) is expected
    assert not too_good(np.zeros(came.size), came, bars.close, 250)
