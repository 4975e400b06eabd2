"""What the exchange forbids and rounds, order by order; all else is Backtrader's."""

import backtrader as bt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests import Broker, Costs, ForecastFeed, Ledger, market_for
from forecasters.bars import COLUMNS, Bars
from forecasters.errors import InputError

KRX = market_for("A.KS")
FREE = {"commission_bps": 0, "slippage_bps": 0, "tax_bps": 0}


class Scripted(bt.Strategy):
    """Sends what stands in `orders`: (bar, side, keywords), after that bar; keeps the orders."""

    params = (("orders", ()),)

    def __init__(self):
        self.sent = []

    def prenext(self):
        self.next()

    def next(self):
        for bar, side, keywords in self.p.orders:
            if bar == len(self):
                settings = {"size": 10, **keywords}
                settings["data"] = self.datas[settings.get("data", 0)]
                self.sent.append(getattr(self, side)(**settings))


def run(bars, orders, *, volume_cap=None, cash=10_000_000, coc=False, **costs):
    """Return the strategy after a script of orders, free of costs but those given."""
    cerebro = bt.Cerebro(stdstats=False)
    every = bars if isinstance(bars, list) else [bars]
    feeds = [cerebro.adddata(ForecastFeed(bars=series)) for series in every]
    settings = FREE | costs
    market = settings.pop("market", KRX)
    Broker(cash, Costs.of(market, **settings), volume_cap=volume_cap).install(cerebro, feeds)
    cerebro.broker.set_coc(coc)
    cerebro.addstrategy(Scripted, orders=orders)
    cerebro.addanalyzer(Ledger, _name="ledger")
    return cerebro.run()[0]


def fills_of(strategy):
    result = strategy.analyzers.ledger.result()
    return [(f.session, f.side, f.size, f.price) for f in result.fills]


BUY, SELL = (1, "buy", {}), (1, "sell", {})
DAYS = ["2019-01-07", "2019-01-08", "2019-01-09", "2019-01-10"]


@pytest.mark.parametrize(
    ("opened", "filled"),
    [
        (13_000, False),  # 30% above 10,000
        (12_950, True),  # a tick below
        (13_050, True),  # beyond it: this day had no limit
    ],
)
def test_a_buy_finds_no_price_at_the_upper_limit(make_bars, opened, filled):
    locked = (opened,) * 4 + (9,)
    bars = make_bars(
        [(9_500, 10_200, 9_400, 10_000, 9), locked, (13_000, 14_000, 12_000, 13_500, 9)]
    )
    strategy = run(bars, [BUY])
    day, price = (DAYS[1], opened) if filled else (DAYS[2], 13_000)
    assert fills_of(strategy) == [(day, "buy", 10, price)]
    assert "blocked" not in strategy.sent[0].info  # it filled after all


class AtTheFirstOpen(bt.Strategy):
    def prenext_open(self):  # Backtrader calls this one on the first bar
        self.buy(size=1)


def test_on_the_first_bar_there_is_no_limit(make_bars):
    """Backtrader would answer the last close of all when asked for the close before the first."""
    bars = make_bars([(13_000,) * 4 + (9,), (10_000,) * 4 + (9,)])
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    feed = cerebro.adddata(ForecastFeed(bars=bars))
    Broker(10_000_000, Costs.of(KRX, **FREE)).install(cerebro, [feed])
    cerebro.addstrategy(AtTheFirstOpen)
    cerebro.addanalyzer(Ledger, _name="ledger")
    assert fills_of(cerebro.run()[0]) == [(DAYS[0], "buy", 1, 13_000)]


def test_a_sell_finds_no_price_at_the_lower_limit(make_bars):
    bars = make_bars([(10_000,) * 4 + (9,), (7_000, 8_000, 7_000, 7_500, 9)])
    strategy = run(bars, [SELL, BUY])
    assert fills_of(strategy) == [(DAYS[1], "buy", 10, 7_000)]  # a buy is glad of it
    assert strategy.sent[0].info.blocked == "lower limit"
    assert strategy.sent[0].alive()


