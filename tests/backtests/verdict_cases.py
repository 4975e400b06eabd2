"""Forecasters and rules with chosen figures, for the rules of the verdict and its words."""

from backtests.judging.shift_test import Shifted
from backtests.judging.skill import Judged
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


def shift(strategy, p, at_least=0.4):
    return Shifted(
        "T", "cnn", strategy, real=0.1, trades=30, closed=30, shifts=365, at_least=at_least, p=p, via="replay",
    )  # fmt: skip
