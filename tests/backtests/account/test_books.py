"""Our parts in a plain Cerebro."""

from functools import partial

import backtrader as bt
import pytest

from backtests import Broker, Costs, ForecastFeed, Ledger, market_for
from backtests.account.performance import performance
from backtests.account.result import Fill, Unfilled
from backtests.account.trades import round_trips
from forecasters.errors import Error
from strategies.five_percent import FivePercent

ROWS = [(100, 106, 99, 100 + t % 7, 50) for t in range(30)]


class Plain(bt.Strategy):
    """A user's own strategy, which knows nothing of ours."""

    def next(self):
        if len(self) == 3:
            self.buy(size=10)
        if len(self) == 9:
            self.sell(size=4)
        if len(self) == 12:
            self.close()


class Scripted(bt.Strategy):
    """Sends what stands in `orders` (bar: signed size, or size and limit), before each bar or after."""

    params = (("orders", {}), ("at_open", False))

    def _send(self, bar):
        size, limit = self.p.orders.get(bar, (0, None))
        if size:
            kind = {} if limit is None else {"exectype": bt.Order.Limit, "price": limit}
            (self.buy if size > 0 else self.sell)(size=abs(size), **kind)

    def prenext_open(self):  # Backtrader calls this one on the first bar
        self.next_open()

    def next_open(self):
        if self.p.at_open:
            self._send(len(self.data))

    def next(self):
        if not self.p.at_open:
            self._send(len(self))


class MovesCash(bt.Strategy):
    def next(self):
        self.broker.add_cash(1_000)


class HoldsMore(bt.Strategy):
    """Finds shares in its account that no order bought."""

    def next(self):
        if len(self) == 5:
            self.broker.positions[self.data].size += 1


class Impatient(bt.Strategy):
    def next(self):
        self.analyzers.ledger.result()


def cerebro_with(bars, strategy, cheat_on_open=True, forecasts=None, **params):
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=cheat_on_open)
    feed = cerebro.adddata(ForecastFeed(bars=bars, forecasts=forecasts))
    Broker(100_000, Costs.of(market_for("A.KS"))).install(cerebro, [feed])
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(Ledger, _name="ledger")
    return cerebro


def test_the_ledger_keeps_the_books_of_any_strategy(make_bars):
    bars = make_bars(ROWS)
    (strategy,) = cerebro_with(bars, Plain, cheat_on_open=False).run()
    result = strategy.analyzers.ledger.result()
    assert [(f.side, f.size) for f in result.fills] == [("buy", 10), ("sell", 4), ("sell", 6)]
    assert [f.decided < f.session for f in result.fills] == [True] * 3
    (trade,) = result.trades
    assert (trade.size, trade.exit) == (10, str(bars.sessions[12]))
    assert result.equity[-1] == pytest.approx(strategy.broker.getvalue())
    assert strategy.analyzers.ledger.get_analysis()[str(bars.sessions[-1])] == result.equity[-1]


def test_cash_that_no_fill_explains_is_an_error(make_bars):
    with pytest.raises(Error, match="not what the fills leave"):
        cerebro_with(make_bars(ROWS), MovesCash).run()


def test_shares_that_no_fill_explains_are_an_error(make_bars):
    """The books know what is held from the fills, not from the broker."""
    with pytest.raises(Error, match=r"value, 100,105.00, is not cash plus .*, 100,000.00, on 2019"):
        cerebro_with(make_bars(ROWS), HoldsMore).run()


def test_without_cheat_on_open_the_strategy_says_what_to_do(make_bars, make_forecasts):
    bars = make_bars(ROWS)
    cerebro = cerebro_with(bars, FivePercent, False, make_forecasts(bars, bars.close * 1.1))
    with pytest.raises(ValueError, match=r"bt.Cerebro\(cheat_on_open=True\)"):
        cerebro.run()


def optimised(make_bars, make_forecasts, **settings):
    bars = make_bars(ROWS)
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, **settings)
    cerebro.adddata(ForecastFeed(bars=bars, forecasts=make_forecasts(bars, bars.close * 1.03)))
    cerebro.optstrategy(FivePercent, threshold=[0.02, 0.05])
    cerebro.addanalyzer(Ledger, _name="ledger")
    return [run[0].analyzers.ledger.result() for run in cerebro.run()]


