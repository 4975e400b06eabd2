"""The ledger of trials: what counts, and once."""

import datetime
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from backtests.runs.manifest import write_manifest
from backtests.trials.chain import extend
from backtests.trials.ledger import FILE, TrialLedger, default_ledger
from backtests.trials.look import TIMING, Look
from backtests.trials.trial import Scope, Trial, trial_key
from tests.backtests.example_studies import make_bars
from tests.backtests.trials.example_trials import DAY, HERE, finish, make_trials


def test_each_distinct_trial_is_counted_once(tmp_path):
    ledger = TrialLedger(tmp_path / FILE, None, DAY)
    first = ledger.add([*make_trials(10), *make_trials(3)])
    assert (first.trials, first.new, first.since, first.warning) == (10, 10, "2026-03-02", "")
    again = TrialLedger(tmp_path / FILE, None, datetime.date(2026, 3, 9)).add(make_trials(10))
    assert (again.trials, again.new, again.since) == (10, 0, "2026-03-02")
    more = TrialLedger(tmp_path / FILE).add(make_trials(6, first=8))
    assert (more.trials, more.new, more.since) == (14, 4, "2026-03-02")
    assert len((tmp_path / FILE).read_text().splitlines()) == more.lines == 14
    assert sorted(more.sharpes) == [0.01 * i for i in range(14) if i % 3]


def test_a_run_that_is_found_again_leaves_the_ledger_as_it_is(tmp_path):
    TrialLedger(tmp_path / FILE, None, DAY).add(make_trials(5))
    before = (tmp_path / FILE).read_bytes()
    TrialLedger(tmp_path / FILE, None, DAY + datetime.timedelta(1)).add(make_trials(5))
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("scope", "trials"),
    [
        (replace(HERE, last="2019-12-31"), 4),  # tomorrow's bar: the same trials
        (replace(HERE, first="2017-01-03"), 8),  # trained on another past: looked at anew
        (Scope(("000660.KS",), HERE.first, HERE.last), 4),  # other prices: four trials of them
        (Scope(("000660.KS", "051900.KS"), HERE.first, HERE.last), 8),  # a universe that holds it
        (replace(HERE, simulated=True), 4),  # drawn prices are not these
        (replace(HERE, first="2019-12-30", last="2021-01-04"), 8),  # one session in common
        (replace(HERE, first="2019-12-31", last="2021-01-04"), 4),  # none
        (replace(HERE, first="2015-01-02", last="2017-01-02"), 8),
        (replace(HERE, first="2015-01-02", last="2016-12-30"), 4),
    ],
)
def test_what_counts_is_what_was_judged_on_the_same_prices(tmp_path, scope, trials):
    TrialLedger(tmp_path / FILE).add(make_trials(4))
    assert TrialLedger(tmp_path / FILE).add(make_trials(4, scope)).trials == trials


def test_a_longer_window_is_remembered_for_those_that_begin_later(tmp_path):
    TrialLedger(tmp_path / FILE).add(make_trials(4))
    longer = replace(HERE, last="2021-12-30")
    grown = TrialLedger(tmp_path / FILE).add(make_trials(4, longer))
    assert (grown.trials, grown.new, grown.lines) == (4, 0, 8)
    assert TrialLedger(tmp_path / FILE).add(make_trials(4, longer)).lines == 8
    later = replace(HERE, first="2021-01-04", last="2021-12-30")
    assert TrialLedger(tmp_path / FILE).add([], later).trials == 4


def test_an_empty_count_needs_to_know_whose(tmp_path):
    none = TrialLedger(tmp_path / FILE).add([], HERE)
    assert (none.trials, none.since, none.sharpes, none.warning) == (0, "", (), "")
    with pytest.raises(ValueError, match="one scope"):
        TrialLedger(tmp_path / FILE).add([])
    with pytest.raises(ValueError, match="one scope"):
        TrialLedger(tmp_path / FILE).add(
            [*make_trials(1), *make_trials(1, replace(HERE, last="2020-01-02"))]
        )


DAYS = np.arange("2017-01-02", "2019-12-31", dtype="datetime64[D]")


