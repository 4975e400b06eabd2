"""Our parts in a plain Cerebro."""

import backtrader as bt
import pytest

from backtests import Broker, Costs, ForecastFeed, Ledger, market_for
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


class MovesCash(bt.Strategy):
    def next(self):
        self.broker.add_cash(1_000)


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


def test_without_cheat_on_open_the_strategy_says_what_to_do(make_bars, make_forecasts):
    bars = make_bars(ROWS)
    cerebro = cerebro_with(bars, FivePercent, False, make_forecasts(bars, bars.close * 1.1))
    with pytest.raises(ValueError, match=r"bt.Cerebro\(cheat_on_open=True\)"):
        cerebro.run()


def test_backtraders_optstrategy_varies_the_settings(make_bars, make_forecasts):
    bars = make_bars(ROWS)
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, maxcpus=1, optreturn=False)
    cerebro.adddata(ForecastFeed(bars=bars, forecasts=make_forecasts(bars, bars.close * 1.03)))
    cerebro.optstrategy(FivePercent, threshold=[0.02, 0.05])
    cerebro.addanalyzer(Ledger, _name="ledger")
    fills = [len(run[0].analyzers.ledger.result().fills) for run in cerebro.run()]
    assert fills[0] > 0 and fills[1] == 0
