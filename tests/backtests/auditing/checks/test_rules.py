"""A rule that is no pure function of its situation is found; ours pass."""

import pytest

from backtests import plugins
from backtests.auditing.finding import Status
from tests.backtests.auditing.planted import verdict_and_text


@pytest.mark.parametrize(
    ("leak", "check", "words"),
    [
        ("stateful_rule", "pure", "keeps something between calls"),
        ("stateful_rule", "orders", "changed when the bars after"),
        ("looking_rule", "orders", "sees more than its situation"),
        ("raising_rule", "pure", "raised ValueError"),
        ("silent_rule", "pure", "which is no Signal"),
        ("dated_rule", "pure", "dated 28 years earlier"),
        ("reading_rule", "pure", "prices.csv"),
    ],
)
def test_a_planted_rule_is_found_by_the_check_that_is_named(trial_of_rule, leak, check, words):
    verdict, text = verdict_and_text(check, trial_of_rule(leak))
    assert verdict is Status.FOUND
    assert words in text


@pytest.mark.parametrize("check", ["pure", "calendar", "small changes", "orders"])
@pytest.mark.parametrize(
    "exit_",
    [
        "entry",
        pytest.param("day", marks=pytest.mark.slow),
        pytest.param("touch", marks=pytest.mark.slow),
    ],
)
def test_the_five_percent_rule_passes_whatever_its_exit(trial_of_rule, exit_, check):
    verdict, text = verdict_and_text(check, trial_of_rule(f"five_percent:exit={exit_}"))
    assert verdict is Status.PASSED, text


@pytest.mark.slow
@pytest.mark.parametrize("name", plugins.names(plugins.STRATEGIES))
@pytest.mark.parametrize("check", ["pure", "elsewhere", "calendar", "small changes", "orders"])
def test_nothing_is_found_in_our_rules(trial_of_rule, name, check):
    verdict, text = verdict_and_text(check, trial_of_rule(name))
    assert verdict is not Status.FOUND, text