def looking(last, seed=0, first=HERE.first, kind=TIMING, key=0):
    """Return a trial on the days to `last`, with its daily series."""
    days = DAYS[(np.datetime64(first) <= DAYS) & (np.datetime64(last) >= DAYS)]
    daily = np.random.default_rng(seed).standard_normal(DAYS.size)[: days.size]
    scope = replace(HERE, first=first, last=last)
    return Trial(trial_key(rule=key), scope, 0.1, "run", "", kind, Look(kind, days, daily))


def test_an_earlier_end_is_a_trial_and_a_later_one_is_the_same_grown(tmp_path):
    ends = ("2018-06-29", "2018-07-31", "2018-05-31", "2018-06-29", "2018-08-31", "2018-05-30")
    ledger = TrialLedger(tmp_path / FILE, today=DAY)
    counted = [ledger.add([looking(end)]) for end in ends]
    assert [c.trials for c in counted] == [1, 1, 2, 2, 2, 3]
    assert [c.new for c in counted] == [1, 0, 1, 0, 0, 1]
    assert [len(c.looks) for c in counted] == [0, 1, 2, 2, 3, 4], "each window is looked at, once"
    assert counted[-1].without_series == 0
    (other,) = counted[1].looks
    assert str(other.sessions[-1]) == "2018-06-29"
    assert other.daily == pytest.approx(looking("2018-06-29").look.daily, rel=1e-6)


def test_a_daily_job_is_judged_on_its_newest_window_alone(tmp_path):
    for day in range(1, 20):
        today = datetime.date(2019, 3, day)
        last = str(today - datetime.timedelta(1 + day % 3))  # the vendor is late now and then
        counted = TrialLedger(tmp_path / FILE, today=today).add([looking(last)])
        ahead = [look for look in counted.looks if str(look.sessions[-1]) > last]
        assert (counted.trials, counted.looks) == (counted.trials, tuple(ahead))
    assert counted.looks == ()
    # ... but who goes back chooses among ends
    back = TrialLedger(tmp_path / FILE, today=today).add([looking("2018-12-28")])
    assert len(back.looks) == 1


def test_the_series_of_the_own_trials_are_not_among_the_earlier_ones(tmp_path):
    ledger = TrialLedger(tmp_path / FILE, today=DAY)
    one, other = (looking("2018-06-29", seed, key=seed) for seed in (1, 2))
    assert ledger.add([one]).looks == ()
    assert ledger.add([one]).looks == ()
    assert len(ledger.add([other]).looks) == 1
    assert ledger.add([one, other]).looks == ()


@pytest.mark.parametrize("damage", ["removed", "changed"])
def test_a_series_that_is_lost_counts_as_independent(tmp_path, damage):
    TrialLedger(tmp_path / FILE).add([looking("2018-06-29", 1, key=1)])
    (file,) = tmp_path.glob("*/looks-*.npz")
    if damage == "removed":
        file.unlink()
    else:
        arrays = dict(np.load(file))
        np.savez_compressed(file, **{**arrays, "values": arrays["values"] * 2})
    counted = TrialLedger(tmp_path / FILE).add([looking("2018-06-29", 2, key=2)])
    assert (counted.trials, counted.looks, counted.without_series) == (2, (), 1)
    assert "The daily series of one trial is lost or changed beside the ledger" in counted.warning


def older(path, n):
    """Write a ledger as the version before this one did: names for prices, and no series."""
    entries = [
        {
            "on": "2026-01-05", "key": trial_key(old=i), "tickers": ["051900.KS"], "first": HERE.first,
            "last": HERE.last, "simulated": False, "sharpe": 0.01, "command": "run", "bars": "",
        }
        for i in range(n)
    ]  # fmt: skip
    path.write_bytes(extend([], entries))


@pytest.mark.parametrize("ticker", ["051900.KS", "051900.ks", "051900"])
def test_a_ledger_that_an_earlier_version_left_beside_the_runs_still_counts(tmp_path, ticker):
    older(tmp_path / FILE, 7)
    path = tmp_path / "own" / FILE
    trial = looking("2018-06-29")
    trial = replace(trial, scope=replace(trial.scope, tickers=(ticker,)))
    counted = TrialLedger(path, tmp_path).add([trial], bars={ticker: make_bars(ticker)})
    assert (counted.trials, counted.new, counted.without_series) == (8, 1, 7)
    assert (counted.since, counted.lines, counted.warning) == ("2026-01-05", 1, "")
    again = TrialLedger(tmp_path / FILE, tmp_path).add([trial])
    assert (again.trials, again.lines, again.warning) == (8, 8, ""), "or it goes on as the ledger"