def test_a_limit_is_cut_down_to_a_tick_and_reaches_across_a_halt(make_bars):
    rows = [(9_980,) * 4 + (9,), (0, 0, 0, 9_980, 0), (12_950, 12_950, 12_000, 12_000, 9)]
    strategy = run(make_bars(rows), [BUY])
    assert fills_of(strategy) == []
    assert strategy.sent[0].info.blocked == "upper limit"  # 12,974, a locked day of 29.8%
    free = run(make_bars([*rows[:2], (12_900, 12_950, 12_000, 12_000, 9)]), [BUY])
    assert fills_of(free) == [(DAYS[2], "buy", 10, 12_900)]


def test_off_the_grid_a_limit_has_the_tolerance_of_a_tick(make_bars):
    start = (10_007,) * 4 + (9,)  # the limit is 13,009.1
    for opened, filled in [(12_951, False), (12_930, True)]:
        bars = make_bars([start, (opened, opened, 12_000, 12_000, 9)])
        assert bool(fills_of(run(bars, [BUY]))) == filled


@pytest.mark.parametrize("day", ["2015-06-11", "2015-06-12"])
def test_the_limit_is_that_of_the_day_of_the_fill(make_bars, day):
    """The second bar falls on the day before and the day of the switch from 15% to 30%."""
    bars = make_bars([(10_000,) * 4 + (9,), (11_500,) * 4 + (9,)], start=day)
    assert bool(fills_of(run(bars, [BUY]))) == (day == "2015-06-12")


def test_a_limit_order_is_blocked_at_the_open_and_fills_when_the_price_comes_back(make_bars):
    bars = make_bars([(10_000,) * 4 + (9,), (13_000, 13_000, 11_000, 11_500, 9)])
    order = {"exectype": bt.Order.Limit}
    high = run(bars, [(1, "buy", order | {"price": 13_000})])
    assert fills_of(high) == [] and high.sent[0].info.blocked == "upper limit"
    low = run(bars, [(1, "buy", order | {"price": 11_500})])
    assert fills_of(low) == [(DAYS[1], "buy", 10, 11_500)]


def test_an_order_for_the_close_finds_no_price_at_the_limit_either(make_bars):
    locked, after = (11_000, 13_000, 11_000, 13_000, 9), (13_000, 14_000, 13_000, 14_000, 9)
    bars = make_bars([(10_000,) * 4 + (9,), locked, after])
    strategy = run(bars, [(1, "buy", {"exectype": bt.Order.Close})])
    assert fills_of(strategy) == [(DAYS[2], "buy", 10, 14_000)]


@pytest.mark.parametrize(
    ("row", "why"),
    [((0, 0, 0, 100, 0), "halt"), ((100, 101, 99, 100, 0), "no volume")],
)
def test_nothing_fills_without_volume(make_bars, row, why):
    bars = make_bars([(100, 101, 99, 100, 9), row])
    strategy = run(bars, [BUY, SELL])
    assert fills_of(strategy) == []
    assert [order.info.blocked for order in strategy.sent] == [why, why]


def test_a_series_without_any_volume_trades(make_bars):
    bars = make_bars([(100, 101, 99, 100, 0)] * 3)
    assert fills_of(run(bars, [BUY])) == [(DAYS[1], "buy", 10, 100)]


def test_no_order_fills_on_a_bar_of_another_day(make_bars):
    whole = make_bars([(100, 101, 99, 100, 9)] * 4, ticker="A.KS")
    rows = np.array([0, 1, 3])
    columns = (getattr(whole, name)[rows] for name in COLUMNS)
    holed = Bars("B.KS", whole.sessions[rows], *columns)
    limit = {"data": 1, "exectype": bt.Order.Limit, "price": 100}
    strategy = run([whole, holed], [(2, "buy", limit)])
    assert fills_of(strategy) == [(DAYS[3], "buy", 10, 100)]
    missed = run([whole, holed], [(2, "buy", limit), (3, "buy", limit | {"price": 50})])
    assert [f[0] for f in fills_of(missed)] == [DAYS[3]]


