"""Results with drawn daily returns, points of a sweep and counts of the ledger."""

import numpy as np

from backtests.account.result import Result, Trade
from backtests.judging.sensitivity import Point
from backtests.trials.ledger import Counted
from backtests.trials.trial import Scope

SCOPE = Scope(("A",), "2017-01-02", "2019-12-30")
N = 720


def result_of(daily, trades=40, strategy="quantile", forecaster="cnn"):
    """Return a result with these daily returns after the first session, and so many closed trades."""
    equity = 1_000_000 * np.cumprod(np.concatenate([[1.0], 1 + np.asarray(daily)]))
    days = np.busday_offset("2017-01-02", np.arange(equity.size)).astype("datetime64[D]")
    trade = Trade("A", "2017-01-02", "2017-01-03", "2017-01-04", 1.0, 1.0, 1, 1, 0.0, 0.0, 0.0, "x")
    return Result(
        "A", forecaster, strategy, days, equity, equity, np.zeros(equity.size), (), (trade,) * trades, 246.0,
    )  # fmt: skip


def noise(seed, mean=0.0005, n=N):
    return np.random.default_rng(seed).normal(mean, 0.01, n)


def counted(trials, sharpes=(), warning=""):
    return Counted(trials, 0, "2026-03-02", warning, sharpes, SCOPE)


def point_of(daily, threshold=0.02):
    returns = result_of(daily).returns
    return Point("cnn", threshold, "day", False, 1, 0.0, 1, 0.5, 1.0, returns)