def test_a_copy_under_another_name_is_the_same_trial(tmp_path):
    bars = make_bars(rows=900)
    first = TrialLedger(tmp_path / FILE, tmp_path / "a").add(
        [looking("2018-06-29")], bars={"051900.KS": bars}
    )
    copied = looking("2018-06-29")
    copied = replace(copied, scope=replace(copied.scope, tickers=("COPY",)))
    second = TrialLedger(tmp_path / FILE, tmp_path / "b").add([copied], bars={"COPY": bars})
    assert (first.trials, second.trials, second.new) == (1, 1, 0)
    drawn = make_bars(rows=900, seed=5)
    other = TrialLedger(tmp_path / FILE).add([looking("2018-06-29")], bars={"051900.KS": drawn})
    assert (other.trials, other.looks) == (1, ()), "other prices under the same name"


def test_without_its_prices_the_ledger_goes_by_the_names(tmp_path):
    longer, bars = make_bars(rows=900), {"051900.KS": make_bars(rows=890)}
    TrialLedger(tmp_path / FILE).add([looking("2018-06-29", key=1)], bars={"051900.KS": longer})
    for file in tmp_path.glob("*/prices-*.npz"):
        file.unlink()
    counted = TrialLedger(tmp_path / FILE).add([looking("2018-06-29", key=2)], bars=bars)
    assert (counted.trials, len(counted.looks)) == (2, 1)


def test_a_user_has_one_ledger_in_the_folder_for_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKTESTS_DATA", str(tmp_path / "data"))
    TrialLedger(out=tmp_path / "runs").add(make_trials(3))
    assert TrialLedger(out=tmp_path / "elsewhere").add(make_trials(3)).new == 0
    assert default_ledger() == tmp_path / "data" / FILE
    monkeypatch.delenv("BACKTESTS_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert default_ledger().name == FILE
    if sys.platform == "linux":
        assert default_ledger().is_relative_to(tmp_path / "xdg")


MANY = """
import sys
from backtests.trials.look import FORECAST, TIMING, Look
from backtests.trials.trial import Scope, Trial, trial_key
from backtests.trials.ledger import TrialLedger
scope = Scope(("051900.KS",), "2017-01-02", "2019-12-30")
sys.stdin.readline()
for i in range(40):
    TrialLedger(sys.argv[1] + "/trials.jsonl").add([Trial(trial_key(rule=[sys.argv[2], i]), scope, 0.1, "run")])
"""


def test_processes_at_once_are_all_counted(tmp_path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", MANY, str(tmp_path), name], stdin=subprocess.PIPE, text=True
        )
        for name in "abc"
    ]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=600) and process.returncode for process in started] == [
        0
    ] * 3
    counted = TrialLedger(tmp_path / FILE).add([], HERE)
    assert (counted.trials, counted.lines, counted.warning) == (120, 120, "")


def test_what_the_runs_remember_is_found_in_their_manifests(tmp_path):
    ledger = TrialLedger(tmp_path / FILE)
    one = ledger.add(make_trials(4))
    two = ledger.add(make_trials(2, replace(HERE, tickers=("000660.KS",))))
    finish(tmp_path, "both", one, two)
    (tmp_path / "older").mkdir()
    write_manifest(tmp_path / "older" / "manifest.json", {"key": "x", "config": {"trials": 1}})
    (memory,) = TrialLedger.remembered(tmp_path)
    assert (memory.run, memory.count, memory.head) == ("both", 6, two.head)
    assert [(n, scope) for n, scope, _ in memory.counted] == [(4, HERE), (2, two.scope)]
    assert [len(keys) for *_, keys in memory.counted] == [4, 2]
    assert json.loads((tmp_path / "both" / "manifest.json").read_text())["trials"]["count"] == 6


def test_the_key_knows_the_content_and_not_the_order():
    key = trial_key(rule={"a": 1, "b": 2}, plan=[1, 2])
    assert key == trial_key(plan=[1, 2], rule={"b": 2, "a": 1})
    assert key != trial_key(plan=[2, 1], rule={"b": 2, "a": 1})
