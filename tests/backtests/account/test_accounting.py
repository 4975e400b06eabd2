"""Every fill, the cash and the equity, recomputed by an independent simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from strategies.buy_and_hold import BuyAndHoldRule
from strategies.direction import DirectionRule
from strategies.five_percent import FivePercentRule
from strategies.quantile import QuantileRule
from strategies.rank import RankRule
from strategies.sma_cross import SmaCrossRule
from tests.backtests.drawn_markets import markets
from tests.backtests.simulation.account import Account

COSTS = st.builds(
    Costs.of,
    st.sampled_from([market_for("A.KS"), market_for("A.KS"), market_for("X", "none")]),
    commission_bps=st.sampled_from([None, 0.0, 25.0]),
    slippage_bps=st.sampled_from([5.0, 0.0, 30.0]),
    tax_bps=st.sampled_from([None, None, 18.0]),
)
TICKS = st.builds(Costs.of, st.just(market_for("A.KS")), slippage_ticks=st.sampled_from([0, 1, 3]))
BROKERS = st.builds(
    Broker,
    cash=st.sampled_from([100_000_000.0, 1_000_000.0, 12_345.67]),
    costs=st.one_of(COSTS, TICKS),
    cash_fraction=st.sampled_from([0.95, 1.0, 0.3]),
    slots=st.integers(1, 3),
    volume_cap=st.sampled_from([None, None, 0.1, 0.29]),
)


def five_percent(exit_, fill):
    return st.builds(
        FivePercentRule,
        exit=st.just(exit_),
        fill=st.just(fill),
        threshold=st.sampled_from([0.05, 0.05, 0.02]),
        first_exit=st.sampled_from([1, 1, 2, 3]),
        max_hold=st.sampled_from([None, None, 1, 4]),
        stop_loss=st.sampled_from([None, None, 0.05, 0.1]),
        bound=st.sampled_from([0.0, -0.01, 0.02]),
    )


RULES = {
    **{
        f"five_percent {exit_} {fill}": five_percent(exit_, fill)
        for exit_ in ("entry", "day", "touch", "one-day", "forecast")
        for fill in ("open", "close")
    },
    "direction": st.just(DirectionRule()),
    "quantile": st.builds(
        QuantileRule, q=st.sampled_from([0.1, 0.29]), memory=st.sampled_from([4, 7, 100]),
        least=st.sampled_from([1, 4]), leave=st.sampled_from([0.5, 0.58]),
    ),
    "rank": st.builds(RankRule, k=st.integers(1, 3), leave=st.sampled_from([None, 3])),
    "sma_cross": st.builds(SmaCrossRule, fast=st.integers(1, 3), slow=st.sampled_from([4, 6])),
    "buy_and_hold": st.just(BuyAndHoldRule()),
}  # fmt: skip
EXACT = ("decided", "session", "ticker", "side", "size", "reason")
MONEY = ("price", "commission", "tax", "slippage", "cash")


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=settings.default.max_examples)
@given(data=st.data())
def test_every_fill_the_cash_and_the_equity_are_those_of_the_simulation(name, data):
    bars, forecasts, members = data.draw(markets())
    rule, broker = data.draw(RULES[name]), data.draw(BROKERS)
    result = run_backtest(bars, forecasts, rule, broker, members=members)
    account = Account(bars, forecasts, rule, broker, members).run()
    assert [[getattr(fill, column) for column in EXACT] for fill in result.fills] == [
        [getattr(row, column) for column in EXACT] for row in account.fills
    ]
    for fill, row in zip(result.fills, account.fills, strict=True):
        for column in MONEY:
            assert getattr(fill, column) == pytest.approx(getattr(row, column), abs=0.005), column
    days, cash, equity = zip(*account.days, strict=True)
    assert [str(day) for day in result.sessions] == list(days)
    assert np.allclose(result.cash, cash, rtol=0, atol=0.005)
    assert np.allclose(result.equity, equity, rtol=0, atol=0.005)
    missed = [(u.decided, u.session, u.ticker, u.side, u.size, u.why) for u in result.unfilled]
    assert sorted(missed) == sorted(account.unfilled)
