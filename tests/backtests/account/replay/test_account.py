"""An account without Backtrader: every fill and every close as Backtrader has them, to the bit."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.replay.account import replay, uncovered
from backtests.account.replay.quotes import Quotes
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.errors import InputError
from strategies.direction import DirectionRule
from strategies.five_percent import FivePercentRule
from strategies.quantile import QuantileRule
from strategies.rank import RankRule
from strategies.sma_cross import SmaCrossRule
from tests.backtests import example_studies as studies
from tests.backtests.account.test_accounting import BROKERS, RULES
from tests.backtests.drawn_markets import markets
from tests.contracts.representatives import slow_but

FEW = ("five_percent entry open", "five_percent touch close", "direction", "rank")

AMERICAN = st.builds(
    Costs.of, st.just(market_for("AAPL")), slippage_ticks=st.sampled_from([None, 2])
)
FUNDS = st.builds(Costs.of, st.just(market_for("A.KS")), instrument=st.just("etf"))
ACCOUNTS = st.one_of(
    BROKERS, st.builds(Broker, st.just(1e6), st.one_of(AMERICAN, FUNDS))
).map(lambda broker: replace(broker, volume_cap=None))  # fmt: skip


def replayed(bars, forecasts, rule, broker, members=None):
    """Return what `replay` makes of the account that `run_backtest` is asked for."""
    ((ticker, series),) = bars.items()
    quotes = Quotes(series, forecasts[ticker], broker, rule.fill == "close")
    return replay(quotes, forecasts[ticker], rule, broker, (members or {}).get(ticker))


def assert_the_same(account, result):
    assert account.fills == result.fills
    assert account.equity.tobytes() == result.equity.tobytes()
    assert account.purchases == len(result.trades)
    assert account.total_return == result.equity[-1] / result.base - 1


@pytest.mark.parametrize("name", slow_but(FEW, list(RULES)))
@settings(max_examples=settings.default.max_examples)
@given(data=st.data())
def test_a_drawn_account_is_that_of_backtrader(name, data):
    bars, forecasts, members = data.draw(markets(most=1))
    rule, broker = data.draw(RULES[name]), data.draw(ACCOUNTS)
    assert not uncovered(bars, rule, broker)
    result = run_backtest(bars, forecasts, rule, broker, members=members)
    assert_the_same(replayed(bars, forecasts, rule, broker, members), result)


LONG = {
    "entry": FivePercentRule(threshold=0.03),
    "touch": FivePercentRule(threshold=0.03, exit="touch"),
    "day, stop": FivePercentRule(threshold=0.03, exit="day", stop_loss=0.04, max_hold=20),
    "close": FivePercentRule(threshold=0.02, exit="forecast", fill="close"),
    "direction": DirectionRule(),
    "quantile": QuantileRule(),
    "rank": RankRule(k=1),
    "sma_cross": SmaCrossRule(),
}
KRX = Broker(1e8, Costs.of(market_for("051900.KS")))


@pytest.mark.parametrize("rule", LONG.values(), ids=LONG)
@pytest.mark.parametrize("ticks", [None, 1])
def test_years_of_an_account_are_those_of_backtrader(rule, ticks):
    # Half of them before the KRX taxed less from 2019-05-30 on, with halts.
    bars = studies.make_bars(rows=1400)
    forecasts = studies.make_forecasts(bars, "x", 500, spread=0.02, seeds=(0, 1))
    forecasts = replace(forecasts, centre=np.full(len(forecasts), 0.001))
    broker = replace(KRX, costs=replace(KRX.costs, slippage_ticks=ticks))
    inputs = {bars.ticker: bars}, {bars.ticker: forecasts}, rule, broker
    result = run_backtest(*inputs)
    assert len(result.trades) > (0 if rule.ranks else 3)  # the only ticker stays the first
    assert_the_same(replayed(*inputs), result)


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=30)
@given(data=st.data())
def test_the_rule_is_shown_what_backtrader_shows_it(name, data):
    bars, forecasts, members = data.draw(markets(most=1))
    plain, broker, seen = data.draw(RULES[name]), data.draw(ACCOUNTS), []

    class Watched(type(plain)):
        def decide(self, situation):
            seen.append((situation.date, situation.holding, repr(situation.known())))
            return super().decide(situation)

    rule = Watched(**{f.name: getattr(plain, f.name) for f in fields(plain)})
    run_backtest(bars, forecasts, rule, broker, members=members)
    shown = set(seen)
    seen.clear()
    replayed(bars, forecasts, rule, broker, members)
    # It asks less: not while a sale waits, and not where the rule could not buy.
    assert set(seen) <= shown
    assert len(seen) == len({day for day, _, _ in seen})


@pytest.mark.parametrize("cash", [900_300, 901_000])  # 100 shares at 9,003, at 9,010
def test_a_purchase_that_its_fill_cannot_be_paid_with_is_refused(make_bars, make_forecasts, cash):
    # On the grid of 10 won up to the 9th; the open of the 10th is off it and fills a tick higher.
    rows = [(9_000, 9_100, 8_900, 9_000, 9)] * 3 + [(9_003, 9_100, 8_900, 9_050, 9)] * 2
    bars = make_bars(rows, ticker="A.KS")
    forecasts = make_forecasts(bars, [1, 1, 9_900, 1, 1])
    free = Costs.of(market_for("A.KS"), commission_bps=0, tax_bps=0, slippage_ticks=0)
    broker = Broker(cash, free, cash_fraction=1.0)
    inputs = {"A.KS": bars}, {"A.KS": forecasts}, DirectionRule(), broker
    result = run_backtest(*inputs)
    assert len(result.fills) == (0 if cash == 900_300 else 2)
    assert result.rejected == (cash == 900_300)
    assert_the_same(replayed(*inputs), result)


def test_what_cannot_be_replayed_is_told():
    one, two = {"A.KS": None}, {"A.KS": None, "B.KS": None}

    class UsersRule(DirectionRule):
        """Not in `strategies`."""

    assert uncovered(one, DirectionRule(), KRX) == ""
    assert uncovered(two, DirectionRule(), KRX) == "the account trades 2 tickers"
    capped = replace(KRX, volume_cap=0.1)
    assert uncovered(one, DirectionRule(), capped) == "a cap on the volume fills orders in parts"
    assert uncovered(one, UsersRule(), KRX) == "the rule is the user's own"


def test_quotes_of_another_moment_are_refused(make_bars, make_forecasts):
    bars = make_bars([(100, 101, 99, 100, 9)] * 3)
    forecasts = make_forecasts(bars, [100] * 3)
    quotes = Quotes(bars, forecasts, KRX, at_close=True)
    with pytest.raises(InputError, match="another moment"):
        replay(quotes, forecasts, DirectionRule(), KRX)


def test_no_quote_changes_before_the_prices_do():
    bars = studies.make_bars(rows=300)
    cut = 200
    later = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for values in later.values():
        values[cut:] *= 1.37
    forecasts = studies.make_forecasts(bars, "x", 100)
    early = slice(0, cut - 100)
    for at_close in (False, True):
        before, after = (
            Quotes(series, forecasts, KRX, at_close) for series in (bars, replace(bars, **later))
        )
        for name in ("buy", "sell", "expected", "lot", "tax", "spread"):
            assert getattr(before, name)[early] == getattr(after, name)[early], name
        assert before.buy != after.buy
