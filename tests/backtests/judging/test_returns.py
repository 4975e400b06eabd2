"""How much of a result is chance: what is judged, in which unit, and with which interval."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from backtests.account.performance import FEW_TRADES, performance
from backtests.judging.deflation import deflate
from backtests.judging.returns import judge_returns
from backtests.statistics.sharpe import probabilistic_sharpe
from tests.backtests.drawn_returns import N, counted, noise, point_of, result_of


def test_a_result_has_the_ratio_and_the_return_of_its_row():
    result = result_of(noise(1, mean=0.0012))
    (account,) = judge_returns([result]).results
    figures = performance(result)
    assert account.sharpe == pytest.approx(figures["sharpe"], rel=1e-12)
    assert account.total_return == figures["total_return"]
    assert account.closed == figures["closed_trades"] == 40
    assert account.sharpe_low < account.sharpe < account.sharpe_high
    assert account.return_low < account.total_return < account.return_high
    assert account.n == N
    ratio, moments = account.daily_sharpe, (account.skewness, account.kurtosis)
    assert account.psr == probabilistic_sharpe(ratio, N, *moments) > 0.5
    enough = probabilistic_sharpe(ratio, account.needed, *moments)
    assert enough >= 0.95 > probabilistic_sharpe(ratio, account.needed - 1, *moments)
    # a year's interval is about 2 x 1.96 x sqrt(246 / 720) wide where the returns are independent
    assert account.sharpe_high - account.sharpe_low == pytest.approx(
        3.92 * math.sqrt(246 / N), rel=0.15
    )


def test_the_return_of_the_first_session_is_in_the_interval_of_the_return():
    plain = result_of(noise(2))
    gained = replace(plain, start_cash=plain.base / 2)  # the first session doubled it
    (a,), (b,) = judge_returns([plain]).results, judge_returns([gained]).results
    assert 1 + b.total_return == pytest.approx(2 * (1 + a.total_return))
    assert 1 + b.return_low == pytest.approx(2 * (1 + a.return_low))
    assert (b.sharpe, b.sharpe_low) == (a.sharpe, a.sharpe_low)


def test_fewer_than_thirty_closed_trades_are_few():
    results = [result_of(noise(3), trades) for trades in (29, 30)]
    still_open = replace(results[1].trades[0], exit=None)
    results.append(replace(results[1], trades=(*results[1].trades[:29], still_open)))
    judged = judge_returns(results).results
    assert FEW_TRADES == 30
    assert [account.few for account in judged] == [True, False, True]
    assert [account.closed for account in judged] == [29, 30, 29]
    assert all(account.psr is not None for account in judged)


def test_an_account_that_never_traded_has_no_ratio():
    chance = judge_returns([result_of(np.zeros(N), trades=0)])
    (account,) = chance.results
    nothing = (
        account.sharpe,
        account.sharpe_low,
        account.return_low,
        account.psr,
        account.needed,
        account.daily_sharpe,
    )
    assert nothing == (None,) * 6
    assert account.why == account.why_sharpe == account.why_return == "the account never moved"
    assert account.few
    (deflated,) = deflate(chance.results, counted(50)).results
    assert deflated.dsr is None
    assert deflated.expected > 0
    json.dumps(asdict(chance), allow_nan=False)


def test_an_account_that_moved_on_few_days_has_a_ratio_without_a_probability():
    daily = np.zeros(N)
    daily[300:302] = 0.02, 0.015
    chance = judge_returns([result_of(daily, 1)])
    (account,) = chance.results
    assert account.sharpe == pytest.approx(performance(result_of(daily, 1))["sharpe"])
    assert (account.sharpe_low, account.psr, account.needed) == (None, None, None)
    assert account.return_low is not None
    deflation = deflate(chance.results, counted(9))
    assert deflation.results[0].dsr is None


def test_buy_and_hold_is_judged_beside_and_is_no_trial():
    held = result_of(noise(4), 0, "buy_and_hold", None)
    chance = judge_returns([result_of(noise(5))], held=held)
    assert [account.reference for account in chance.results] == [False, True]
    assert not chance.results[1].few
    assert chance.overfit.variants == 1
    first, last = deflate(chance.results, counted(20)).results
    assert first.dsr is not None
    assert (last.expected, last.dsr) == (None, None)
    assert judge_returns([]).results == ()


def test_overfitting_is_judged_over_all_that_was_looked_at():
    rng = np.random.default_rng(6)
    many = [rng.normal(0, 0.01, N) for _ in range(8)]
    results = [result_of(many[0]), result_of(many[1])]
    points = [point_of(daily) for daily in many]  # two of them are the results
    idle = replace(points[0], returns=None)
    chance = judge_returns(results, [*points, idle])
    assert (chance.overfit.variants, chance.overfit.blocks, chance.overfit.rows) == (8, 16, N)
    assert 0.2 < chance.overfit.pbo < 0.8
    good = judge_returns(results, [*points, point_of(noise(7, mean=0.004))])
    assert good.overfit.pbo < 0.01
    assert judge_returns(results, points).results == judge_returns(results).results


def test_the_judgement_is_the_same_whatever_the_order():
    results = [result_of(noise(seed), strategy=str(seed)) for seed in range(4)]
    one, other = judge_returns(results), judge_returns(results[::-1])
    assert one.results == other.results[::-1]
    assert one.overfit == other.overfit
    assert one == judge_returns(results)
