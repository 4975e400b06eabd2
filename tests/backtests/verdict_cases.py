"""Forecasters and rules with chosen figures, for the rules of the verdict and its words."""

import numpy as np

from backtests.judging.skill import Judged
from backtests.judging.timing import Timed
from backtests.statistics.diebold_mariano import Comparison
from backtests.statistics.outcome import Outcome
from tests.backtests.example_studies import make_result

NONE = Outcome(None, None, 0, "not looked at")


def comparison(gain=0.0, low=-0.05, high=0.05, n=369, detectable=0.048):
    return Comparison(
        n=n, lag=25, loss=1 - gain, benchmark_loss=1.0, gain=gain, low=low, high=high,
        statistic=0.0, p_better=0.5, p_worse=0.5, detectable=detectable,
    )  # fmt: skip


def judged(name="cnn", p_better=0.5, p_worse=0.5, won=4, folds=6, **figures):
    c = comparison(**figures)
    return Judged(
        forecaster=name, absolute=c, squared=c, clark_west=NONE, folds=Outcome(won, 0.5, folds),
        direction=NONE, p_better=p_better, p_worse=p_worse, p_clark_west=None,
    )  # fmt: skip


def result(bars, strategy, trades, still_open=0):
    first = len(bars) - 300
    holds = [(4 * i + 1, 4 * i + 3) for i in range(trades)]
    holds += [(4 * trades + 1, None)] * still_open
    return make_result(bars, "cnn", strategy, first, holds=holds)


def timed(strategy, p, p_before=None, gain=0.1, why=""):
    """Return a test of timing on 368 days, +25% a year before costs."""
    days = np.busday_offset("2018-01-02", np.arange(368), roll="forward").astype("datetime64[D]")
    before = p if p_before is None else p_before
    return Timed(
        "T", "cnn", strategy, closed=30, sessions=days, daily=np.zeros(368), exposure=0.5, gain=gain,
        gain_before=0.25, detectable=0.3, statistic=1.0, p=p, p_before=before, why=why,
    )  # fmt: skip
