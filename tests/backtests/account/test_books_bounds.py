"""How far the broker's cash may lie from the books: by what rounding makes, and by nothing else."""

import backtrader as bt
import numpy as np
import pytest

from backtests import Broker, Costs, ForecastFeed, Ledger, market_for
from forecasters.errors import Error

BARS = 600


def growing(make_bars, start_price, factor, ticker="A.KS"):
    """Return bars that swing by 3% around a path from `start_price` to `factor` times that."""
    swing = 1 + 0.03 * np.sin(np.arange(BARS) * 1.7)
    close = start_price * np.geomspace(1, factor, BARS) * swing
    return make_bars([(c, c * 1.01, c * 0.99, c, 1e9) for c in close], ticker=ticker)


class Busy(bt.Strategy):
    """Fills at almost every bar; on bar `moves_at` some cash or shares appear from nowhere."""

    params = (("cash", 0.0), ("shares", 0.0), ("moves_at", BARS - 3), ("short", False))

    def next(self):
        for number, data in enumerate(self.datas):
            side = -1 if self.p.short and number else 1
            part = (0.9, 0.05, 0.6, 0.0, 0.3)[(len(self) + number) % 5]
            size = side * part * self.broker.getvalue() / data.close[0] / len(self.datas)
            self.order_target_size(data, size)
        if len(self) == self.p.moves_at:
            if self.p.cash:
                self.broker.add_cash(self.p.cash)
            self.broker.positions[self.data].size += self.p.shares


def books_of(bars, start, **params):
    cerebro = bt.Cerebro(stdstats=False)
    for each in bars:
        cerebro.adddata(ForecastFeed(bars=each))
    cerebro.broker.set_cash(start)
    cerebro.broker.set_checksubmit(False)
    cerebro.broker.setcommission(commission=0.0015)
    cerebro.addstrategy(Busy, **params)
    cerebro.addanalyzer(Ledger, _name="ledger")
    return cerebro.run()[0].analyzers.ledger.result()


@pytest.mark.parametrize("cash", [1.0, 1e8])
@pytest.mark.parametrize("factor", [1e-8, 1.0, 1e9])
def test_an_account_closes_its_books_however_it_grew(make_bars, cash, factor):
    result = books_of([growing(make_bars, 100.0, factor)], cash)
    assert len(result.fills) > 500


def test_an_account_that_grew_a_hundred_million_times_closes_its_books(make_bars):
    result = books_of([growing(make_bars, 100.0, 1e25)], 1e8)
    assert result.equity.max() > 1e16


def test_the_costs_of_the_exchange_are_no_movement_by_hand_on_a_large_account(make_bars):
    cerebro = bt.Cerebro(stdstats=False)
    feed = cerebro.adddata(ForecastFeed(bars=growing(make_bars, 100.0, 1e25)))
    Broker(1e8, Costs.of(market_for("X", "none"), 1.5, 5)).install(cerebro, [feed])
    cerebro.addstrategy(Busy)
    cerebro.addanalyzer(Ledger, _name="ledger")
    assert cerebro.run()[0].analyzers.ledger.result().equity.max() > 1e16


def test_long_and_short_may_be_far_larger_than_what_they_leave(make_bars):
    pair = [growing(make_bars, 1e4, 1.0), growing(make_bars, 1e4, 1.0, "B.KS")]
    assert len(books_of(pair, 1e12, short=True).fills) > 500


@pytest.mark.parametrize(("start", "moved"), [(1.0, 1e-9), (1e8, 0.01), (1e8, -0.01), (1e15, 1e5)])
def test_cash_moved_by_hand_is_caught_on_accounts_of_any_size(make_bars, start, moved):
    with pytest.raises(Error, match="cash was moved by hand"):
        books_of([growing(make_bars, 100.0, 2.0)], start, cash=moved)


def test_cash_moved_by_hand_is_caught_on_an_account_that_grew(make_bars):
    bars = [growing(make_bars, 100.0, 1e25)]
    grown = books_of(bars, 1e8).equity[-4]
    with pytest.raises(Error, match="cash was moved by hand"):
        books_of(bars, 1e8, cash=1e-9 * grown)


@pytest.mark.parametrize("factor", [1.0, 1e25])
def test_shares_from_nowhere_are_caught(make_bars, factor):
    bars = [growing(make_bars, 100.0, factor)]
    grown = books_of(bars, 1e8).equity[-4]
    with pytest.raises(Error, match="is not cash plus shares times close"):
        books_of(bars, 1e8, shares=1e-9 * grown / bars[0].close[-4])
