"""What a rule is shown at each close, and what is written down when an order does not fill."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.feed import make_feed
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.errors import InputError
from strategies.rule import HOLD, Rule, Side, Signal

FREE = Broker(1_000_000, Costs.of(market_for("X", "none"), 0, 0))
FLAT = [(100, 101, 99, 100, 9)] * 6
HALT = (0, 0, 0, 100, 0)


@dataclass(frozen=True)
class Watching(Rule):
    """Writes down what it is shown; buys and sells on the days it was told."""

    ranks: ClassVar[bool] = True
    seen: tuple[list, ...] = ()
    buys: tuple[str, ...] = ()
    sells: tuple[str, ...] = ()
    memory: int = 3

    def decide(self, situation):
        self.seen[0].append(situation)
        if str(situation.date) in self.buys:
            return Signal(Side.BUY)
        return Signal(Side.SELL) if str(situation.date) in self.sells else HOLD

    def reading(self):
        return "Watches."


def watch(bars, forecasts, broker=FREE, members=None, **days):
    seen = []
    rule = Watching(seen=(seen,), **days)
    bars = {b.ticker: b for b in bars}
    made = {f.ticker: f for f in forecasts}
    return seen, run_backtest(bars, made, rule, broker, members=members)


def rising(make_bars, n=8, ticker="PLANTED.KS"):
    return make_bars([(c, c + 1, c - 1, c, 9) for c in range(100, 100 + n)], ticker=ticker)


def test_the_past_is_that_before_today_and_todays_close_is_known(make_bars, make_forecasts):
    bars = rising(make_bars)
    made = make_forecasts(bars, bars.close * np.array([1.01, 1.02, 1.03, np.nan, 1.05, 1.06, 1, 1]))
    made = replace(made, centre=np.repeat([0.01, 0.02], 4))
    seen, _ = watch([bars], [made])
    assert [s.closes.tolist() for s in seen[:4]] == [
        [100], [100, 101], [100, 101, 102], [101, 102, 103],
    ]  # fmt: skip
    assert [s.past_forecast_returns.tolist() for s in seen[:6]] == [
        [],
        pytest.approx([0.0]),
        pytest.approx([0.0, 0.01]),
        pytest.approx([0.0, 0.01, 0.02]),
        pytest.approx([0.0, 0.01, 0.02]),  # no forecast on the day before
        pytest.approx([0.01, 0.02, 0.03]),  # of 1.05, less the centre of the same fit
    ]
    assert [s.centre for s in seen] == [0.01] * 4 + [0.02] * 4
    assert seen[1].forecast_return == pytest.approx(0.02)
    for array in (seen[3].closes, seen[3].past_forecast_returns):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
        assert array.base is None or len(array.base) == len(array), "nothing later hangs on it"


def test_closes_before_the_first_forecast_are_known(make_bars, make_forecasts):
    bars = rising(make_bars)
    made = make_forecasts(bars.rows(slice(5, 8)), [1.0, 1.0, 1.0])
    seen, result = watch([bars], [made])
    assert [s.closes.tolist() for s in seen] == [
        [103, 104, 105], [104, 105, 106], [105, 106, 107],
    ]  # fmt: skip
    assert result.sessions.tolist() == bars.sessions[5:].tolist()


def test_without_a_memory_there_is_no_past(make_bars, make_forecasts):
    bars = rising(make_bars)
    seen, _ = watch([bars], [make_forecasts(bars, bars.close)], memory=0)
    assert all(s.closes.size == s.past_forecast_returns.size == 0 for s in seen)


def test_the_round_trip_is_what_buying_and_selling_again_costs_on_the_day(
    make_bars, make_forecasts
):
    odd = [(100.3, 101.3, 99.3, 100.3, 9)] * 6  # no price of a tick: slippage is not rounded to one
    bars = make_bars(odd, start="2019-05-28")  # the tax falls from 0.30% to 0.25% on the 30th
    seen, _ = watch(
        [bars], [make_forecasts(bars, [100] * 6)], Broker(1e6, Costs.of(market_for("A.KS")))
    )
    # 1.5 basis points of commission and 5 of slippage on either side, and the tax on the sale.
    expected = [2 * 0.00015 + 2 * 0.0005 + tax for tax in (0.003, 0.003, 0.0025, 0.0025)]
    assert [s.round_trip for s in seen[:4]] == pytest.approx(expected)


def test_the_place_is_by_forecast_over_close_among_those_that_may_be_bought(
    make_bars, make_forecasts
):
    a, b, c, d = (rising(make_bars, 4, ticker) for ticker in "ABCD")
    made = [
        make_forecasts(a, a.close * np.array([1.01, 1.03, 1.01, 1.0])),
        make_forecasts(b, b.close * np.array([1.02, 1.02, np.nan, 1.0])),
        make_forecasts(c, c.close * np.array([1.01, 1.01, 1.01, 1.0])),
        make_forecasts(d, d.close * np.array([1.09, 1.09, 1.00, 1.0])),
    ]
    members = {"D": np.array([False, True, True, True])}
    seen, _ = watch([a, b, c, d], made, members=members)
    places = [[s.place for s in seen[4 * day : 4 * day + 4]] for day in range(4)]
    assert places == [[2, 1, 3, 0], [2, 3, 4, 1], [1, 0, 2, 3], [1, 2, 3, 4]]


def test_a_ticker_that_is_no_member_is_not_bought_and_what_is_held_stays(make_bars, make_forecasts):
    bars = make_bars(FLAT)
    days = [str(day) for day in bars.sessions]
    members = {bars.ticker: np.array([False, True, False, False, True, True])}
    _, result = watch(
        [bars], [make_forecasts(bars, [100] * 6)], members=members, buys=days[:2], sells=days[3:4]
    )
    assert [(f.side, f.session) for f in result.fills] == [("buy", days[2]), ("sell", days[4])]


def test_flags_of_another_length_are_refused(make_bars):
    with pytest.raises(InputError, match=r"member has shape \(5,\), the bars have 6 rows"):
        make_feed(make_bars(FLAT), member=np.ones(5, dtype=bool))
