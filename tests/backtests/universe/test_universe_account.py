"""One account for several tickers: order, slots, late listings, missing days, halts, delistings."""

from dataclasses import dataclass, replace
from typing import ClassVar

import backtrader as bt
import numpy as np

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.feed import make_feed
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from strategies.base import ForecastStrategy
from strategies.buy_and_hold import BuyAndHoldRule
from strategies.five_percent import FivePercentRule
from strategies.rule import HOLD, Rule, Side, Signal

FREE = Broker(100_000, Costs.of(market_for("X", "none"), 0, 0), slots=2)
ROW, HALT = (100, 101, 99, 100, 9), (0, 0, 0, 100, 0)


@dataclass(frozen=True)
class Calendar(Rule):
    """Buys and sells on the days it was told."""

    needs_forecast: ClassVar[bool] = False
    buys: tuple[str, ...] = ()
    sells: tuple[str, ...] = ()

    def decide(self, situation):
        day = f"{situation.date:%d}"
        if situation.holding:
            return Signal(Side.SELL) if day in self.sells else HOLD
        return Signal(Side.BUY) if day in self.buys else HOLD

    def reading(self):
        return "Told."


def trade(bars, forecasts, rule, broker=FREE):
    """Return the fills in short, what did not fill in short, and the result."""
    bars, forecasts = ({x.ticker: x for x in each} for each in (bars, forecasts))
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    feeds = [cerebro.adddata(make_feed(bars[t], forecasts[t])) for t in sorted(bars)]
    broker.install(cerebro, feeds)
    cerebro.broker.set_coc(rule.fill == "close")
    cerebro.addstrategy(ForecastStrategy, rule=rule, slots=broker.slots)
    (strategy,) = cerebro.run()
    result = run_backtest(bars, forecasts, rule, broker)
    fills = [(f.session[-2:], f.ticker, f.side, f.size) for f in result.fills]
    missed = [
        (u["decided"][-2:], u["session"][-2:], u["ticker"], u["side"], u["size"], u["why"])
        for u in strategy.unfilled
    ]
    return fills, missed, result


def constant(make_bars, make_forecasts, ticker, rows, calls, start="2019-01-07"):
    bars = make_bars(rows, start=start, ticker=ticker)
    return bars, make_forecasts(bars, calls)


def test_there_are_no_more_positions_than_slots_and_ties_go_by_ticker(make_bars, make_forecasts):
    made = [constant(make_bars, make_forecasts, t, [ROW] * 3, [110, 110, 1]) for t in "CAB"]
    fills, missed, result = trade(*zip(*made, strict=True), FivePercentRule())
    assert fills == [("08", "A", "buy", 475), ("08", "B", "buy", 475)]
    assert missed == []
    assert result.cash[-1] == 100_000 - 2 * 47_500


def test_a_buy_may_spend_what_a_sale_at_the_same_open_brings(make_bars, make_forecasts):
    rises = [ROW, ROW, (100, 106, 99, 106, 9), (106, 107, 105, 106, 9)]
    a = constant(make_bars, make_forecasts, "A", rises, [110, 1, 1, 1])
    b = constant(make_bars, make_forecasts, "B", [ROW] * 4, [1, 1, 110, 1])
    fills, _, _ = trade(*zip(a, b, strict=True), FivePercentRule(), replace(FREE, slots=1))
    # 950 of A at 100 leave 5,000; sold at 106 they bring 100,700: 95% of the equity of the close
    # before, 105,700, is 100,415: 1,004 at 100. Without the sale there would be 5,000.
    assert fills == [("08", "A", "buy", 950), ("10", "A", "sell", 950), ("10", "B", "buy", 1004)]


def test_a_ticker_that_is_listed_later_trades_from_its_first_bar(make_bars, make_forecasts):
    a = constant(make_bars, make_forecasts, "A", [ROW] * 5, [1, 1, 1, 1, 1])
    b = constant(make_bars, make_forecasts, "B", [ROW] * 3, [110, 1, 1], start="2019-01-09")
    fills, _, result = trade(*zip(a, b, strict=True), FivePercentRule())
    assert fills == [("10", "B", "buy", 475)]
    assert result.sessions.size == 5


