"""Shifted forecasts: what moves, what stays, and what a picture of chance they give."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.jobs.parallel import run_tasks
from backtests.judging.shifts import (
    SLOW_SHIFTS,
    Shifted,
    beside_shifts,
    draw_shifts,
    shift,
    shift_all,
)
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from strategies.direction import DirectionRule
from strategies.five_percent import FivePercentRule
from strategies.sma_cross import SmaCrossRule
from tests.backtests import example_studies as studies

FREE = Broker(1_000_000, Costs.of(market_for("X", "none"), 0, 0))
KRX = Broker(1e8, Costs.of(market_for("051900.KS")))


def market(n, seed=0, drift=0.0, spread=0.01):
    """Return bars of a random walk of 1% a day without halts, and forecasts that know nothing."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2017-01-02", np.arange(n), roll="forward").astype("datetime64[D]")
    close = 10_000 * np.exp(np.cumsum(rng.normal(drift, 0.01, n)))
    opened = np.concatenate([close[:1], close[:-1]])
    bars = Bars(
        "PLANTED", days, opened, np.maximum(opened, close), np.minimum(opened, close), close, np.full(n, 1e6)
    )  # fmt: skip
    target = np.append(days[1:], np.datetime64("NaT")).astype("datetime64[D]")
    said = close * (1 + spread * rng.standard_normal(n))
    forecasts = Forecasts(
        "PLANTED", "planted", np.repeat(days[:1], n), days, target, close.copy(), said[None],
        np.append(close[1:], np.nan), np.zeros(n, dtype=bool),
    )  # fmt: skip
    return {"PLANTED": bars}, {"PLANTED": forecasts}


def judged(bars, forecasts, rule=DirectionRule(), broker=FREE, **named):  # noqa: B008
    result = run_backtest(bars, forecasts, rule, broker, label="rule")
    return beside_shifts(bars, forecasts, rule, broker, result, **named)


# --- the shift -----------------------------------------------------------------------------------


@pytest.fixture
def halted(make_bars, make_forecasts):
    """Return forecasts of +1%, none (a halt), +3%, +4% and -2%, with centres."""
    rows = [(p, p, p, p, 9 if p != 110 else 0) for p in (100, 110, 200, 400, 1_000)]
    made = make_forecasts(make_bars(rows), [101, np.nan, 206, 416, 980])
    return replace(made, centre=np.array([0.1, 0.2, 0.3, 0.4, np.nan]))


def test_a_shift_moves_returns_and_centres_past_the_halt_by_hand(halted):
    moved = shift(halted, 1)
    assert moved.close == pytest.approx([98, np.nan, 202, 412, 1_040], nan_ok=True)
    assert moved.centre == pytest.approx([np.nan, 0.2, 0.1, 0.3, 0.4], nan_ok=True)
    assert len(moved) == len(halted)
    for name in ("as_of", "target", "last_close", "actual", "fold"):
        assert np.array_equal(getattr(moved, name), getattr(halted, name), equal_nan=name != "fold")


@pytest.mark.parametrize("k", [0, 4, -4, 8])
def test_a_shift_all_the_way_round_is_the_forecasts(halted, k):
    assert shift(halted, k) is halted


def test_a_shift_keeps_the_returns_and_shifts_add_up():
    bars = studies.make_bars(rows=300)
    made = studies.make_forecasts(bars, "x", 100, spread=0.02, seeds=(0, 1, 2))
    known = np.isfinite(made.close)
    assert not known.all()
    moved = shift(made, 57)
    assert np.array_equal(np.isfinite(moved.close), known)
    kept = [np.sort(f.forecast_return[known]) for f in (made, moved)]
    assert np.allclose(*kept, rtol=0, atol=1e-14)
    there = shift(shift(made, 20), 37)
    assert np.allclose(there.close[known], moved.close[known], rtol=1e-14)
    back = shift(moved, -57)
    assert np.allclose(back.close[known], made.close[known], rtol=1e-14)


def test_nothing_to_move_is_left_alone(halted):
    empty = replace(halted, by_seed=np.full((1, 5), np.nan))
    assert shift(empty, 3) is empty


def test_all_shifts_are_taken_where_there_are_few_and_distinct_ones_drawn_where_many():
    assert draw_shifts(6, 5, seed=0) == draw_shifts(6, 99, seed=1) == [1, 2, 3, 4, 5]
    drawn = draw_shifts(3_000, 1_000, seed=0)
    assert len(set(drawn)) == 1_000
    assert drawn == sorted(drawn)
    assert 1 <= drawn[0] < 50
    assert 2_950 < drawn[-1] <= 2_999
    assert drawn == draw_shifts(3_000, 1_000, seed=0) != draw_shifts(3_000, 1_000, seed=1)


