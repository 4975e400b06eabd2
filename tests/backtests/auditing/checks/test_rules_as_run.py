"""A rule that a clock, a date, a table of prices or the number of calls moves is found."""

import datetime
from dataclasses import replace

import pytest

from backtests import plugins
from backtests.auditing.checks import rules_as_run
from backtests.auditing.checks.rules import RuleSubject
from backtests.auditing.finding import Status
from backtests.auditing.probes.clock import clock_library
from backtests.sources.simulated import Simulated
from benchmarks.leaks.kinds import KINDS
from tests.backtests.auditing.planted import assert_found, verdict_and_text

BY_NAME = {kind.name: kind for kind in KINDS if kind.rule}
needs_clock = pytest.mark.skipif(clock_library() is None, reason="no C compiler, or no Linux")


@pytest.fixture
def planted(trial_of_rule, tmp_path):
    """Return a maker of the trial of a kind of rule, which knows all closes of the first bars."""

    def make(name, top=""):
        first = Simulated().fetch("051900.KS", "2016-01-01", "2017-01-01")
        closes = dict(zip(first.sessions.astype(str).tolist(), first.close.tolist(), strict=True))
        hour = str(datetime.datetime.now(datetime.UTC).hour)
        path = tmp_path / "planted.py"
        text = BY_NAME[name].source(closes).replace("{utc}", hour)
        path.write_text(text.replace("class Planted(Rule):", f"class Planted(Rule):{top}"))
        rule = plugins.make(plugins.STRATEGIES, plugins.parse(str(path)))
        honest = trial_of_rule("five_percent")
        files = ((path, type(rule).__module__),)
        return RuleSubject(
            rule, replace(honest.basis, files=files, run_bars={"051900.KS": first}), honest.broker
        )

    return make


@needs_clock
def test_a_wall_clock_is_found(planted):
    assert_found("elsewhere", planted("a wall clock"), "with the clock moved by")


def test_a_flip_after_many_calls_is_found(planted, monkeypatch):
    monkeypatch.setattr(rules_as_run, "CALLS", 40_000)
    assert_found("elsewhere", planted("a flip after 20,000 calls"), "call 20,0")


def test_a_remembered_high_is_found(planted):
    assert_found("elsewhere", planted("a remembered high"), "keeps something between calls")


@pytest.mark.parametrize(
    ("name", "check", "words"),
    [
        ("a table keyed by ratios", "small changes", "changed when prices did by a ten-thousandth"),
        ("a table keyed by weekday, month and day", "calendar", "a table by date"),
        ("a table of five weekdays", "calendar", "its signals depend on the weekday"),
    ],
)
def test_a_table_is_found(planted, name, check, words):
    assert_found(check, planted(name), words)


def test_a_rule_that_says_it_goes_by_the_calendar_may(planted):
    subject = planted("a table of five weekdays", "\n    calendar: ClassVar[bool] = True\n")
    verdict, text = verdict_and_text("calendar", subject)
    assert verdict is Status.REPORTED and "the weekday, as its class says" in text


@pytest.mark.parametrize(
    "check", [pytest.param("elsewhere", marks=pytest.mark.slow), "calendar", "small changes"]
)
def test_an_honest_rule_passes(trial_of_rule, monkeypatch, check):
    monkeypatch.setattr(rules_as_run, "CALLS", 2_000)
    verdict, text = verdict_and_text(check, trial_of_rule("five_percent"))
    assert verdict is Status.PASSED, text
