"""Bootstrap intervals: those of arch called directly, and how often they hold the truth."""

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap, optimal_block_length

from backtests.statistics.bootstrap import block_length, resample


def drawn(seed, n=500, mean=0.0005, keep=0.0):
    noise = np.random.default_rng(seed).normal(size=n) * 0.01
    for t in range(1, n):
        noise[t] += keep * noise[t - 1]
    return noise + mean


@pytest.mark.parametrize("keep", [0.0, 0.5])
def test_the_intervals_of_arch_called_directly(keep):
    returns = drawn(1, keep=keep)
    (own,) = resample(returns[:, None], seed=7)
    assert own.block == np.ceil(optimal_block_length(returns)["stationary"].iloc[0])

    def both(x):
        return np.array([x.mean() / x.std(ddof=1), np.prod(1 + x) - 1])

    bootstrap = StationaryBootstrap(own.block, returns, seed=7)
    ends = bootstrap.conf_int(both, 2000, method="percentile", size=0.95)
    assert [own.sharpe.low, own.total.low] == pytest.approx(ends[0], rel=1e-9)
    assert [own.sharpe.high, own.total.high] == pytest.approx(ends[1], rel=1e-9)


def test_dependent_returns_have_longer_blocks_and_wider_intervals():
    alone, kept = (resample(drawn(2, keep=keep)[:, None])[0] for keep in (0.0, 0.6))
    assert kept.block > 2 * alone.block
    assert kept.sharpe.high - kept.sharpe.low > 1.3 * (alone.sharpe.high - alone.sharpe.low)


def test_a_column_has_its_interval_whatever_stands_beside_it():
    columns = np.stack([drawn(seed, keep=keep) for seed, keep in ((3, 0.0), (4, 0.6), (5, 0.0))], 1)
    every = resample(columns, seed=1)
    assert every == resample(columns[:, ::-1], seed=1)[::-1]
    assert every[1:2] == resample(columns[:, 1:2], seed=1)
    assert every != resample(columns, seed=2)


def test_global_random_state_is_not_touched():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    resample(drawn(6)[:, None])
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.slow
def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    # Ratio 0.05 a day; 95% of 300 is 285, the standard deviation of the count 3.8.
    held = 0
    for seed in range(300):
        returns = np.random.default_rng(seed).normal(0.0005, 0.01, 500)
        (own,) = resample(returns[:, None], draws=500)
        held += own.sharpe.low <= 0.05 <= own.sharpe.high
    assert 270 <= held <= 297


def test_a_column_that_moved_at_one_time_alone_has_no_interval_of_its_ratio():
    close, spread = np.zeros(2000), np.zeros(2000)
    close[900:940] = 0.002 + drawn(9, n=40)
    spread[::50] = 0.002 + drawn(9, n=40)
    once, often = resample(np.stack([close, spread], axis=1))
    assert once.sharpe.why == "it moved on 40 of 2,000 days, too few or too close together"
    assert once.total.low is not None
    assert often.sharpe.low < often.sharpe.high
    spread[spread.nonzero()[0][:11]] = 0
    assert resample(spread[:, None])[0].sharpe.why.startswith("it moved on 29 of 2,000 days")


def test_what_has_no_interval_says_why():
    rare = np.zeros(400)
    rare[200] = 0.05
    columns = np.stack([np.zeros(400), np.full(400, 0.01), rare, np.full(400, np.nan)], axis=1)
    never, same, once, lost = resample(columns)
    assert (never.sharpe.low, never.total.high, never.block) == (None, None, None)
    assert never.sharpe.why == "the account never moved"
    assert same.total.why == "every return is the same"
    assert once.sharpe.low is None
    assert once.sharpe.why == "it moved on 1 of 400 days, too few or too close together"
    assert (once.total.low, once.total.why) == (0.0, "")
    assert once.total.high > 0.05
    assert lost.sharpe.why == "the account lost all it had"
    assert resample(drawn(7, n=29)[:, None])[0].sharpe.why == "fewer than 30 returns"
    assert block_length(drawn(8)) >= 1
