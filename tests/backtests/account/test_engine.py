"""A planted market in which the rule must trade, with every fill computed by hand."""

from dataclasses import replace

import backtrader as bt
import numpy as np
import pytest

from backtests.account.books import Ledger
from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.feed import make_feed
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.errors import InputError
from strategies.buy_and_hold import BuyAndHoldRule
from strategies.five_percent import FivePercent, FivePercentRule

FREE = Broker(1_000_000, Costs.of(market_for("X", "none"), 0, 0))

# day      open   high    low  close   what happens under the default reading
PLANTED = [
    (10_000, 10_100, 9_900, 10_000, 500),  # 0: forecast 10,500 = exactly +5%: buy
    (10_100, 10_400, 10_050, 10_300, 500),  # 1: filled at 10,100; closes +3% on the decision: hold
    (10_300, 10_600, 10_200, 10_500, 500),  # 2: closes exactly +5% on the decision: sell
    (10_450, 10_500, 10_300, 10_400, 500),  # 3: sold at 10,450; forecast too low: nothing
    (10_400, 10_450, 10_300, 10_400, 500),  # 4: forecast +6%: buy
    (11_500, 11_600, 11_400, 11_500, 500),  # 5: gap: filled at 11,500; +10.6% on decision: sell
    (11_400, 11_500, 11_300, 11_450, 500),  # 6: sold at 11,400; forecast +9%: buy
    (11_450, 11_500, 11_400, 11_450, 500),  # 7: filled at 11,450; open at the end
]
CALLS = [10_500, 20_000, 20_000, 10_800, 11_024, 10_000, 12_500, 11_450]


def run(bars, forecasts, rule, broker=FREE):
    return run_backtest({bars.ticker: bars}, {bars.ticker: forecasts}, rule, broker)


def fills_of(result):
    return [(f.session, f.side, f.size, f.price, f.reason) for f in result.fills]


@pytest.fixture
def market(make_bars, make_forecasts):
    bars = make_bars(PLANTED)
    return bars, make_forecasts(bars, CALLS)


def test_the_default_reading_trades_as_computed_by_hand(market):
    result = run(*market, FivePercentRule())
    # 95% of 1,000,000 buys 94 at 10,100; sold at 10,450: cash 1,032,900.
    # 95% of that buys 85 at 11,500; sold at 11,400: cash 1,024,400.
    # 95% of that buys 84 at 11,450: cash 62,600 and 84 shares at 11,450.
    assert fills_of(result) == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-10", "sell", 94, 10_450.0, "entry"),
        ("2019-01-14", "buy", 85, 11_500.0, "forecast"),
        ("2019-01-15", "sell", 85, 11_400.0, "entry"),
        ("2019-01-16", "buy", 84, 11_450.0, "forecast"),
    ]
    assert [f.cash for f in result.fills] == [50_600, 1_032_900, 55_400, 1_024_400, 62_600]
    assert result.equity.tolist() == [
        1_000_000, 1_018_800, 1_037_600, 1_032_900, 1_032_900, 1_032_900, 1_024_400, 1_024_400,
    ]  # fmt: skip
    first, second, last = result.trades
    assert (first.decided, first.entry, first.exit, first.sessions_held) == (
        "2019-01-07", "2019-01-08", "2019-01-10", 2,
    )  # fmt: skip
    assert first.return_net == pytest.approx(10_450 / 10_100 - 1)
    assert second.return_net == pytest.approx(11_400 / 11_500 - 1)
    assert (last.exit, last.exit_price, last.reason) == (None, 11_450.0, "open at the end")


def test_the_day_exit_measures_from_the_close_before(market):
    result = run(*market, FivePercentRule(exit="day"))
    # Only 11,500 against 10,400 rises 5% in a day: one long holding, then the last purchase.
    assert fills_of(result) == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-15", "sell", 94, 11_400.0, "day"),
        ("2019-01-16", "buy", 93, 11_450.0, "forecast"),
    ]


