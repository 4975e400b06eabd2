"""The timing of accounts: positions from fills, a reference of the same exposure, costs in their order."""

from dataclasses import replace

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.judging.timing import judge_timing
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.statistics.timing import excess_exposure
from strategies.direction import DirectionRule
from strategies.five_percent import FivePercentRule
from strategies.sma_cross import SmaCrossRule
from tests.backtests import example_studies as studies

FREE = Broker(1e9, Costs.of(market_for("X", "none"), 0, 0))


def market(ticker="A", seed=0, known=0.0):
    """Return bars with a halt, and forecasts of noise that hold the share `known` of what comes."""
    bars = replace(studies.make_bars(rows=300, seed=seed), ticker=ticker)
    made = studies.make_forecasts(bars, "model", 60, spread=0.0)
    rng = np.random.default_rng([seed, 1])
    said = known * np.nan_to_num(made.realised_return) + 0.01 * rng.standard_normal(len(made))
    return bars, replace(made, by_seed=(made.last_close * (1 + said) + 0 * made.close)[None])


def timed(known=0.0, rule=DirectionRule(), broker=FREE, seed=0):  # noqa: B008
    bars, forecasts = market(known=known, seed=seed)
    result = run_backtest({"A": bars}, {"A": forecasts}, rule, broker, label="rule")
    return result, judge_timing([result], {"A": bars})


def test_the_series_is_the_return_less_the_reference_s():
    result, (found,) = timed()
    bars, _ = market()
    close = bars.close[np.searchsorted(bars.sessions, result.sessions)]
    exposure = 1 - result.cash / result.equity  # one ticker: what is not cash
    excess = excess_exposure(exposure[:-1])
    reference = (exposure[:-1] - excess) * np.diff(close) / close[:-1]
    assert found.daily == pytest.approx(result.returns[1:] - reference, abs=1e-12)
    assert np.array_equal(found.sessions, result.sessions[1:])
    assert found.exposure == pytest.approx(exposure[:-1].mean())
    assert found.gain == pytest.approx(found.daily.mean() * result.periods_per_year)
    with pytest.raises(ValueError, match="read-only"):
        found.daily[0] = 0.0


def test_skill_that_was_planted_is_found_and_noise_is_not():
    _, (skilled,) = timed(known=0.5)
    _, (noise,) = timed()
    assert skilled.p < 0.001
    assert skilled.gain > skilled.detectable
    assert noise.p > 0.05


def test_costs_lower_the_gain_and_leave_what_it_was_before_them():
    found = []
    for slippage_bps in (0, 5, 20):
        costs = replace(FREE, costs=Costs.of(market_for("X", "none"), 0, slippage_bps))
        # The rule does not weigh costs: the same trades, at other prices.
        rule = FivePercentRule(threshold=0.001, exit="forecast")
        found.append(timed(known=0.1, rule=rule, broker=costs)[1][0])
    gains, p = [t.gain for t in found], [t.p for t in found]
    assert gains == sorted(gains, reverse=True)
    assert p == sorted(p)
    assert found[0].gain == found[0].gain_before
    for costly in found[1:]:
        assert costly.gain < costly.gain_before
        assert costly.gain_before == pytest.approx(found[0].gain, abs=0.01)
        assert costly.p > costly.p_before


def test_each_ticker_of_an_account_has_its_own_reference():
    told = {t: market(t, seed) for seed, t in enumerate(("A", "B"))}
    bars, forecasts = ({t: pair[i] for t, pair in told.items()} for i in (0, 1))
    result = run_backtest(bars, forecasts, DirectionRule(), replace(FREE, slots=2), label="rule")
    (found,) = judge_timing([result], bars)
    reference = np.zeros(result.sessions.size - 1)
    for ticker, own in bars.items():
        close = own.close[np.searchsorted(own.sessions, result.sessions)]
        held = np.zeros(result.sessions.size)
        for fill in result.fills:
            if fill.ticker == ticker:
                after = result.sessions >= np.datetime64(fill.session)
                held[after] += fill.size if fill.side == "buy" else -fill.size
        exposure = (held * close / result.equity)[:-1]
        reference += (exposure - excess_exposure(exposure)) * np.diff(close) / close[:-1]
    assert found.daily == pytest.approx(result.returns[1:] - reference, abs=1e-12)
    assert found.exposure == pytest.approx(result.exposure[:-1].mean())


def test_a_rule_without_forecasts_is_judged_and_one_that_never_bought_is_not():
    result, (plain,) = timed(rule=SmaCrossRule(2, 4))
    assert plain.p is not None
    assert timed(rule=FivePercentRule(threshold=0.5))[1] == ()
    bars, _ = market()
    for sessions, days in ((15, "14 days"), (2, "1 day"), (1, "0 days")):
        few = judge_timing([_cut(result, sessions)], {"A": bars})[0]
        assert (few.p, few.gain, few.why) == (None, None, f"{days}: a test needs 20")


def _cut(result, days):
    """Return the first days of a result, with its first purchase on the first of them."""
    first = replace(result.fills[0], session=str(result.sessions[0]))
    return replace(
        result, sessions=result.sessions[:days], equity=result.equity[:days], cash=result.cash[:days],
        costs=result.costs[:days], fills=(first,), volumes=(),
    )  # fmt: skip


def test_a_ticker_that_was_listed_later_has_no_return_before():
    told = {t: market(t, seed) for seed, t in enumerate(("A", "B"))}
    bars, forecasts = ({t: pair[i] for t, pair in told.items()} for i in (0, 1))
    result = run_backtest(bars, forecasts, DirectionRule(), replace(FREE, slots=2), label="rule")
    first = next(f.session for f in result.fills if f.ticker == "B")
    start = int(np.searchsorted(bars["B"].sessions, np.datetime64(first)))
    (found,) = judge_timing([result], {"A": bars["A"], "B": _from(bars["B"], start)})
    (known,) = judge_timing([result], bars)
    assert np.array_equal(found.daily, known.daily), "before its first purchase it has no exposure"


def _from(bars, start):
    columns = ("sessions", "open", "high", "low", "close", "volume")
    return replace(bars, **{name: getattr(bars, name)[start:] for name in columns})
