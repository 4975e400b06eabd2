"""What every rule must keep, ours and those still to be written: found by name, none listed."""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import backtrader as bt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests import plugins
from backtests.account.books import Ledger
from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.feed import make_feed
from backtests.account.result import Result
from backtests.auditing.checks.rules import RuleSubject, situations
from backtests.auditing.finding import PASSED
from backtests.auditing.register import RULE_CHECKS
from backtests.auditing.subject import Subject
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from forecasters.models.linear import Linear
from forecasters.walk_forward import WalkForward
from strategies.base import ForecastStrategy
from strategies.rule import Rule, Side
from strategies.situation import Situation
from tests.contracts.feeds import default_feed
from tests.contracts.representatives import slow_but

NAMES = plugins.names(plugins.STRATEGIES)
#: One rule of a single ticker and one of many; the others run with the slow tests.
FEW = slow_but(["five_percent", "rank"], NAMES)
COSTS = Costs.of(market_for("A.KS"))
Market = list[tuple[Bars, Forecasts]]


def rule_of(name: str) -> Any:
    return plugins.load(plugins.STRATEGIES, plugins.parse(name))


def strategies_of(name: str) -> list[Any]:
    """Return the Backtrader strategies around this rule that stand in its file."""
    module = inspect.getmodule(rule_of(name))
    return [
        cls
        for cls in vars(module).values()
        if inspect.isclass(cls)
        and issubclass(cls, ForecastStrategy)
        and cls.rule_type is rule_of(name)
    ]


def market(tickers: int, seed: int = 0, sessions: int = 180) -> Market:
    """Return tickers that are listed late, miss days and halt, and forecasts of 4% of noise."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2018-12-03", np.arange(sessions), roll="forward")
    made = []
    for number in range(tickers):
        close = np.rint(20_000 * np.exp(np.cumsum(rng.standard_t(4, sessions) * 0.02)))
        opened = np.rint(np.append(close[0], close[:-1]) * np.exp(rng.normal(0, 0.01, sessions)))
        halts = np.flatnonzero(rng.random(sessions) < 0.04)[1:]
        traded = np.ones(sessions)
        traded[halts] = 0.0
        for row in halts:
            close[row] = close[row - 1]
        high, low = np.maximum(opened, close) * traded, np.minimum(opened, close) * traded
        kept = np.arange(sessions) >= 20 * number
        if number:  # the first one has all days
            kept &= rng.random(sessions) > 0.03
        bars = Bars(f"{number:06d}.KS", days, opened * traded, high, low, close, 100.0 * traded)
        bars = bars.rows(np.flatnonzero(kept))
        n = len(bars)
        called = np.where(bars.tradable, bars.close * (1 + rng.normal(0.003, 0.04, n)), np.nan)
        forecasts = Forecasts(
            bars.ticker, "noise", np.repeat(bars.sessions[:1], n), bars.sessions,
            np.append(bars.sessions[1:], np.datetime64("NaT")), bars.close.copy(), called[None],
            np.append(bars.close[1:], np.nan), np.zeros(n, dtype=bool), centre=np.full(n, 0.003),
        )  # fmt: skip
        made.append((bars, forecasts))
    return made


def run(made: Market, rule: Rule, broker: Broker) -> Result:
    bars = {ticker_bars.ticker: ticker_bars for ticker_bars, _ in made}
    return run_backtest(bars, {f.ticker: f for _, f in made}, rule, broker)


def plain(feeds: Sequence[Any], **settings: Any) -> Any:
    """Return a Cerebro of the user's with these feeds."""
    cerebro = bt.Cerebro(cheat_on_open=True, **settings)
    for feed in feeds:
        cerebro.adddata(feed)
    return cerebro


def ledger_of(cerebro: Any, strategy: Any, **params: Any) -> Result:
    cerebro.addstrategy(strategy, **params)
    cerebro.addanalyzer(Ledger, _name="ledger")
    (ran,) = cerebro.run()
    result: Result = ran.analyzers.ledger.result()
    return result