def test_the_touch_exit_fills_at_the_better_of_open_and_limit_on_the_day_of_the_fill_too(market):
    result = run(*market, FivePercentRule(exit="touch"))
    # Bought at 10,100 on the 8th; the limit 10,500 is touched on the 9th (high 10,600). That
    # close forecasts 20,000: bought at 10,450 on the 10th, limit 11,025, which the gap of the
    # 14th opens above: sold at 11,500, cash 1,136,300. The close of the 15th forecasts +9%.
    assert fills_of(result) == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-09", "sell", 94, pytest.approx(10_500.0), "touch"),
        ("2019-01-10", "buy", 94, 10_450.0, "forecast"),
        ("2019-01-14", "sell", 94, 11_500.0, "touch"),
        ("2019-01-16", "buy", 94, 11_450.0, "forecast"),
    ]


def test_a_fill_at_the_close_of_the_decision(market):
    result = run(*market, FivePercentRule(fill="close"))
    # 95% of 1,000,000 buys 95 at 10,000; sold at 10,500: cash 1,047,500.
    # 95% of that buys 95 at 10,400; sold at 11,500: cash 1,152,000.
    # 95% of that buys 95 at 11,450: cash 64,250.
    assert fills_of(result) == [
        ("2019-01-07", "buy", 95, 10_000.0, "forecast"),
        ("2019-01-09", "sell", 95, 10_500.0, "entry"),
        ("2019-01-11", "buy", 95, 10_400.0, "forecast"),
        ("2019-01-14", "sell", 95, 11_500.0, "entry"),
        ("2019-01-15", "buy", 95, 11_450.0, "forecast"),
    ]
    assert [f.decided == f.session for f in result.fills] == [True] * 5
    assert result.equity.tolist() == [
        1_000_000, 1_028_500, 1_047_500, 1_047_500, 1_047_500, 1_152_000, 1_152_000, 1_152_000,
    ]  # fmt: skip


def test_a_fill_at_the_close_with_the_touch_exit_stands_from_the_day_after(market):
    result = run(*market, FivePercentRule(fill="close", exit="touch"))
    # Bought at 10,000; 10,500 is touched on the 9th, which closes there and buys again on the call
    # of 20,000; 11,025 is gapped over on the 14th. The last one waits for 12,022.5.
    assert fills_of(result) == [
        ("2019-01-07", "buy", 95, 10_000.0, "forecast"),
        ("2019-01-09", "sell", 95, pytest.approx(10_500.0), "touch"),
        ("2019-01-09", "buy", 94, 10_500.0, "forecast"),
        ("2019-01-14", "sell", 94, 11_500.0, "touch"),
        ("2019-01-15", "buy", 94, 11_450.0, "forecast"),  # cash 1,141,500
    ]


def test_a_fill_at_the_close_waits_for_a_halt_to_end(make_bars, make_forecasts):
    bars = make_bars(
        [(100, 101, 99, 100, 9), (0, 0, 0, 100, 0), (100, 107, 99, 106, 9), (106, 107, 105, 106, 9)]
    )
    rule = FivePercentRule(fill="close", exit="one-day")
    result = run(bars, make_forecasts(bars, [110, np.nan, 1, 1]), rule)
    assert [(f.session, f.side, f.price) for f in result.fills] == [
        ("2019-01-07", "buy", 100.0),
        ("2019-01-09", "sell", 106.0),  # decided on the 8th, a halt
    ]


def test_a_plain_cerebro_must_be_told_of_the_close(market):
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    cerebro.adddata(make_feed(*market))
    cerebro.addstrategy(FivePercent, fill="close")
    with pytest.raises(ValueError, match=r"cerebro.broker.set_coc\(True\)"):
        cerebro.run()


