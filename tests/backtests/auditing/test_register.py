"""Every check passes what is honest, and what a subject raises is a finding."""

import re
from dataclasses import replace

import pytest

from backtests.auditing.finding import Status
from backtests.auditing.register import (
    EXTRA_CHECKS,
    FORECASTER_CHECKS,
    RULE_CHECKS,
    Examination,
    examine,
)
from tests.backtests.auditing.planted import CHECKS, LEAKS, verdict_and_text


@pytest.mark.parametrize("check", [check.name for check in FORECASTER_CHECKS])
def test_an_honest_file_passes(trial_of_file, check):
    verdict, text = verdict_and_text(check, trial_of_file("mean"))
    assert verdict is not Status.FOUND, text
    if check not in ("wrong labels", "first bar"):
        assert verdict is Status.PASSED, text


def test_what_a_forecaster_raises_is_found_and_not_a_crash(trial_of_file):
    trial = trial_of_file("mean")
    trial.forecaster.predict = None
    verdict, text = verdict_and_text("forecasts", trial)
    assert verdict is Status.FOUND and "raised TypeError" in text


def test_a_fault_of_ours_is_raised_and_blamed_on_nobody(trial_of_file):
    from forecasters.models.linear import Linear

    trial = replace(trial_of_file("mean"), forecaster=Linear())
    trial.forecaster.predict = None
    with pytest.raises(TypeError):
        Examination(CHECKS["forecasts"], "linear", trial).run()


def test_findings_come_in_the_order_of_what_was_asked(trial_of_file):
    asked = [
        Examination(CHECKS["dates"], "knows_the_dates", trial_of_file("knows_the_dates")),
        Examination(CHECKS["dates"], "mean", trial_of_file("mean")),
    ]
    done = []
    first, second = examine(asked, on_done=lambda: done.append(True))
    assert first[0].status is Status.FOUND
    assert second[0].status is Status.PASSED
    assert len(done) == 2


def test_every_check_and_every_planted_file_is_used():
    """A check without a planted leak is not known to find one; `first bar` finds no fault at all."""
    tests = "".join(path.read_text("utf-8") for path in LEAKS.parent.rglob("test_*.py"))
    for check in (*FORECASTER_CHECKS, *EXTRA_CHECKS, *RULE_CHECKS):
        assert re.search(rf'"{check.name}"', tests), check.name
    for leak in LEAKS.glob("*.py"):
        assert f'"{leak.stem}"' in tests, leak.name