def test_a_bar_that_is_not_todays_is_never_traded(make_bars, make_forecasts):
    clock = constant(make_bars, make_forecasts, "A", [ROW] * 6, [1] * 6)
    whole = make_bars([ROW, (100, 120, 99, 100, 9), *[ROW] * 4], ticker="B")
    holes = whole.rows(np.array([0, 1, 3, 5]))  # no bar on the 9th and the 11th
    b = (holes, make_forecasts(holes, [1, 1, 1, 1]))
    bought_into_a_hole = Calendar(buys=("08",))
    fills, missed, _ = trade(*zip(clock, b, strict=True), bought_into_a_hole)
    assert fills == [("09", "A", "buy", 475)]
    assert missed == [("08", "09", "B", "buy", 0, "no bar")]
    sold_into_a_hole = Calendar(buys=("07",), sells=("10",))
    fills, missed, _ = trade(*zip(clock, b, strict=True), sold_into_a_hole)
    assert fills == [
        ("08", "A", "buy", 475), ("08", "B", "buy", 475), ("11", "A", "sell", 475), ("14", "B", "sell", 475),
    ]  # fmt: skip
    assert missed == [("10", "11", "B", "sell", 475, "no bar")]


def test_a_limit_sell_does_not_meet_a_bar_of_another_day(make_bars, make_forecasts):
    """The bar of the 8th, bought in, went to 104; on the 9th there is none."""
    clock = constant(make_bars, make_forecasts, "A", [ROW] * 5, [1] * 5)
    whole = make_bars([ROW, (100, 104, 99, 100, 9), *[ROW] * 3], ticker="B")
    holes = whole.rows(np.array([0, 1, 3, 4]))
    b = (holes, make_forecasts(holes, [110, 1, 1, 1]))
    for fill in ("open", "close"):
        rule = FivePercentRule(0.03, exit="touch", first_exit=2, fill=fill)
        fills, _, _ = trade(*zip(clock, b, strict=True), rule)
        assert [f[:3] for f in fills] == [("08" if fill == "open" else "07", "B", "buy")]


def test_a_halt_lets_a_buy_die_and_sends_a_sell_again_and_both_are_written_down(
    make_bars, make_forecasts
):
    rows = [ROW, HALT, ROW, ROW, HALT, HALT, ROW]
    a = constant(make_bars, make_forecasts, "A", rows, [1] * 7)
    fills, missed, result = trade(*zip(a, strict=True), Calendar(("07", "09"), ("10",)))
    assert fills == [("10", "A", "buy", 475), ("15", "A", "sell", 475)]
    assert missed == [
        ("07", "08", "A", "buy", 0, "halt"),
        ("10", "11", "A", "sell", 475, "halt"),
        ("10", "14", "A", "sell", 475, "halt"),
    ]
    assert result.expired == 1


def test_a_ticker_that_is_no_more_keeps_its_last_close_and_its_slot(make_bars, make_forecasts):
    a = constant(make_bars, make_forecasts, "A", [ROW, ROW, (100, 101, 79, 80, 9)], [1] * 3)
    b = constant(make_bars, make_forecasts, "B", [ROW] * 7, [1] * 7)
    fills, missed, result = trade(*zip(a, b, strict=True), Calendar(("07",), ("09",)))
    assert fills == [("08", "A", "buy", 475), ("08", "B", "buy", 475), ("10", "B", "sell", 475)]
    assert missed == [("09", "10", "A", "sell", 475, "delisted")]
    assert result.equity[-1] == 100_000 - 475 * 20
    assert result.cash[-1] == 52_500


