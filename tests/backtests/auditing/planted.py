"""Where the planted leaks lie, the plan they are tried with, and how a check is asked."""

from __future__ import annotations

from pathlib import Path

from backtests.auditing.finding import Status
from backtests.auditing.register import EXTRA_CHECKS, FORECASTER_CHECKS, RULE_CHECKS, Examination
from backtests.auditing.report import status_of
from forecasters.walk_forward import WalkForward

LEAKS = Path(__file__).with_name("leaks")
CHECKS = {check.name: check for check in (*FORECASTER_CHECKS, *EXTRA_CHECKS, *RULE_CHECKS)}
#: Folds are tested from rows 60, 77 and 94 of 110; the last one is cut short.
PLAN = WalkForward(train_size=60, step=17)


def verdict_and_text(check, subject):
    """Return the verdict and the sentences of the named check."""
    findings = Examination(CHECKS[check], "planted", subject).run()
    return status_of(findings), " ".join(finding.sentence for finding in findings)


def assert_found(check, subject, words):
    """The named check finds something by itself, and its sentence has these words."""
    verdict, text = verdict_and_text(check, subject)
    assert verdict is Status.FOUND
    assert words in text, text
    assert "raised" not in text
