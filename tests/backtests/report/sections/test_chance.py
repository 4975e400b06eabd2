"""The section on chance: which figures stand where, and in which words."""

import math

import numpy as np

from backtests.judging.deflation import DeflatedChance, deflate
from backtests.judging.returns import judge_returns
from backtests.judging.verdict import CANNOT_SAY
from backtests.report.rendering import render_section
from backtests.report.sections.chance import section
from backtests.statistics.sharpe import expected_maximum
from backtests.writing.numbers import number, probability
from tests.backtests.drawn_returns import N, counted, noise, result_of


def page(chance, deflation=None):
    return render_section(section(DeflatedChance(chance, deflation), {}))


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
        f"1 of 2 results that traded has fewer than 30 closed trades: the verdict is \u201c{CANNOT_SAY}\u201d"
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
    account = chance.results[0]
    for figure in (
        number(account.sharpe),
        f"{number(account.sharpe_low)} to {number(account.sharpe_high)}",
        probability(account.psr),
        probability(deflation.results[0].dsr),
        f"it would take {account.needed:,} sessions like these; there are 720",
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
        "1 trial on these prices since 2026-03-02, counted in trials.jsonl (forecasters, results,"
        in html
    )
    assert "<table" not in html
    assert "fewer than 30 closed trades" not in html, "it never traded"


def test_no_result_has_no_section():
    assert section(DeflatedChance(judge_returns([])), {}) is None


def test_a_ratio_without_a_probability_says_why():
    daily = np.zeros(N)
    daily[300:302] = 0.02, 0.015
    chance = judge_returns([result_of(daily, 1)])
    html = page(chance, deflate(chance.results, counted(9)))
    assert html.count('title="it moved on 2 of 720 days, too few') == 3


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
        "The probability of backtest overfitting is not known: 8 blocks of 30 sessions each are needed, and "
        "there are 200 sessions."
    ) in page(short)