# --- the figures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule", [DirectionRule(), FivePercentRule(threshold=0.02, exit="touch")], ids=["direction", "touch"]
)  # fmt: skip
def test_the_figures_are_those_of_every_shift_run_through_backtrader(rule):
    bars = studies.make_bars(rows=75)
    ticker = bars.ticker
    forecasts = studies.make_forecasts(bars, "x", 15, spread=0.02)
    told = {ticker: bars}, {ticker: forecasts}, rule, KRX
    found = judged(*told)
    real = run_backtest(*told)
    n = int(np.isfinite(forecasts.close).sum())
    others = [
        run_backtest({ticker: bars}, {ticker: shift(forecasts, k)}, rule, KRX) for k in range(1, n)
    ]
    ends = np.array([r.equity[-1] for r in others])
    as_much = sum(end >= real.equity[-1] for end in ends)
    assert n == 59  # one of the sixty was a halt
    assert (found.forecasts, found.shifts, found.via, found.why) == (59, 58, "replay", "")
    assert found.real == real.equity[-1] / 1e8 - 1
    assert found.at_least == as_much / 58
    below, same = (ends < real.equity[-1]).sum(), (ends == real.equity[-1]).sum()
    assert found.percentile == pytest.approx((below + same / 2) / 58)
    returns = np.sort(ends / 1e8 - 1)
    assert found.median == pytest.approx(returns[28:30].mean())
    assert returns[2] <= found.low <= returns[3]  # 5% of the way is 2.85 of 57
    assert returns[54] <= found.high <= returns[55]
    assert found.median_trades == np.median([len(r.trades) for r in others])
    assert (found.trades, found.closed) == (
        len(real.trades), sum(t.exit is not None for t in real.trades),
    )  # fmt: skip


def test_skill_that_was_planted_is_found():
    bars, forecasts = market(250)
    (own,) = forecasts.values()
    rng = np.random.default_rng(1)
    known = np.nan_to_num(own.realised_return) + 0.01 * rng.standard_normal(250)
    skilled = {"PLANTED": replace(own, by_seed=(own.last_close * (1 + known))[None])}
    found = judged(bars, skilled)
    # Half of what it says is noise; no shift of it earns as much.
    assert found.shifts == 249
    assert (found.at_least, found.percentile) == (0.0, 1.0)
    assert found.real > found.high > found.median


def test_a_rule_that_is_long_in_a_rising_market_lies_among_its_shifts():
    # Mostly +1%, so mostly long: it earns with the market and no more than its shifts.
    bars, forecasts = market(400, seed=3, drift=0.003)
    (own,) = forecasts.values()
    rng = np.random.default_rng(5)
    said = own.last_close * (1 + 0.01 + 0.007 * rng.standard_normal(400))
    found = judged(bars, {"PLANTED": replace(own, by_seed=said[None])})
    assert found.real > 1
    assert found.low < found.real < found.high


def test_forecasts_that_never_change_are_worth_their_shifts():
    bars, forecasts = market(60)
    (own,) = forecasts.values()
    found = judged(bars, {"PLANTED": replace(own, by_seed=1.01 * own.last_close[None])})
    # Bought once and held, wherever they are moved: every shift is the account itself.
    assert (found.trades, found.median_trades) == (1, 1)
    assert (found.at_least, found.percentile) == (1.0, 0.5)
    assert found.low == found.median == found.high == found.real


def test_the_seed_draws_and_the_count_bounds():
    told = market(300)
    a, b = (judged(*told, count=60, seed=seed) for seed in (0, 1))
    assert a == judged(*told, count=60, seed=0)
    assert a.shifts == b.shifts == 60
    assert a.median != b.median


# --- what is not replayed, and what is not shifted -----------------------------------------------


