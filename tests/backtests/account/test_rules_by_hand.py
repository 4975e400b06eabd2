"""Planted markets for the rules beside five_percent, their trades computed by hand."""

from dataclasses import replace

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from strategies.direction import DirectionRule
from strategies.quantile import QuantileRule
from strategies.rank import RankRule
from strategies.sma_cross import SmaCrossRule

FREE = Broker(100_000, Costs.of(market_for("X", "none"), 0, 0))


def bars_at(prices, make_bars, ticker="PLANTED.KS", start="2019-01-07"):
    """Return bars that open and close at these prices."""
    return make_bars([(p, p + 1, p - 1, p, 9) for p in prices], start=start, ticker=ticker)


def fills_of(bars, forecasts, rule, broker=FREE):
    bars, forecasts = ({x.ticker: x for x in each} for each in (bars, forecasts))
    result = run_backtest(bars, forecasts, rule, broker)
    return [(f.session[-2:], f.ticker[0], f.side, f.size, f.price) for f in result.fills]


def test_direction_by_hand(make_bars, make_forecasts):
    bars = bars_at([100, 100, 102, 104, 104, 102], make_bars)
    made = make_forecasts(bars, [100.2, 100.5, 102.1, 104.0, 103.9, 102.0])
    # 0.2% does not pay a commission of 10 basis points a side and slippage of 5; 0.5% does.
    broker = Broker(100_000, Costs.of(market_for("X", "none"), 10, 5))
    # Bought on the 9th: 95% of 100,000 buys 931 at 102; 104 is no fall; 103.9 is: sold on the 14th.
    trades = fills_of([bars], [made], DirectionRule(), broker)
    assert [t[:4] for t in trades] == [("09", "P", "buy", 931), ("14", "P", "sell", 931)]
    assert [t[4] for t in trades] == pytest.approx([102 * 1.0005, 102 * 0.9995])


def test_quantile_by_hand(make_bars, make_forecasts):
    returns = [0.01, 0.02, 0.03, 0.04, 0.05, 0.03, 0.02, 0.06]
    bars = bars_at([100] * 8, make_bars)
    made = make_forecasts(bars, 100 * (1 + np.array(returns)))
    made = replace(made, centre=np.array([0.0] * 4 + [0.025] * 4))
    rule = QuantileRule(q=0.25, memory=4, least=4, leave=0.5)
    # In hundredths, less the centre: the fifth is 2.5 beside 1, 2, 3, 4: two are as high, too many;
    # the sixth 0.5, the seventh -0.5: all are higher. The eighth, 3.5 beside 4, 2.5, 0.5, -0.5, is in
    # the top quarter, but the last close fills nowhere.
    assert fills_of([bars], [made], rule) == []
    # Without centres: 0.05 is above all four: bought on the 14th; 0.03 beside 2, 3, 4, 5: three are
    # as high, more than half: sold on the 15th.
    flat = replace(made, centre=np.zeros(8))
    assert fills_of([bars], [flat], rule) == [
        ("14", "P", "buy", 950, 100.0),
        ("15", "P", "sell", 950, 100.0),
    ]


def test_sma_cross_by_hand(make_bars, make_forecasts):
    bars = bars_at([100, 99, 98, 97, 99, 101, 100, 95, 94, 94], make_bars)
    made = make_forecasts(bars.rows(slice(3, 10)), [np.nan] * 7)
    # Means of 2 and 4 closes, from the 10th on: 97.5 < 98.5; 98 < 98.25; 100 > 98.75: bought at 100;
    # 100.5 > 99.25; 97.5 < 98.75 (the 16th): sold at 94 on the 17th.
    assert fills_of([bars], [made], SmaCrossRule(2, 4)) == [
        ("15", "P", "buy", 950, 100.0),
        ("17", "P", "sell", 950, 94.0),
    ]


def test_rank_by_hand(make_bars, make_forecasts):
    a, b, c = (bars_at([100] * 4, make_bars, ticker) for ticker in "ABC")
    made = [
        make_forecasts(a, [101, 101, 99, 1]),
        make_forecasts(b, [102, 99, 102, 1]),
        make_forecasts(c, [100, 103, 101, 1]),
    ]
    # Two slots: B and A are bought on the 8th, 47,500 / 100 each. On the 8th B is last: sold on the
    # 9th, where C is bought with what B brings: 95% of half the equity. On the 9th A is last.
    assert fills_of([a, b, c], made, RankRule(k=2), replace(FREE, slots=2)) == [
        ("08", "B", "buy", 475, 100.0),
        ("08", "A", "buy", 475, 100.0),
        ("09", "B", "sell", 475, 100.0),
        ("09", "C", "buy", 475, 100.0),
        ("10", "A", "sell", 475, 100.0),
        ("10", "B", "buy", 475, 100.0),
    ]


def test_rank_with_a_wider_door_out_by_hand(make_bars, make_forecasts):
    a, b, c = (bars_at([100] * 5, make_bars, ticker) for ticker in "ABC")
    made = [
        make_forecasts(a, [103, 101, 101, 1, 1]),
        make_forecasts(b, [102, 103, 103, 1, 1]),
        make_forecasts(c, [101, 102, 99, 1, 1]),
    ]
    # A is bought on the 8th; it is third that day, sold on the 9th, where B, the first, is bought.
    # With leave 3 it stays to the 10th of January and longer: third is inside.
    assert fills_of([a, b, c], made, RankRule(k=1, leave=2))[:3] == [
        ("08", "A", "buy", 950, 100.0),
        ("09", "A", "sell", 950, 100.0),
        ("09", "B", "buy", 950, 100.0),
    ]
    assert fills_of([a, b, c], made, RankRule(k=1, leave=3)) == [("08", "A", "buy", 950, 100.0)]
