"""A planted market for the sweep over thresholds and exits, and a drawn one."""

from __future__ import annotations

import functools

from backtests.account.broker import Broker
from backtests.jobs.parallel import in_turn
from backtests.judging.sensitivity import sweep
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from strategies.five_percent import FivePercentRule
from tests.backtests.example_studies import KOREAN, make_study

FREE = Broker(1_000_000, Costs.of(market_for("X", "none"), 0, 0))
KRX = Broker(100_000_000, Costs.of(market_for("051900.KS")))
RULE = FivePercentRule()

# day      open   high    low    close
PLANTED = [
    (10_000, 10_100, 9_900, 10_000, 500),  # 0: forecast +3%
    (10_000, 10_250, 9_900, 10_100, 500),  # 1: forecast +5.9%
    (10_100, 10_200, 10_000, 10_200, 500),  # 2
    (10_300, 10_700, 10_200, 10_400, 500),  # 3
    (10_400, 10_800, 10_300, 10_700, 500),  # 4
    (10_600, 10_900, 10_400, 10_500, 500),  # 5
    (10_500, 10_500, 9_900, 10_000, 500),  # 6
]
CALLS = [10_300, 10_700, 1, 1, 1, 1, 1]


def planted_market(make_bars, make_forecasts):
    """Return the bars and the forecasts of the planted days, by ticker."""
    bars = make_bars(PLANTED)
    return {bars.ticker: bars}, {bars.ticker: make_forecasts(bars, CALLS)}


@functools.cache
def market_of(*, traded=True):
    """Return a study of made-up prices with its bars and forecasts, two forecasters and naive."""
    study = make_study(KOREAN, forecasters=("cnn", "rnn"), traded=traded, rows=700)
    (forecasts,) = study.forecasts.values()
    return study, study.bars, [{f.ticker: f} for f in forecasts]


def points_of(bars, forecasts, rule=RULE):
    """Return the sweep of every forecaster but naive, as a run makes it."""
    return sweep(bars, forecasts[1:], rule, KRX, in_turn)


@functools.cache
def market_points():
    """Return the sweep of that market: sixty accounts, made once."""
    _, bars, forecasts = market_of()
    return points_of(bars, forecasts)


def swept(bars, forecasts, rule=RULE, broker=KRX, members=None):
    """Return the sweep of one forecaster."""
    return sweep(bars, [forecasts], rule, broker, in_turn, members)


def points_at(points, *thresholds):
    """Return the points with one of these thresholds."""
    return tuple(point for point in points if point.threshold in thresholds)