class Own(DirectionRule):
    """A rule of a user: it does not live in `strategies`."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "broker", "why"),
    [
        (DirectionRule(), replace(FREE, volume_cap=0.5), "a cap on the volume fills orders in parts"),
        (Own(), FREE, "the rule is the user's own"),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_goes_through_backtrader_with_fewer_shifts(rule, broker, why):
    told = market(104)
    found, fast = judged(*told, rule, broker), judged(*told)
    assert (found.via, found.why, found.shifts) == ("backtrader", why, SLOW_SHIFTS)
    same = replace(judged(*told, count=SLOW_SHIFTS), via="backtrader", why=why)
    assert fast.shifts == 103
    assert found == same  # neither the cap nor the class changes a fill here


def test_a_replay_that_is_not_the_run_s_account_is_not_believed():
    bars, forecasts = market(60)
    rule = DirectionRule()
    result = run_backtest(bars, forecasts, rule, FREE)
    equity = result.equity.copy()
    equity[30] = np.nextafter(equity[30], np.inf)
    for other in (
        replace(result, equity=equity),
        replace(result, fills=result.fills[1:], volumes=()),
    ):
        found = beside_shifts(bars, forecasts, rule, FREE, other)
        assert found.via == "backtrader"
        assert found.why == "the replayed account is not that of the run"


def test_without_a_purchase_a_forecast_or_enough_days_nothing_is_shifted():
    bars, forecasts = market(60)
    never = judged(bars, forecasts, FivePercentRule(threshold=0.5))
    plain = judged(bars, forecasts, SmaCrossRule(2, 4))
    (own,) = forecasts.values()
    few = {"PLANTED": replace(own, by_seed=np.where(np.arange(60) < 19, own.by_seed, np.nan))}
    short = judged(bars, few)
    whys = ["it never bought", "the rule asks no forecast", "19 forecasts leave too few shifts"]
    for found, why in zip((never, plain, short), whys, strict=True):
        assert found.why == why
        assert (found.at_least, found.percentile, found.median, found.shifts) == (
            None,
            None,
            None,
            0,
        )


@pytest.mark.slow
def test_a_universe_is_shifted_as_one_through_backtrader():
    (one,), (own,) = (d.values() for d in market(60))
    (two,), (other,) = (d.values() for d in market(60, seed=1))
    bars = {"PLANTED": one, "OTHER": replace(two, ticker="OTHER")}
    forecasts = {"PLANTED": own, "OTHER": replace(other, ticker="OTHER")}
    broker, rule = replace(FREE, slots=2), DirectionRule()
    found = judged(bars, forecasts, rule, broker, count=25)
    assert (found.via, found.shifts) == ("backtrader", 25)
    assert found.why == "the account trades 2 tickers"
    real = run_backtest(bars, forecasts, rule, broker)
    others = [
        run_backtest(bars, {t: shift(f, k) for t, f in forecasts.items()}, rule, broker)
        for k in draw_shifts(60, 25, seed=0)
    ]
    earned = [r.equity[-1] / r.base - 1 for r in others]
    as_much = sum(value >= real.equity[-1] / real.base - 1 for value in earned)
    assert found.at_least == as_much / 25
    assert found.median == pytest.approx(np.median(earned), rel=1e-12)


def test_one_forecast_leaves_too_few_shifts():
    bars, forecasts = market(60)
    (own,) = forecasts.values()
    said = np.where(np.arange(60) == 5, 1.2, np.nan) * own.last_close[None]
    assert judged(bars, {"PLANTED": replace(own, by_seed=said)}).why == (
        "1 forecast leaves too few shifts"
    )


def test_so_few_shifts_that_they_have_no_quantiles_are_not_made():
    bars, forecasts = market(60)
    assert judged(bars, forecasts, count=18).why == "18 shifts have no 5% and 95% quantile"
    assert judged(bars, forecasts, count=19).shifts == 19


def test_members_bind_the_shifts_too():
    bars, forecasts = market(60)
    may = {"PLANTED": np.arange(60) < 30}
    rule = DirectionRule()
    result = run_backtest(bars, forecasts, rule, FREE, members=may)
    bound = beside_shifts(bars, forecasts, rule, FREE, result, members=may)
    assert bound.via == "replay"
    assert bound.median_trades < judged(bars, forecasts).median_trades


# --- many results, and the page ------------------------------------------------------------------


def results_of(bars, told, rules):
    return [
        run_backtest(bars, told[name], rule, FREE, label=label)
        for name in told
        for label, rule in rules.items()
    ]


def test_each_result_that_bought_has_its_task_and_processes_agree():
    bars, forecasts = market(80)
    (own,) = forecasts.values()
    naive = replace(own, forecaster="naive", by_seed=own.last_close[None].copy())
    told = {"planted": forecasts, "naive": {"PLANTED": naive}}
    rules = {"direction": DirectionRule(), "sma_cross": SmaCrossRule(2, 4)}
    results = results_of(bars, told, rules)
    given = bars, told, rules, FREE, results
    alone = shift_all(*given, lambda tasks: [task() for task in tasks])
    assert [(s.forecaster, s.strategy) for s in alone] == [("planted", "direction")]
    twice = bars, told, rules, FREE, results * 2
    assert shift_all(*twice, partial(run_tasks, jobs=2)) == alone * 2


SHOWN = Shifted(
    "A.KS", "cnn", "direction", 0.136, 67, 66, 723, 722, 0.41, 0.59, 0.41, 0.08, -0.2, 0.4, 66.0, "replay"
)  # fmt: skip


def test_the_digest_covers_every_value():
    for name, value in {"real": 0.1, "via": "backtrader", "median_trades": 3.0}.items():
        assert replace(SHOWN, **{name: value}).digest != SHOWN.digest
    assert replace(SHOWN).digest == SHOWN.digest