@pytest.mark.parametrize("optreturn", [True, False])
def test_backtraders_optstrategy_varies_the_settings(make_bars, make_forecasts, optreturn):
    """With optreturn, Backtrader's default, the analyzers lose their strategy after the run."""
    some, none = optimised(make_bars, make_forecasts, maxcpus=1, optreturn=optreturn)
    assert len(some.fills) > 0 and none.fills == ()
    assert some.strategy == none.strategy == "FivePercent"


def scripted(bars, orders, *, slippage=0.0, at_open=False, **settings):
    """Return what a script of orders made of these bars, free of commission and tax."""
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=at_open, **settings)
    feed = cerebro.adddata(ForecastFeed(bars=bars))
    Broker(100_000, Costs.of(market_for("X", "none"), 0, slippage)).install(cerebro, [feed])
    script = {
        bar: what if isinstance(what, tuple) else (what, None) for bar, what in orders.items()
    }
    cerebro.addstrategy(Scripted, orders=script, at_open=at_open)
    cerebro.addanalyzer(Ledger, _name="ledger")
    return cerebro.run()[0].analyzers.ledger.result()


@pytest.mark.parametrize(
    ("order", "price", "slippage"),
    [
        ((10, 96.0), 96.0, 0.0),  # a buy below the open waits for its price: no slippage
        ((10, 103.0), 100.1, 1.0),  # a buy above the open fills at the open, slipped
        ((-10, 104.0), 104.0, 0.0),  # a sell above the open waits for its price
        ((-10, 99.0), 99.9, 1.0),  # a sell below the open fills at the open, slipped
    ],
)
def test_a_limit_slips_only_where_it_fills_at_the_open(make_bars, order, price, slippage):
    bars = make_bars([(100, 105, 95, 100, 9)] * 3)
    (fill,) = scripted(bars, {1: order}, slippage=10).fills
    assert fill.price == pytest.approx(price)
    assert fill.slippage == pytest.approx(slippage)


@pytest.mark.parametrize("runonce", [True, False])
def test_a_closed_short_gains_what_the_price_fell(make_bars, runonce):
    bars = make_bars([(p, p + 1, p - 1, p, 9) for p in (100, 100, 95, 90, 90)])
    result = scripted(bars, {1: -10, 3: 10}, runonce=runonce)
    (trade,) = result.trades
    days = bars.sessions.astype(str)
    assert (trade.entry, trade.exit, trade.sessions_held) == (days[1], days[3], 2)
    assert (trade.entry_price, trade.exit_price, trade.size) == (100.0, 90.0, 10)
    assert trade.return_gross == trade.return_net == pytest.approx(0.10)
    assert result.equity.tolist() == [100_000, 100_000, 100_050, 100_100, 100_100]


def test_an_open_short_is_valued_at_the_last_close(make_bars):
    bars = make_bars([(p, p + 1, p - 1, p, 9) for p in (100, 100, 105, 120)])
    (trade,) = scripted(bars, {1: -10}).trades
    assert (trade.exit, trade.exit_price, trade.sessions_held) == (None, 120.0, 2)
    assert trade.return_net == pytest.approx(-0.20)
    assert trade.reason == "open at the end"


def test_a_flip_through_zero_ends_one_trade_and_begins_the_next(make_bars):
    bars = make_bars([(p, p + 1, p - 1, p, 9) for p in (100, 100, 110, 110, 99, 99)])
    result = scripted(bars, {1: 10, 2: -30, 4: 20})
    assert [(f.side, f.size) for f in result.fills] == [("buy", 10), ("sell", 30), ("buy", 20)]
    long, short = result.trades
    assert (long.size, long.entry_price, long.exit_price) == (10, 100.0, 110.0)
    assert (short.size, short.entry_price, short.exit_price) == (20, 110.0, 99.0)
    assert (long.exit, short.entry) == (result.fills[1].session,) * 2
    assert (long.return_net, short.return_net) == (pytest.approx(0.1), pytest.approx(0.1))
    assert isinstance(short.size, int)