def test_a_broker_that_fills_at_the_close_does_not_move_fills_at_the_open(market):
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    feed = cerebro.adddata(make_feed(*market))
    FREE.install(cerebro, [feed])
    cerebro.broker.set_coc(True)
    cerebro.addstrategy(FivePercent)
    cerebro.addanalyzer(Ledger, _name="ledger")
    result = cerebro.run()[0].analyzers.ledger.result()
    assert fills_of(result) == fills_of(run(*market, FivePercentRule()))


def test_the_one_day_exit(market):
    result = run(*market, FivePercentRule(exit="one-day"))
    assert fills_of(result) == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-09", "sell", 94, 10_300.0, "one-day"),  # cash 1,018,800
        ("2019-01-10", "buy", 92, 10_450.0, "forecast"),
        ("2019-01-11", "sell", 92, 10_400.0, "one-day"),  # cash 1,014,200
        ("2019-01-14", "buy", 83, 11_500.0, "forecast"),
        ("2019-01-15", "sell", 83, 11_400.0, "one-day"),  # cash 1,005,900
        ("2019-01-16", "buy", 83, 11_450.0, "forecast"),
    ]


def test_the_forecast_exit(market):
    result = run(*market, FivePercentRule(exit="forecast"))
    assert fills_of(result) == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-15", "sell", 94, 11_400.0, "forecast"),  # 10,000 is forecast at 11,500
        ("2019-01-16", "buy", 93, 11_450.0, "forecast"),
    ]


def test_max_hold(market):
    result = run(*market, FivePercentRule(exit="day", max_hold=3))
    assert fills_of(result)[:2] == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-11", "sell", 94, 10_400.0, "max_hold"),  # the close of the 10th is the third
    ]


def test_stop_loss_is_measured_from_the_price_paid(make_bars, make_forecasts):
    closes = [(100, 100), (110, 105), (104, 104.5), (103, 99)]  # (open, close)
    bars = make_bars([(o, max(o, c) + 1, min(o, c) - 1, c, 9) for o, c in closes])
    result = run(bars, make_forecasts(bars, [110, 1, 1, 1]), FivePercentRule(stop_loss=0.05))
    # Bought at 110; 5% less is 104.5, which the close of the 9th meets: sold at the next open.
    # The entry exit would have sold at 105, the close of the 8th.
    assert [(f.session, f.price, f.reason) for f in result.fills] == [
        ("2019-01-08", 110.0, "forecast"),
        ("2019-01-09", 104.0, "entry"),
    ]
    later = FivePercentRule(first_exit=9, stop_loss=0.05)
    result = run(bars, make_forecasts(bars, [110, 1, 1, 1]), later)
    assert [(f.session, f.price, f.reason) for f in result.fills][1:] == [
        ("2019-01-10", 103.0, "stop_loss"),
    ]


def test_a_gap_up_does_not_reject_a_right_call(make_bars, make_forecasts):
    """Sized on the close before, an all-in order whose open gaps up is refused for cash."""
    bars = make_bars([(100, 101, 99, 100, 9), (129, 130, 128, 129, 9), (129, 130, 128, 129, 9)])
    result = run(bars, make_forecasts(bars, [130, 129, 129]), FivePercentRule())
    assert [f.price for f in result.fills] == [129.0, 129.0]
    assert result.fills[0].size == int(0.95 * 1_000_000 / 129)
    assert result.rejected == 0


def test_a_halt_lets_a_buy_expire_and_sends_a_sell_again(make_bars, make_forecasts):
    halt = (0, 0, 0, 100, 0)
    bars = make_bars(
        [
            (100, 101, 99, 100, 9),
            halt,
            (100, 101, 99, 100, 9),
            (100, 107, 99, 106, 9),
            (0, 0, 0, 106, 0),
            (0, 0, 0, 106, 0),
            (103, 104, 102, 103, 9),
        ]
    )
    result = run(
        bars, make_forecasts(bars, [110, np.nan, 110, 90, np.nan, np.nan, 90]), FivePercentRule()
    )
    assert [(f.session, f.side, f.price) for f in result.fills] == [
        ("2019-01-10", "buy", 100.0),  # decided on the 9th; the one of the 7th met the halt
        ("2019-01-15", "sell", 103.0),  # decided on the 10th, halted on the 11th and 14th
    ]
    assert result.expired == 1
    assert result.fills[1].decided == "2019-01-10"


