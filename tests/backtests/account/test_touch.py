"""A limit sell that belongs to a purchase: it lives, fills and falls with that purchase."""

import backtrader as bt
import pytest

from backtests.account.books import Ledger
from backtests.account.feed import make_feed
from strategies.five_percent import FivePercent, FivePercentRule
from tests.backtests.account.test_engine import run


def test_touch_on_the_day_of_the_fill(make_bars, make_forecasts):
    bars = make_bars([(100, 101, 99, 100, 9), (101, 107, 100, 102, 9), (102, 103, 101, 102, 9)])
    result = run(bars, make_forecasts(bars, [110, 100, 100]), FivePercentRule(exit="touch"))
    assert [(f.session, f.side, f.price) for f in result.fills] == [
        ("2019-01-08", "buy", 101.0),
        ("2019-01-08", "sell", pytest.approx(105.0)),
    ]
    assert result.trades[0].sessions_held == 0


def plain_touch(bars, forecasts, adjust, cash_fraction=1.0, fill="open"):
    """Run the touch exit in a Cerebro whose broker is the user's own; return strategy and result."""
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    cerebro.adddata(make_feed(bars, forecasts))
    cerebro.broker.setcash(10_000)
    adjust(cerebro.broker)
    cerebro.broker.set_coc(fill == "close")
    cerebro.addstrategy(FivePercent, exit="touch", fill=fill, cash_fraction=cash_fraction)
    cerebro.addanalyzer(Ledger, _name="ledger")
    (strategy,) = cerebro.run()
    return strategy, strategy.analyzers.ledger.result()


TOUCHED = [(100, 101, 99, 100, 9), (100, 107, 99, 102, 9), (102, 103, 101, 102, 9)]


@pytest.mark.parametrize("fill", ["open", "close"])
@pytest.mark.parametrize("checksubmit", [True, False])
def test_a_touch_sell_falls_with_a_purchase_that_the_broker_refuses(
    make_bars, make_forecasts, checksubmit, fill
):
    """All the cash at the open does not pay the slipped price: no purchase, so no short either."""
    bars = make_bars(TOUCHED)

    def adjust(broker):
        broker.set_slippage_fixed(1)
        broker.set_checksubmit(checksubmit)

    strategy, result = plain_touch(bars, make_forecasts(bars, [110, 1, 1]), adjust, fill=fill)
    assert result.fills == ()
    assert strategy.position.size == 0
    assert (result.rejected, result.expired) == (1, 0)


def test_a_touch_sell_falls_with_a_purchase_refused_when_submitted(make_bars, make_forecasts):
    """Backtrader checks the cash at submission with the commission of this scheme, then refuses."""
    bars = make_bars(TOUCHED)

    class Dear(bt.CommInfoBase):
        params = (("stocklike", True), ("commtype", bt.CommInfoBase.COMM_FIXED))
        asked = 0

        def _getcommission(self, size, price, pseudoexec):
            Dear.asked += 1
            return 0.0 if Dear.asked == 1 else 500.0  # the strategy was told 0

    strategy, result = plain_touch(
        bars, make_forecasts(bars, [110, 1, 1]), lambda broker: broker.addcommissioninfo(Dear())
    )
    assert Dear.asked > 1 and result.fills == ()
    assert strategy.position.size == 0
    assert (result.rejected, result.expired) == (1, 0)


def test_a_touch_sell_falls_with_a_purchase_that_finds_no_price(make_bars, make_forecasts):
    """Slipped past the day's high without a match there is no fill, though the limit is touched."""
    bars = make_bars([(100, 101, 99, 100, 9), (106, 106, 99, 102, 9), (102, 103, 101, 102, 9)])
    strategy, result = plain_touch(
        bars,
        make_forecasts(bars, [110, 1, 1]),
        lambda broker: broker.set_slippage_fixed(1, slip_match=False),
        cash_fraction=0.9,
    )
    assert result.fills == ()
    assert strategy.position.size == 0
    assert (result.rejected, result.expired) == (0, 1)


def test_a_purchase_filled_in_part_is_sold_only_as_far_as_it_was_bought(make_bars, make_forecasts):
    bars = make_bars([*TOUCHED[:2], (102, 108, 101, 104, 9), (104, 105, 103, 104, 9)])
    strategy, result = plain_touch(
        bars,
        make_forecasts(bars, [110, 1, 1, 1]),
        lambda broker: broker.set_filler(bt.broker.fillers.FixedSize(size=40)),
    )
    assert [(f.session, f.side, f.size) for f in result.fills] == [
        ("2019-01-08", "buy", 9),  # the volume of the day
        ("2019-01-09", "sell", 9),  # the day after: a purchase in part wakes no sell
    ]
    assert strategy.position.size == 0


def test_a_touch_sell_that_did_not_fill_on_the_first_day_is_sent_again(make_bars, make_forecasts):
    bars = make_bars(
        [(100, 101, 99, 100, 9), (100, 104, 99, 102, 9), (102, 104, 101, 102, 9), TOUCHED[1]]
    )
    strategy, result = plain_touch(bars, make_forecasts(bars, [110, 1, 1, 1]), lambda broker: None)
    assert [(f.session, f.side, f.price) for f in result.fills] == [
        ("2019-01-08", "buy", 100.0),
        ("2019-01-10", "sell", pytest.approx(105.0)),
    ]
    assert strategy.position.size == 0
    assert strategy.broker.get_orders_open() == []
    assert result.expired == 0


@pytest.mark.parametrize("close", [1.01, 101.0, 12_340.0, 61_000.0, 234_500.0])
def test_a_high_of_exactly_five_percent_touches(make_bars, make_forecasts, close):
    high = round(close * 105) / 100 if close > 2 else 1.0605
    bars = make_bars([(close, close, close, close, 9), (close, high, close, close, 9)])
    result = run(bars, make_forecasts(bars, [close * 2, close]), FivePercentRule(exit="touch"))
    assert [(f.side, f.price) for f in result.fills] == [
        ("buy", close),
        ("sell", pytest.approx(high, rel=1e-11)),
    ]