fill_of = partial(Fill, ticker="T", tax=0.0, cash=0.0, reason="")
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_the_costs_of_a_short_lower_its_net_return_only():
    fills = [
        fill_of(DAYS[0], DAYS[1], side="sell", size=10, price=99.0, commission=2.0, slippage=10.0),
        fill_of(DAYS[1], DAYS[2], side="buy", size=10, price=91.0, commission=1.0, slippage=10.0),
    ]
    (trade,) = round_trips(fills, DAYS, {"T": 1.0})
    assert trade.return_gross == pytest.approx(1 - 900 / 1000)  # sold at 100, covered at 90
    assert trade.return_net == pytest.approx(1 - (910 + 1) / (990 - 2))
    assert trade.costs == 23.0


def test_a_flip_divides_the_costs_of_its_fill_by_size():
    fills = [
        fill_of(DAYS[0], DAYS[0], side="sell", size=10, price=100.0, commission=1.0, slippage=0.0),
        fill_of(DAYS[1], DAYS[1], side="buy", size=40, price=100.0, commission=8.0, slippage=4.0),
    ]
    short, long = round_trips(fills, DAYS, {"T": 102.0})
    assert (short.costs, long.costs) == (1 + 2 + 1, 6 + 3)
    assert (short.exit, long.exit, long.size, long.sessions_held) == (DAYS[1], None, 30, 1)


def test_fractions_of_a_share_are_kept_and_whole_shares_stay_whole(make_bars):
    bars = make_bars([(100, 101, 99, 100, 9)] * 6)
    result = scripted(bars, {1: 0.1, 2: 0.2, 3: -0.3, 4: 2.0})
    assert [f.size for f in result.fills] == [0.1, 0.2, 0.3, 2]
    assert [type(f.size) for f in result.fills] == [float, float, float, int]
    first, second = result.trades  # 0.1 + 0.2 - 0.3 is 5.6e-17, yet it is flat
    assert (first.size, first.exit) == (pytest.approx(0.3), result.fills[2].session)
    assert (second.size, type(second.size), second.exit) == (2, int, None)


def test_a_trade_on_the_first_bar_is_measured_from_the_cash_at_the_start(make_bars):
    bars = make_bars([(100, 111, 99, 110, 9), (110, 122, 109, 121, 9)])
    result = scripted(bars, {1: 500}, at_open=True)
    assert result.start_cash == 100_000
    assert result.equity.tolist() == [105_000, 110_500]
    assert result.returns == pytest.approx([0.05, 5_500 / 105_000])
    assert performance(result)["total_return"] == pytest.approx(0.105)


def test_a_market_order_at_the_close_before_bears_no_slippage_of_the_night(make_bars):
    bars = make_bars([(p, p + 1, p - 1, p, 9) for p in (100, 110, 110)])
    (fill,) = scripted(bars, {1: 10}).fills
    assert (fill.price, fill.slippage) == (110.0, 0.0)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(ForecastFeed(bars=bars))
    cerebro.broker.set_coc(True)
    cerebro.addstrategy(Scripted, orders={1: (10, None)})
    cerebro.addanalyzer(Ledger, _name="ledger")
    (fill,) = cerebro.run()[0].analyzers.ledger.result().fills
    assert (fill.price, fill.slippage) == (100.0, 0.0)


def test_the_books_are_not_shown_before_they_are_closed(make_bars):
    with pytest.raises(Error, match=r"after cerebro.run\(\)"):
        cerebro_with(make_bars(ROWS), Impatient).run()


def test_what_became_of_no_fill_is_listed(make_bars):
    """A plain strategy keeps no list of unfilled orders: they follow from its orders."""
    bars = make_bars([(100, 101, 99, 100, 9)] * 4)
    days = bars.sessions.astype(str)
    cerebro = cerebro_with(bars, Scripted, False, orders={1: (2_000, None), 2: (5, 90.0)})
    result = cerebro.run()[0].analyzers.ledger.result()
    assert result.unfilled == (
        Unfilled(days[0], days[1], "PLANTED.KS", "buy", 2_000, "rejected"),  # the cash buys 1,000
    )