def test_costs_by_the_table_of_the_day_and_slippage_inside_the_day(make_bars, make_forecasts):
    # 2019-05-29 still pays 0.30%, 2019-05-30 pays 0.25% (krx.py); 98,990 is no tick: no rounding.
    bars = make_bars(
        [
            (100_000, 101_000, 98_990, 100_000, 9),
            (100_000, 106_000, 99_000, 106_000, 9),
            (106_000, 106_500, 105_000, 106_000, 9),
            (106_000, 120_000, 105_000, 119_000, 9),
            (119_000, 119_000, 118_990, 119_000, 9),
        ],
        start="2019-05-27",
    )
    broker = Broker(10_000_000, Costs.of(market_for("PLANTED.KS")))
    result = run(
        bars,
        make_forecasts(bars, [110_000, 100_000, 120_000, 100_000, 100_000]),
        FivePercentRule(),
        broker,
    )
    buy, sell, again, last = result.fills
    assert (buy.size, buy.price) == (95, pytest.approx(100_050.0))
    assert buy.commission == pytest.approx(95 * 100_050 * 0.00015)
    assert (buy.tax, buy.slippage) == (0.0, pytest.approx(95 * 50))
    assert (sell.session, sell.price) == ("2019-05-29", pytest.approx(106_000 * 0.9995))
    assert sell.tax == pytest.approx(95 * 106_000 * 0.9995 * 0.0030)
    assert again.session == "2019-05-30"
    assert last.session == "2019-05-31"
    assert last.tax == pytest.approx(last.size * last.price * 0.0025)
    assert last.price == 118_990.0  # 5 basis points would be 118,940.5: below the day's low
    assert result.costs[-1] == pytest.approx(sum(f.costs for f in result.fills))


def test_a_gross_return_is_the_net_one_with_all_costs_given_back(market):
    dear = Broker(1_000_000, Costs.of(market_for("X", "none"), 20, 10))
    result = run(*market, FivePercentRule(), dear)
    for trade in result.trades[:-1]:
        buy, sell = (f for f in result.fills if f.session in (trade.entry, trade.exit))
        assert trade.return_gross == pytest.approx(
            (sell.price + sell.slippage / sell.size) / (buy.price - buy.slippage / buy.size) - 1
        )
        assert trade.return_net < trade.return_gross


def test_too_poor_for_one_share_is_counted_not_hidden(market):
    result = run(*market, FivePercentRule(), replace(FREE, cash=9_000))
    assert result.fills == ()
    assert result.unaffordable == 5  # the calls of days 0, 1, 2, 4 and 6
    assert result.equity.tolist() == [9_000.0] * len(PLANTED)


def test_buy_and_hold_covers_the_same_sessions_and_needs_no_forecast(market):
    bars, forecasts = market
    result = run(bars, forecasts, BuyAndHoldRule())
    assert fills_of(result) == [("2019-01-08", "buy", 94, 10_100.0, "start")]
    assert result.forecaster is None
    assert np.array_equal(result.sessions, run(bars, forecasts, FivePercentRule()).sessions)


def test_one_account_for_two_tickers_sells_first_then_buys_the_higher_forecast(
    make_bars, make_forecasts
):
    a = make_bars(PLANTED, ticker="A.KS")
    b = make_bars(PLANTED[1:], start="2019-01-08", ticker="B.KS")  # listed a day later
    forecasts = {
        "A.KS": make_forecasts(a, [1, 11_000, 1, 1, 1, 1, 1, 1]),
        "B.KS": make_forecasts(b, [12_000, 1, 1, 1, 1, 1, 1]),
    }
    result = run_backtest(
        {"B.KS": b, "A.KS": a}, forecasts, FivePercentRule(), replace(FREE, slots=2)
    )
    # Both call on the 8th: B's forecast is 16.5% above its close, A's 6.8%.
    assert [(f.ticker, f.session, f.size) for f in result.fills[:2]] == [
        ("B.KS", "2019-01-09", int(0.95 * 500_000 / 10_300)),
        ("A.KS", "2019-01-09", int(0.95 * 500_000 / 10_300)),
    ]
    assert result.account == "A.KS+B.KS"