ON = [(10_000, 10_100, 9_900, 10_000, 900)] * 3
OFF = [(10_000, 10_100, 9_900, 10_003, 900)] * 3


@pytest.mark.parametrize(
    ("rows", "costs", "bought", "sold"),
    [
        (ON, {"slippage_bps": 5}, 10_050, 9_990),  # 10,005 and 9,995: up by 50, down by 10
        (OFF, {"slippage_bps": 5}, 10_005, 9_995),
        (ON, {"slippage_bps": 0}, 10_000, 10_000),
        (ON, {"slippage_ticks": 2}, 10_100, 9_980),
        (ON, {"slippage_ticks": 9}, 10_100, 9_910),  # never above the day's high
        (ON, {"slippage_ticks": 11}, 10_100, 9_900),  # nor below its low
        (OFF, {"slippage_ticks": 2, "slippage_bps": 5}, 10_005, 9_995),
    ],
)
def test_prices_slip_and_are_rounded_against_the_trader(make_bars, rows, costs, bought, sold):
    strategy = run(make_bars(rows), [BUY, SELL], **costs)
    fills = strategy.analyzers.ledger.result().fills
    assert [fill.price for fill in fills] == [bought, sold]
    assert [fill.slippage for fill in fills] == [
        pytest.approx(10 * (bought - 10_000)), pytest.approx(10 * (10_000 - sold)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [
        ("sell", 10_061, 10_100),  # up to the tick above, where it still is touched
        ("buy", 9_999, 9_990),  # down to the tick below
        ("sell", 9_700, 9_990),  # at the open, slipped and rounded
        ("sell", 10_000, 10_000),  # at the open, but not below the limit
    ],
)
def test_a_limit_is_a_tick_that_is_not_worse(make_bars, side, limit, price):
    order = (1, side, {"exectype": bt.Order.Limit, "price": limit})
    strategy = run(make_bars(ON), [order], slippage_bps=5)
    assert fills_of(strategy) == [(DAYS[1], side, 10, price)]


def test_a_touch_sale_never_fills_below_the_low_of_its_day(make_bars):
    """The limit lies below a day that traded at one price: slippage has nowhere to go.

    Source: 101360.KS on 2017-02-06, low = high = 2,880; the sale filled a tick of 5 below.
    """
    bars = make_bars([(2_500, 2_510, 2_490, 2_500, 900)] * 2 + [(2_880, 2_880, 2_880, 2_880, 900)])
    order = (2, "sell", {"exectype": bt.Order.Limit, "price": 2_630})
    strategy = run(bars, [BUY, order], slippage_bps=5)
    assert fills_of(strategy) == [(DAYS[1], "buy", 10, 2_505), (DAYS[2], "sell", 10, 2_880)]


def test_a_limit_sell_above_the_last_tick_of_the_day_does_not_fill(make_bars):
    order = {"exectype": bt.Order.Limit, "price": 10_101}
    assert fills_of(run(make_bars(ON), [(1, "sell", order)])) == []


def test_the_orders_of_a_day_share_what_the_cap_leaves_of_its_volume(make_bars):
    bars = make_bars([(100, 101, 99, 100, 100)] * 4)
    orders = [(1, "buy", {"size": 8}), (1, "buy", {"size": 8}), (1, "sell", {"size": 3})]
    strategy = run(bars, orders, volume_cap=0.1)
    assert fills_of(strategy) == [
        (DAYS[1], "buy", 8, 100),
        (DAYS[1], "buy", 2, 100),
        (DAYS[2], "buy", 6, 100),
        (DAYS[2], "sell", 3, 100),
    ]
    assert "blocked" not in strategy.sent[1].info
    held = run(bars, [(1, "buy", {"size": 50})], volume_cap=0.1)
    assert held.sent[0].info.blocked == "volume cap"
    assert held.position.size == 30
    with pytest.raises(InputError, match="--volume-cap is 2"):
        Broker(1, Costs.of(KRX), volume_cap=2)


def test_a_cap_leaves_whole_lots(make_bars):
    bars = make_bars([(10_000,) * 4 + (100,)] * 2, start="2014-05-20")
    strategy = run(bars, [(1, "buy", {"size": 50})], volume_cap=0.25)
    assert [fill[2] for fill in fills_of(strategy)] == [20]  # of the 25 that the cap leaves


@pytest.mark.parametrize(("start", "size"), [("2014-05-28", 30), ("2014-06-02", 37)])
def test_a_purchase_is_of_whole_lots_of_its_day(make_bars, start, size):
    bars = make_bars([(10_000,) * 4 + (900,)] * 3, start=start)
    strategy = run(bars, [(1, "buy", {"size": 37}), (2, "buy", {"size": 7.9})])
    filled = [fill[2] for fill in fills_of(strategy)]
    assert filled == ([size] if start < "2014-06" else [size, 7])
    rejected = [order.status == order.Rejected for order in strategy.sent]
    assert rejected == [False, start < "2014-06"]
    unfilled = strategy.analyzers.ledger.result().unfilled
    assert [entry.why for entry in unfilled] == ["rejected"] * (start < "2014-06")


def test_an_odd_rest_can_be_sold(make_bars):
    bars = make_bars([(10_000,) * 4 + (900,)] * 4, start="2014-05-20")
    strategy = run(bars, [(1, "buy", {"size": 20}), (2, "sell", {"size": 3})])
    assert [fill[2] for fill in fills_of(strategy)] == [20, 3]


def test_a_fill_at_the_close_before_is_of_that_day(make_bars):
    """Slipped within that day's range, taxed at that day's rate, blocked at that day's limit."""
    rows = [(9_900, 10_000, 9_900, 10_000, 900), (11_000, 12_000, 11_000, 12_000, 900)]
    bars = make_bars([*rows, (12_000,) * 4 + (900,)], start="2019-05-29")  # 0.30%, then 0.25%
    costs = {"slippage_bps": 50, "tax_bps": None}
    strategy = run(bars, [BUY, SELL], coc=True, **costs)
    bought, sold = strategy.analyzers.ledger.result().fills
    assert (bought.session, bought.price, bought.slippage) == ("2019-05-29", 10_000, 0)
    assert (sold.session, sold.price, sold.slippage) == ("2019-05-29", 9_950, 500)
    assert sold.tax == pytest.approx(99_500 * 0.003)
    assert sold.cash == pytest.approx(10_000_000 - 100_000 + 99_500 - 298.5)


def test_a_close_at_the_limit_leaves_an_order_to_the_next_open(make_bars):
    locked, above = (11_000, 13_000, 11_000, 13_000, 9), (14_000, 14_500, 14_000, 14_500, 9)
    rows = [(10_000,) * 4 + (9,), locked, above, (15_000,) * 4 + (9,)]
    strategy = run(make_bars(rows), [(2, "buy", {})], coc=True)
    assert fills_of(strategy) == [(DAYS[3], "buy", 10, 15_000)]


def test_a_strategy_can_ask_for_the_lot_and_the_slippage(make_bars):
    strategy = run(make_bars(ON), [], slippage_ticks=1)
    assert strategy.broker.lot_of(strategy.data) == 1
    assert strategy.broker.slipped(strategy.data, 10_000, 1) == 10_050
    assert strategy.broker.slipped(strategy.data, 10_000, -1) == 9_990  # below 10,000 a tick is 10
    rounded = run(make_bars(ON), [], slippage_bps=5)  # 10,005 is no tick
    assert rounded.broker.slipped(rounded.data, 10_000, 1) == 10_050
    adjusted = run(make_bars(OFF), [], slippage_bps=5)
    assert adjusted.broker.slipped(adjusted.data, 10_000, 1) == pytest.approx(10_005)
    assert adjusted.broker.slipped(adjusted.data, 10_000, -1) == pytest.approx(9_995)


def test_the_note_says_which_rules_bind(make_bars):
    on, off = make_bars(ON), make_bars(OFF, ticker="OFF.KS")
    broker = Broker(1e7, Costs.of(KRX), volume_cap=0.05)
    days = ("2019-01-07", "2019-01-10")
    assert broker.note([on], *days) == (
        "commission 1.5 bp a side, transaction tax on sales 0.30%, slippage 5 bp a side; "
        "no purchase fills at the upper daily price limit and no sale at the lower one; "
        "prices are rounded to ticks against the trader, so that any slippage is a tick at least "
        "(the bars lie on the tick grid); "
        "orders fill at most 5.00% of the day's volume"
    )
    assert "not rounded to ticks (the bars lie off the tick grid" in broker.note([off], *days)
    assert "not those of 1 of 2 series, which lie off the tick grid: OFF.KS" in broker.note(
        [on, off], *days
    )
    assert "tick" not in Broker(1, Costs.of(market_for("X", "none"))).note([on], *days)


# --- all else is Backtrader's -------------------------------------------------------------------

KINDS = ["Market", "Limit", "Stop", "StopLimit", "Close", "StopTrail"]
ORDERS = st.lists(
    st.tuples(
        st.integers(1, 25), st.sampled_from(["buy", "sell"]), st.integers(0, 2), st.integers(1, 50),
        st.sampled_from(KINDS), st.floats(0.9, 1.1),
    ),
    max_size=25,
)  # fmt: skip


class Any_(bt.Strategy):
    params = (("orders", ()),)

    def __init__(self):
        self.seen = []
        self.values = []

    def notify_order(self, order):
        event = (
            len(self),
            order.ref - self.first,
            order.status,
            order.executed.size,
            order.executed.price,
        )
        self.seen.append(event)

    def start(self):
        self.first = next(bt.Order.refbasis)

    def prenext(self):
        self.next()

    def next(self):
        self.values.append(
            (self.broker.getvalue(), self.broker.getcash(), self.broker.get_leverage())
        )
        for bar, side, data, size, kind, share in self.p.orders:
            if bar == len(self) and len(self.datas[data]):
                feed = self.datas[data]
                price = feed.close[0] * share
                extra = {"plimit": price * 1.01} if kind == "StopLimit" else {}
                extra |= {"trailpercent": 0.02} if kind == "StopTrail" else {}
                if kind not in ("Market", "Close", "StopTrail"):
                    extra["price"] = price
                getattr(self, side)(data=feed, size=size, exectype=getattr(bt.Order, kind), **extra)


@given(orders=ORDERS, seed=st.integers(0, 2**32 - 1), coo=st.booleans(), check=st.booleans())
def test_where_the_market_knows_no_rule_every_fill_is_backtraders(orders, seed, coo, check):
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2019-01-07", np.arange(30))

    def series(number):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.03, 30)))
        opened = close * np.exp(rng.normal(0, 0.01, 30))
        high, low = np.maximum(close, opened) * 1.01, np.minimum(close, opened) * 0.99
        return Bars(f"T{number}", days, opened, high, low, close, np.full(30, 9.0))

    bars = [series(number) for number in range(3)]

    def account_of(ours):
        cerebro = bt.Cerebro(stdstats=False, cheat_on_open=coo)
        feeds = [cerebro.adddata(ForecastFeed(bars=series)) for series in bars]
        costs = Costs.of(market_for("X", "none"), commission_bps=2, slippage_bps=7)
        if ours:
            Broker(5_000, costs).install(cerebro, feeds)
        else:
            broker = cerebro.broker
            broker.setcash(5_000)
            broker.setcommission(commission=2e-4, stocklike=True)
            broker.set_slippage_perc(
                7e-4, slip_open=True, slip_limit=False, slip_match=True, slip_out=False
            )
        cerebro.broker.set_checksubmit(check)
        cerebro.addstrategy(Any_, orders=orders)
        (strategy,) = cerebro.run()
        return strategy.seen, strategy.values

    (seen, values), (theirs, their_values) = account_of(True), account_of(False)
    assert [row[:4] for row in seen] == [row[:4] for row in theirs]
    assert [row[4] for row in seen] == pytest.approx([row[4] for row in theirs], rel=1e-12)
    assert np.allclose(values, their_values, rtol=1e-12)