def test_a_strategy_that_lists_its_unfilled_signals_is_believed(make_bars):
    fields = {
        "session": "2019-01-08",
        "ticker": "X",
        "side": "sell",
        "size": 3,
        "why": "lower limit",
    }

    class Telling(Scripted):
        unfilled = ({"decided": "2019-01-07", **fields},)

    bars = make_bars([(100, 101, 99, 100, 9)] * 3)
    result = cerebro_with(bars, Telling, False).run()[0].analyzers.ledger.result()
    assert result.unfilled == (Unfilled("2019-01-07", **fields),)
    assert result.blocked == 1


def test_what_is_held_when_its_bars_end_is_called_delisted():
    fills = [
        fill_of(DAYS[0], DAYS[0], side="buy", size=10, price=100.0, commission=0.0, slippage=0.0),
    ]
    (gone,) = round_trips(fills, DAYS, {"T": 90.0}, {"T": DAYS[1]})
    assert (gone.reason, gone.exit, gone.exit_price, gone.sessions_held) == (
        "delisted",
        None,
        90,
        1,
    )
    (held,) = round_trips(fills, DAYS, {"T": 90.0}, {"T": DAYS[2]})
    assert (held.reason, held.sessions_held) == ("open at the end", 2)


def test_a_fill_and_its_trade_can_be_followed_by_hand(make_bars):
    """Bought at 50,000 and sold at 52,000 on the Korea Exchange, on the grid of 100 won."""
    rows = [(50_000, 50_500, 49_500, 50_000, 9_000)] * 2 + [(52_000, 52_500, 51_500, 52_000, 9_000)] * 2  # fmt: skip
    bars = make_bars(rows, start="2019-05-28")  # sold on the 30th, the first day of 0.25%
    cerebro = bt.Cerebro(stdstats=False)
    feed = cerebro.adddata(ForecastFeed(bars=bars))
    Broker(1_000_000, Costs.of(market_for("A.KS"))).install(cerebro, [feed])
    cerebro.addstrategy(Scripted, orders={1: (10, None), 2: (-10, None)})
    cerebro.addanalyzer(Ledger, _name="ledger")
    result = cerebro.run()[0].analyzers.ledger.result()
    bought, sold = result.fills
    # 50,000 and 5 bp are 50,025: up to 50,100. 501,000 x 1.5 bp = 75.15.
    assert (bought.decided, bought.session) == ("2019-05-28", "2019-05-29")
    assert (bought.price, bought.slippage, bought.commission, bought.tax) == (
        50_100,
        1_000,
        75.15,
        0,
    )
    assert bought.cash == 1_000_000 - 501_000 - 75.15 == 498_924.85
    # 52,000 less 5 bp are 51,974: down to 51,900. 519,000 x 1.5 bp = 77.85, x 0.25% = 1,297.5.
    assert (sold.decided, sold.session) == ("2019-05-29", "2019-05-30")
    assert (sold.price, sold.slippage, sold.commission, sold.tax) == (51_900, 1_000, 77.85, 1_297.5)
    assert sold.cash == pytest.approx(498_924.85 + 519_000 - 77.85 - 1_297.5, abs=1e-9)
    (trade,) = result.trades
    assert (trade.entry, trade.exit, trade.sessions_held) == ("2019-05-29", "2019-05-30", 1)
    assert trade.return_gross == pytest.approx(52_000 / 50_000 - 1)
    assert trade.return_net == pytest.approx((519_000 - 77.85 - 1_297.5) / (501_000 + 75.15) - 1)
    assert trade.costs == 1_000 + 75.15 + 1_000 + 77.85 + 1_297.5
    # At the close of the 29th: what the purchase left, and ten shares at 50,000.
    assert result.equity.tolist()[1] == 498_924.85 + 10 * 50_000
    assert result.equity[-1] == result.cash[-1] == sold.cash
