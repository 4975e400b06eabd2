"""How much of a result is chance: what is judged, in which unit, deflated by what, and in which words."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from backtests.account.performance import FEW_TRADES, performance
from backtests.account.result import Result, Trade
from backtests.judging.deflation import deflate
from backtests.judging.returns import judge_returns
from backtests.judging.sensitivity import Point
from backtests.report.rendering import render_section
from backtests.report.sections.chance import CANNOT_SAY, between, probability, section
from backtests.report.sections.chance_blocks import chance_section
from backtests.runs.manifest import digest_of
from backtests.statistics.sharpe import expected_maximum, probabilistic_sharpe
from backtests.trials.ledger import Counted
from backtests.trials.trial import Scope
from backtests.writing.numbers import number
from tests.backtests.example_studies import make_study

SCOPE = Scope(("A",), "2017-01-02", "2019-12-30")
N = 720


def result_of(daily, trades=40, strategy="quantile", forecaster="cnn"):
    """Return a result with these daily returns after the first session, and so many closed trades."""
    equity = 1_000_000 * np.cumprod(np.concatenate([[1.0], 1 + np.asarray(daily)]))
    days = np.busday_offset("2017-01-02", np.arange(equity.size)).astype("datetime64[D]")
    trade = Trade("A", "2017-01-02", "2017-01-03", "2017-01-04", 1.0, 1.0, 1, 1, 0.0, 0.0, 0.0, "x")
    return Result(
        "A", forecaster, strategy, days, equity, equity, np.zeros(equity.size), (), (trade,) * trades, 246.0,
    )  # fmt: skip


def noise(seed, mean=0.0005, n=N):
    return np.random.default_rng(seed).normal(mean, 0.01, n)


def counted(trials, sharpes=(), warning=""):
    return Counted(trials, 0, "2026-03-02", warning, sharpes, SCOPE)


def point_of(daily, threshold=0.02):
    returns = result_of(daily).returns
    return Point("cnn", threshold, "day", False, 1, 0.0, 1, 0.5, 1.0, returns)


def test_a_result_has_the_ratio_and_the_return_of_its_row():
    result = result_of(noise(1, mean=0.0012))
    (own,) = judge_returns([result]).results
    figures = performance(result)
    assert own.sharpe == pytest.approx(figures["sharpe"], rel=1e-12)
    assert own.total_return == figures["total_return"]
    assert own.closed == figures["closed_trades"] == 40
    assert own.sharpe_low < own.sharpe < own.sharpe_high
    assert own.return_low < own.total_return < own.return_high
    assert own.n == N
    ratio, moments = own.daily_sharpe, (own.skewness, own.kurtosis)
    assert own.psr == probabilistic_sharpe(ratio, N, *moments) > 0.5
    enough = probabilistic_sharpe(ratio, own.needed, *moments)
    assert enough >= 0.95 > probabilistic_sharpe(ratio, own.needed - 1, *moments)
    # a year's interval is about 2 x 1.96 x sqrt(246 / 720) wide where the returns are independent
    assert own.sharpe_high - own.sharpe_low == pytest.approx(3.92 * math.sqrt(246 / N), rel=0.15)


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
    assert [own.few for own in judged] == [True, False, True]
    assert [own.closed for own in judged] == [29, 30, 29]
    assert all(own.psr is not None for own in judged)


def test_an_account_that_never_traded_has_no_ratio():
    chance = judge_returns([result_of(np.zeros(N), trades=0)])
    (own,) = chance.results
    nothing = (own.sharpe, own.sharpe_low, own.return_low, own.psr, own.needed, own.daily_sharpe)
    assert nothing == (None,) * 6
    assert own.why == own.why_sharpe == own.why_return == "the account never moved"
    assert own.few
    (deflated,) = deflate(chance.results, counted(50)).results
    assert deflated.dsr is None
    assert deflated.expected > 0
    json.dumps(asdict(chance), allow_nan=False)


def test_an_account_that_moved_on_few_days_has_a_ratio_without_a_probability():
    daily = np.zeros(N)
    daily[300:302] = 0.02, 0.015
    chance = judge_returns([result_of(daily, 1)])
    (own,) = chance.results
    assert own.sharpe == pytest.approx(performance(result_of(daily, 1))["sharpe"])
    assert (own.sharpe_low, own.psr, own.needed) == (None, None, None)
    assert own.return_low is not None
    deflation = deflate(chance.results, counted(9))
    assert deflation.results[0].dsr is None
    assert page(chance, deflation).count('title="it moved on 2 of 720 days, too few') == 3


def test_buy_and_hold_is_judged_beside_and_is_no_trial():
    held = result_of(noise(4), 0, "buy_and_hold", None)
    chance = judge_returns([result_of(noise(5))], held=held)
    assert [own.reference for own in chance.results] == [False, True]
    assert not chance.results[1].few
    assert chance.overfit.variants == 1
    first, last = deflate(chance.results, counted(20)).results
    assert first.dsr is not None
    assert (last.expected, last.dsr) == (None, None)
    assert judge_returns([]).results == ()
    assert section(judge_returns([])) is None


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


def test_the_hurdle_is_that_of_the_mission():
    """The best of 54 settings without skill over four years: a yearly ratio of about 1.15."""
    (own,) = judge_returns([result_of(noise(8, n=4 * 246 + 1))]).results
    (deflated,) = deflate([own], counted(54)).results
    assert deflated.expected == pytest.approx(1.15, abs=0.005)


def test_the_deflated_ratio_is_that_of_the_paper():
    """Bailey and Lopez de Prado (2014): 2.5 a year, 1,250 days, variance of the trials 1/2 a year."""
    (own,) = judge_returns([result_of(noise(9))]).results
    own = replace(
        own, n=1250, periods_per_year=250.0, daily_sharpe=2.5 / 250**0.5, skewness=-3.0, kurtosis=10.0
    )  # fmt: skip
    spread = math.sqrt(0.5 / 250)  # of two trials one apart by sqrt(2) of it
    sharpes = (0.0, math.sqrt(2) * spread)
    (deflated,) = deflate([own], counted(100, sharpes)).results
    assert deflated.dsr == pytest.approx(0.9004, abs=5e-5)
    assert deflated.expected / math.sqrt(250) == pytest.approx(0.1132, abs=5e-5)


def test_near_copies_cannot_talk_the_hurdle_down():
    (own,) = judge_returns([result_of(noise(10))]).results
    alone = expected_maximum(200, 1 / math.sqrt(N - 1)) * math.sqrt(246)
    copies = deflate([own], counted(200, tuple(0.05 + 1e-6 * np.arange(100)))).results[0]
    apart = deflate([own], counted(200, (-0.2, 0.0, 0.2))).results[0]
    assert copies.expected == pytest.approx(alone)
    assert apart.expected > 2 * alone
    assert apart.dsr < copies.dsr < own.psr


def test_more_trials_leave_less():
    (own,) = judge_returns([result_of(noise(11, mean=0.001))]).results
    left = [deflate([own], counted(trials)).results[0].dsr for trials in (0, 1, 2, 50, 5000)]
    assert left[0] == left[1] == own.psr
    assert left[1] > left[2] > left[3] > left[4]


def test_the_ledger_is_no_part_of_the_judgement_or_the_digest():
    study = make_study()
    chance = judge_returns(study.ruled, study.sensitivity, study.held)
    fields = set(asdict(chance.results[0])) | set(asdict(chance.overfit))
    assert not fields & {"trials", "dsr", "expected", "since"}
    before = digest_of([study])
    deflate(chance.results, counted(99))
    assert digest_of([study]) == before


def page(chance, deflation=None):
    return render_section(chance_section(section(chance, deflation), {}))


def test_the_page_says_what_can_be_said():
    held = result_of(noise(12), 0, "buy_and_hold", None)
    results = [
        result_of(noise(13)),
        result_of(noise(14), 3, "five_percent"),
        result_of(np.zeros(N), 0, "direction"),
    ]
    chance = judge_returns(results, (), held)
    deflation = deflate(chance.results, counted(54, warning="The ledger of trials was cut."))
    html = page(chance, deflation)
    assert (
        f"1 of 2 results that traded has fewer than 30 closed trades: the word is \u201c{CANNOT_SAY}\u201d"
        in html
    )
    hurdle = number(expected_maximum(54, 1 / math.sqrt(N - 1)) * math.sqrt(246))
    assert "54 trials on these prices since 2026-03-02, counted in trials.jsonl" in html
    assert f"expected to show a yearly Sharpe ratio of {hurdle}." in html
    assert "The ledger of trials was cut." in html
    assert "No Sharpe ratio, because the account never moved: cnn direction." in html
    rows = html[html.index("<tbody>") : html.index("</tbody>")].split("</tr>")
    held_row, first, second = rows[:3]
    assert ">buy_and_hold<" in held_row
    assert ">quantile<" in first
    assert ">five_percent<" in second
    assert [CANNOT_SAY in row for row in rows[:3]] == [False, False, True]
    own = chance.results[0]
    for figure in (
        number(own.sharpe),
        f"{number(own.sharpe_low)} to {number(own.sharpe_high)}",
        probability(own.psr),
        probability(deflation.results[0].dsr),
        f"it would take {own.needed:,} sessions like these; there are 720",
    ):
        assert figure in first
    assert '<abbr title="buy and hold is no trial">' in held_row


def test_the_page_without_the_ledger_and_without_a_purchase():
    bare = page(judge_returns([result_of(noise(15))]))
    assert "trials" not in bare.replace("all trials", "")
    assert "Deflated" not in bare
    idle = judge_returns([result_of(np.zeros(N), 0)])
    html = page(idle, deflate(idle.results, counted(1)))
    assert (
        "1 trial on these prices since 2026-03-02, counted in trials.jsonl beside the runs (results,"
        in html
    )
    assert "<table" not in html
    assert "fewer than 30 closed trades" not in html, "it never traded"
    assert render_section(chance_section(None, {})) == ""


def test_the_page_tells_overfitting_or_why_not():
    many = [np.random.default_rng(seed).normal(0, 0.01, N) for seed in range(6)]
    chance = judge_returns([result_of(daily, strategy=str(i)) for i, daily in enumerate(many)])
    share = f"{100 * chance.overfit.pbo:.0f}%"
    assert (
        f"Probability of backtest overfitting: {share}. In that share of the 12,870 ways to halve the "
        "sessions, the best of 6 variants in one half is not above the middle of them in the other"
    ) in page(chance)
    short = judge_returns([result_of(daily[:200]) for daily in many])
    assert (
        "The probability of backtest overfitting is not told: 8 blocks of 30 sessions each are needed, and "
        "there are 200 sessions."
    ) in page(short)


def test_no_probability_rounds_to_certainty():
    told = [probability(p) for p in (None, 0.0, 0.0004, 0.5, 0.9004, 0.9996, 1.0)]
    assert told == ["\u2013", "<0.1%", "<0.1%", "50.0%", "90.0%", ">99.9%", ">99.9%"]
    assert between(None, 1.0, number) == "\u2013"
    assert between(-0.5, 1.25, number) == "-0.50 to 1.25"