def test_mismatched_tickers_are_refused(market):
    bars, forecasts = market
    with pytest.raises(InputError, match="same tickers"):
        run_backtest({"OTHER": bars}, {bars.ticker: forecasts}, FivePercentRule(), FREE)
    with pytest.raises(InputError, match="given with bars of"):
        run_backtest(
            {bars.ticker: bars},
            {bars.ticker: replace(forecasts, ticker="X")},
            FivePercentRule(),
            FREE,
        )


def test_first_exit_2_by_hand(market):
    result = run(*market, FivePercentRule(first_exit=2))
    # Bought at 10,100 as before; 10,500 on the second close still sells, at 10,450. Bought at 11,500
    # on the 14th, whose rise does not count; 11,450 on the 15th is still 10% above: sold on the 16th.
    assert fills_of(result) == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-10", "sell", 94, 10_450.0, "entry"),
        ("2019-01-14", "buy", 85, 11_500.0, "forecast"),
        ("2019-01-16", "sell", 85, 11_450.0, "entry"),
    ]


def test_the_bound_of_the_forecast_exit_by_hand(market):
    result = run(*market, FivePercentRule(exit="forecast", bound=0.9))
    # 20,000 is 94% above 10,300 and 90.5% above 10,500; 10,800 is 3.8% above 10,400: sold at 10,400.
    assert fills_of(result)[:2] == [
        ("2019-01-08", "buy", 94, 10_100.0, "forecast"),
        ("2019-01-11", "sell", 94, 10_400.0, "forecast"),
    ]


def test_a_third_of_the_cash_buys_what_it_pays_for_exactly(make_bars, make_forecasts):
    """0.3 x 1,000,000 / 3 is 100,000 won, 40 shares at 2,500; in binary it is a last digit less.

    1,925 and 30% of it, cut down to the tick of 5, is 2,500: the upper limit of the day. A purchase
    that opens there finds no seller; how many shares were wanted stands among the unfilled ones.
    """
    low = (1_925, 1_930, 1_920, 1_925, 9)
    bars = make_bars(
        [low, low, (2_500, 2_500, 2_400, 2_400, 9), (2_500,) * 4 + (9,)], ticker="C.KS"
    )
    broker = Broker(1_000_000, Costs.of(market_for("C.KS"), 0, 0), cash_fraction=0.3, slots=3)
    at_limit = run(bars, make_forecasts(bars, [1, 2_100, 1, 1]), FivePercentRule(), broker)
    assert [(u.side, u.size, u.why) for u in at_limit.unfilled] == [("buy", 40, "upper limit")]
    below = run(bars, make_forecasts(bars, [1, 1, 2_900, 1]), FivePercentRule(), broker)
    assert [(f.size, f.price) for f in below.fills] == [(40, 2_500)]


def test_slippage_in_ticks_spends_all_the_cash(make_bars, make_forecasts):
    """No tick of slippage costs nothing: the 5 basis points of other series must not refuse it."""
    bars = make_bars([(10_000,) * 4 + (9,)] * 3)
    costs = Costs.of(market_for("A.KS"), 0, slippage_ticks=0)
    broker = Broker(1_000_000, costs, cash_fraction=1.0)
    result = run(bars, make_forecasts(bars, [11_000, 1, 1]), FivePercentRule(), broker)
    assert [(f.size, f.price, f.cash) for f in result.fills] == [(100, 10_000, 0)]