def test_what_is_too_dear_is_written_down(make_bars, make_forecasts):
    a = constant(make_bars, make_forecasts, "A", [ROW] * 3, [110, 1, 1])
    _, missed, result = trade(*zip(a, strict=True), FivePercentRule(), replace(FREE, cash=150))
    assert missed == [("07", "08", "A", "buy", 0, "unaffordable")]
    assert result.unaffordable == 1


KOREAN = Broker(100_000, Costs.of(market_for("A.KS"), 0, 0, 0), slots=1, cash_fraction=0.5)


def missed_of(result):
    return [
        (u.decided[-2:], u.session[-2:], u.ticker, u.side, u.size, u.why) for u in result.unfilled
    ]


def test_a_buy_waits_for_the_sale_whose_slot_it_takes(make_bars, make_forecasts):
    """Half the cash is left, yet there is one slot, and A cannot be sold at its lower limit."""
    falls = [ROW, ROW, (70, 75, 70, 72, 9), (72, 73, 71, 72, 9)]
    a = constant(make_bars, make_forecasts, "A", falls, [110, 1, 1, 1])
    b = constant(make_bars, make_forecasts, "B", [ROW] * 4, [1, 110, 1, 1])
    rule = FivePercentRule(exit="one-day")
    fills, _, result = trade(*zip(a, b, strict=True), rule, KOREAN)
    assert fills == [("08", "A", "buy", 500), ("10", "A", "sell", 500)]
    assert sorted(missed_of(result)) == [
        ("08", "09", "A", "sell", 500, "lower limit"),
        ("08", "09", "B", "buy", 425, "expired"),  # half of 50,000 and of 500 x 70, at 100
    ]


def test_a_limit_sale_later_in_the_day_pays_for_no_purchase_at_the_open(make_bars, make_forecasts):
    """A is sold again at 11 on the day it was bought, too late for B, which opens with it."""
    rows = [(10, 11, 9, 10, 9_000_000), (10, 12, 9, 10, 9_000_000), (10, 11, 9, 10, 9_000_000)]
    a = constant(make_bars, make_forecasts, "A.KS", rows, [13, 1, 1])
    b = constant(make_bars, make_forecasts, "B.KS", rows, [12, 1, 1])
    costs = Costs.of(market_for("A.KS"), 0, 0, 0, slippage_ticks=1)
    broker = Broker(100_000, costs, slots=2, cash_fraction=1.0)
    rule = FivePercentRule(exit="touch", threshold=0.1)
    fills, _, result = trade(*zip(a, b, strict=True), rule, broker)
    # 50,000 won buy 5,000 at 10, which cost 55,000; 45,000 are left, 4,500 at 10, which cost 49,500
    assert [fill for fill in fills if fill[2] == "buy"] == [("08", "A.KS", "buy", 5_000)]
    assert missed_of(result) == [("07", "08", "B.KS", "buy", 4_500, "rejected")]


def test_a_rule_without_forecasts_buys_by_name_whatever_is_forecast(make_bars, make_forecasts):
    a = constant(make_bars, make_forecasts, "A", [ROW] * 3, [90, 90, 90])
    b = constant(make_bars, make_forecasts, "B", [ROW] * 3, [110, 110, 110])
    fills, _, _ = trade(*zip(a, b, strict=True), BuyAndHoldRule(), replace(FREE, slots=1))
    assert fills == [("08", "A", "buy", 950)]


def test_what_a_close_at_the_limit_held_back_is_of_that_session(make_bars, make_forecasts):
    """Also on the first session out of sample, whose limit is 30% above the close before it."""
    locked = (120, 130, 120, 130, 9)
    bars = make_bars([ROW, locked, (130, 131, 129, 130, 9), (130, 131, 129, 130, 9)], ticker="A")
    made = make_forecasts(bars.rows(slice(1, 4)), [150, 1, 1])
    fills, _, result = trade([bars], [made], FivePercentRule(fill="close"), KOREAN)
    assert fills == []
    assert missed_of(result) == [("08", "08", "A", "buy", 384, "upper limit")]
