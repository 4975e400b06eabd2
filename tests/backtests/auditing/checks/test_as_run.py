"""One fit as a run makes it: what a table, a batch, a clock or the audit itself changes is found."""

import datetime
import re

import pytest

from backtests import plugins
from backtests.auditing.checks.as_run import judge
from backtests.auditing.finding import Status
from backtests.auditing.probes import child
from backtests.auditing.probes.batches import make_batches
from backtests.auditing.probes.clock import clock_library
from backtests.auditing.report import status_of
from backtests.auditing.subject import Subject
from backtests.sources.simulated import Simulated
from benchmarks.leaks.kinds import KINDS
from forecasters.walk_forward import WalkForward
from tests.backtests.auditing.planted import PLAN, assert_found

BARS = {"A.KS": Simulated().fetch("A.KS", "2016-01-01", "2017-04-01")}
BY_NAME = {kind.name: kind for kind in KINDS if not kind.rule}
needs_clock = pytest.mark.skipif(clock_library() is None, reason="no C compiler, or no Linux")


@pytest.fixture
def planted(tmp_path):
    """Return a maker of the trial of a kind of leak, which knows all closes of the bars."""

    def make(name, **changes):
        first = BARS["A.KS"]
        closes = dict(zip(first.sessions.astype(str).tolist(), first.close.tolist(), strict=True))
        path = tmp_path / "planted.py"
        now = datetime.datetime.now()
        text = BY_NAME[name].source(closes).replace("{hour}", str(now.hour))
        path.write_text(text.replace("{today}", str(now.date())))
        forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(str(path)))
        files = ((path, type(forecaster).__module__),)
        run = WalkForward(train_size=150, step=126)
        return Subject(forecaster, PLAN, BARS, files=files, run_plan=run, **changes)

    return make


def judged_here(subject):
    """Return the verdict and the sentences on answers that were given in this process."""
    made = make_batches(subject)
    answer = child._ask(made.work(()), lambda seconds: None)
    findings = judge(subject, made, answer | {"hours": [answer["again"]] * 37})
    text = " ".join(finding.sentence for finding in findings)
    return status_of(findings) if findings else Status.PASSED, text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a table keyed by returns", "after changes of past prices by a tenth"),
        ("a table keyed by weekday, month and day", "outcomes are looked up by date"),
        ("a table keyed by returns and by date", "under other dates and small changes"),
        ("memorised validation labels", "it keeps their labels"),
        ("peeks in batches over 124", "uses later windows of its batch"),
        ("rare peeks", "uses later windows of its batch"),
        ("honest with few epochs", "uses later windows of its batch"),
    ],
)
def test_what_a_run_would_give_away_is_found(planted, name, words):
    verdict, text = judged_here(planted(name))
    assert verdict is Status.FOUND
    assert words in text


def test_a_place_in_the_batch_is_found(trial_of_file):
    verdict, text = judged_here(trial_of_file("place_in_batch"))
    assert verdict is Status.FOUND and "its place in the batch" in text


def test_a_calendar_that_is_a_table_is_found_on_any_bars(trial_of_file):
    """Without skill on these bars: its answers by date follow neither weekday nor month."""
    verdict, text = judged_here(trial_of_file("table_of_days"))
    assert verdict is Status.FOUND
    assert re.search("leave (9[0-9]|100)% of them unexplained", text)


@pytest.mark.parametrize(
    "name",
    [
        "month effects",
        "weekday effects",
        "a memo of its answers",
        "a polynomial of dates",
        pytest.param("nearest neighbours (scikit-learn)", marks=pytest.mark.slow),
    ],
)
def test_an_honest_forecaster_passes(planted, name):
    verdict, text = judged_here(planted(name))
    assert verdict is Status.PASSED, text


def test_an_update_from_known_outcomes_is_reported_and_no_fault(planted):
    verdict, text = judged_here(planted("updated from known outcomes"))
    assert verdict is Status.REPORTED and "earlier windows of its batch" in text


@needs_clock
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("honest at the hour of the audit", marks=pytest.mark.slow),
        pytest.param("honest on the day of the audit, by numpy's clock", marks=pytest.mark.slow),
    ],
)
def test_an_answer_that_depends_on_the_time_is_found(planted, name):
    assert_found("as in a run", planted(name), "clock")


def test_who_looks_for_the_audit_finds_a_run(planted):
    """In the process of the audit it is honest, in that of a run it peeks."""
    assert_found(
        "as in a run", planted("honest where it sees modules of the audit"), "later windows"
    )