def test_there_are_rules_to_test() -> None:
    assert {"five_percent", "direction", "quantile", "rank", "sma_cross", "buy_and_hold"} <= set(
        NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_trades_in_the_markets_below(name: str) -> None:
    assert run(market(1), rule_of(name)(), Broker(1e8, COSTS)).fills
    assert run(market(4), rule_of(name)(), Broker(1e8, COSTS, slots=2)).fills


# --- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_is_made_without_settings_and_gives_its_reading(name: str) -> None:
    rule = rule_of(name)()
    assert len(rule.reading()) > 40 and rule.reading().endswith(".")
    assert rule.fill in ("open", "close") and rule.memory >= 0
    assert pickle.loads(pickle.dumps(rule)) == rule


@pytest.mark.parametrize("check", RULE_CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("name", FEW)
def test_the_audit_finds_nothing(name: str, check: Any, bars: Bars) -> None:
    trial = Subject(Linear(), WalkForward(train_size=60, step=17), {bars.ticker: bars})
    findings = check.run(RuleSubject(rule_of(name)(), trial, Broker(1e8, COSTS)))
    assert findings == PASSED or all(f.status.name == "CANNOT_SAY" for f in findings), findings


prices = st.floats(0.01, 1e7)
shares = st.one_of(st.just(math.nan), st.floats(-0.2, 0.2), st.sampled_from([0.0, 0.05, 0.1]))


@pytest.mark.parametrize("name", NAMES)
@given(
    close=prices,
    forecast_return=shares,
    centre=shares,
    past=st.lists(st.floats(-0.2, 0.2), max_size=130),
    closes=st.lists(prices, max_size=70),
    round_trip=st.floats(0, 0.05),
    place=st.integers(0, 20),
)
def test_a_rule_buys_only_where_it_said_it_could(
    name: str, close: float, forecast_return: float, centre: float, past: list[float],
    closes: list[float], round_trip: float, place: int,
) -> None:  # fmt: skip
    rule = rule_of(name)()
    situation = Situation(
        date(2019, 1, 7), close, close, close * (1 + forecast_return),
        centre=centre, past_forecast_returns=np.array(past), closes=np.array([*closes, close]),
        round_trip=round_trip, place=place,
    )  # fmt: skip
    if rule.decide(situation).side is Side.BUY:
        assert rule.could_buy(np.array([situation.forecast_return]))[0]


@pytest.mark.parametrize("name", NAMES)
def test_what_it_said_of_one_ticker_rests_on_no_other(name: str) -> None:
    rule = rule_of(name)()
    returns = np.array([s.forecast_return for s in situations()])
    flags = rule.could_buy(returns)
    assert flags.shape == returns.shape and flags.dtype == bool
    assert flags.tolist() == [rule.could_buy(returns[i : i + 1])[0] for i in range(returns.size)]


# --- as a plugin of Backtrader -------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_has_one_strategy_with_its_settings_as_params(name: str) -> None:
    (strategy,) = strategies_of(name)
    for field in fields(rule_of(name)):
        assert getattr(strategy.params, field.name) == field.default


@pytest.mark.parametrize("tickers", [1, 4])
@pytest.mark.parametrize("name", NAMES)
def test_in_a_plain_cerebro_it_trades_as_in_run_backtest(name: str, tickers: int) -> None:
    made, broker = market(tickers), Broker(1e8, COSTS, slots=min(2, tickers))
    cerebro = plain([make_feed(*one) for one in made])
    broker.install(cerebro, cerebro.datas)
    in_cerebro = ledger_of(cerebro, strategies_of(name)[0], slots=broker.slots)
    ours = run(made, rule_of(name)(), broker)
    assert in_cerebro.fills == ours.fills
    assert in_cerebro.equity.tobytes() == ours.equity.tobytes()


@pytest.mark.parametrize("tickers", [1, 4])
@pytest.mark.parametrize("name", NAMES)
def test_the_direct_feed_fills_as_backtraders_own_does(name: str, tickers: int) -> None:
    """The direct feed leaves tickers unvisited; on the other one every ticker is visited."""
    made, broker = market(tickers, seed=1), Broker(1e8, COSTS, slots=min(2, tickers))
    cerebro = plain([default_feed(*one) for one in made])
    broker.install(cerebro, cerebro.datas)
    reference = ledger_of(cerebro, strategies_of(name)[0], slots=broker.slots)
    ours = run(made, rule_of(name)(), broker)
    assert ours.fills == reference.fills
    assert ours.equity.tobytes() == reference.equity.tobytes()


@pytest.mark.parametrize("settings", [{"runonce": False}, {"preload": False}], ids=str)
@pytest.mark.parametrize("name", FEW)
def test_however_backtrader_runs_its_bars(name: str, settings: dict[str, bool]) -> None:
    made, broker = market(3), Broker(1e8, COSTS, slots=2)
    cerebro = plain([make_feed(*one) for one in made], stdstats=False, **settings)
    broker.install(cerebro, cerebro.datas)
    in_cerebro = ledger_of(cerebro, strategies_of(name)[0], slots=2)
    assert in_cerebro.fills == run(made, rule_of(name)(), broker).fills


@pytest.mark.parametrize("tickers", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_it_lives_with_backtraders_own_broker_sizer_observers_and_analyzers(
    name: str, tickers: int
) -> None:
    cerebro = plain([make_feed(*one) for one in market(tickers)])
    cerebro.broker.setcash(1e8)
    cerebro.broker.setcommission(commission=0.001)
    cerebro.addsizer(bt.sizers.PercentSizer, percents=50)
    for analyzer in (bt.analyzers.TradeAnalyzer, bt.analyzers.DrawDown, bt.analyzers.SharpeRatio):
        cerebro.addanalyzer(analyzer)
    for observer in (bt.observers.DrawDown, bt.observers.TimeReturn):
        cerebro.addobserver(observer)
    result = ledger_of(cerebro, strategies_of(name)[0], slots=tickers)
    (ran,) = cerebro.runningstrats
    assert result.fills
    assert result.equity[-1] == ran.broker.getvalue()
    assert ran.analyzers.tradeanalyzer.get_analysis().total.total >= 1
    assert sum(fill.commission for fill in result.fills) == pytest.approx(
        0.001 * sum(fill.size * fill.price for fill in result.fills)
    )


@pytest.mark.parametrize("name", NAMES)
def test_optstrategy_varies_it(name: str) -> None:
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True, maxcpus=1)
    for one in market(2):
        cerebro.adddata(make_feed(*one))
    cerebro.broker.setcash(1e8)
    cerebro.optstrategy(strategies_of(name)[0], cash_fraction=[0.3, 0.9])
    cerebro.addanalyzer(Ledger, _name="ledger")
    small, large = (ran[0].analyzers.ledger.result() for ran in cerebro.run())
    assert 0 < small.fills[0].size < large.fills[0].size


class Mine(bt.Strategy):  # type: ignore[misc]
    """A user's own strategy, which reads the forecast line of each feed and leaves the size open."""

    def next(self) -> None:
        for data in self.datas:
            if self.getposition(data).size:
                self.close(data)
            elif data.forecast[0] > data.close[0] * 1.05:
                self.buy(data)


@pytest.mark.parametrize("tickers", [1, 2])
def test_a_strategy_of_ones_own_takes_the_forecasts_our_costs_and_the_ledger(tickers: int) -> None:
    made = market(tickers)
    cerebro = plain([make_feed(*one) for one in made])
    Broker(1e8, COSTS).install(cerebro, cerebro.datas)
    cerebro.addsizer(bt.sizers.FixedSize, stake=7)
    result = ledger_of(cerebro, Mine)
    called = {(f.ticker, str(day)) for _, f in made for day in f.as_of[f.forecast_return > 0.05]}
    bought = [fill for fill in result.fills if fill.side == "buy"]
    assert bought and all((fill.ticker, fill.decided) in called for fill in bought)
    assert {fill.size for fill in bought} == {7}
    assert sum(fill.tax for fill in result.fills) > 0
    assert {fill.ticker for fill in bought} == {bars.ticker for bars, _ in made}
