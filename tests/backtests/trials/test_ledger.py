"""The ledger of trials: what counts, once; what is lost, edited or reset is said and still counted."""

import datetime
import errno
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from backtests.runs.manifest import write_manifest
from backtests.trials.chain import extend
from backtests.trials.ledger import FILE, LARGEST, TrialLedger, default_ledger, remember
from backtests.trials.look import TIMING, Look
from backtests.trials.trial import Scope, Trial, trial_key
from forecasters.errors import DataWarning, InputError
from tests.backtests.example_studies import make_bars

HERE = Scope(("051900.KS",), "2017-01-02", "2019-12-30")
DAY = datetime.date(2026, 3, 2)


def make_trials(n, scope=HERE, first=0):
    """Return n trials; every third never moved."""
    return [
        Trial(trial_key(rule=i), scope, None if i % 3 == 0 else 0.01 * i, "run")
        for i in range(first, first + n)
    ]


def finish(out, name, *counted):
    """Write the manifest of a finished run that remembers the ledger."""
    (out / name).mkdir()
    write_manifest(
        out / name / "manifest.json",
        {"schema": 1, "key": name, "trials": remember(counted), "config": {"trials": 3}},
    )


def rewrite(path, change):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(change(lines)))


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


def test_a_ledger_that_was_removed_is_said_and_the_larger_count_stays(tmp_path):
    finish(tmp_path, "one", TrialLedger(tmp_path / FILE).add(make_trials(30)))
    (tmp_path / FILE).unlink()
    new = TrialLedger(tmp_path / FILE).add(make_trials(4))
    assert (new.trials, new.lines) == (30, 4)
    more = TrialLedger(tmp_path / FILE).add(make_trials(2, first=50))
    assert more.trials == 32, "new ones go on counting"
    rewrite(tmp_path / FILE, lambda lines: lines[:4])
    assert (
        "was cut short or started again: it has 4 lines, and run one saw 30 lines of it."
        in new.warning
    )
    assert "The trials in the manifests of the run folders are counted too" in new.warning
    # ... also when only the run that came after it is left
    finish(tmp_path, "two", new)
    (tmp_path / "one" / "manifest.json").unlink()
    left = TrialLedger(tmp_path / FILE).add(make_trials(4))
    assert left.trials == 30
    assert left.warning.startswith("Run two counted 30 trials")
    # other prices lose nothing by it
    other = TrialLedger(tmp_path / FILE).add(make_trials(2, replace(HERE, tickers=("000660.KS",))))
    assert (other.trials, other.warning) == (2, "")


def test_a_ledger_that_was_cut_is_said(tmp_path):
    finish(tmp_path, "one", TrialLedger(tmp_path / FILE).add(make_trials(30)))
    rewrite(tmp_path / FILE, lambda lines: lines[:20])
    cut = TrialLedger(tmp_path / FILE).add([], HERE)
    assert cut.trials == 30
    assert "it has 20 lines, and run one saw 30 lines of it" in cut.warning


def test_another_ledger_of_the_same_length_is_said(tmp_path):
    finish(tmp_path, "one", TrialLedger(tmp_path / FILE).add(make_trials(30)))
    (tmp_path / FILE).unlink()
    other = TrialLedger(tmp_path / FILE).add(make_trials(40, first=100))
    assert other.trials == 70, "those of the folder that is left, and the new ones"
    assert "is not the one of the earlier runs: run one saw 30 lines of it" in other.warning


def test_an_edited_line_is_said(tmp_path):
    TrialLedger(tmp_path / FILE).add(make_trials(6))
    rewrite(tmp_path / FILE, lambda lines: [*lines[:2], lines[2].replace("run", "ran"), *lines[3:]])
    edited = TrialLedger(tmp_path / FILE).add([], HERE)
    assert edited.trials == 6
    assert edited.warning == (
        "Line 4 of the ledger of trials does not follow from the line before: something was edited there."
    )


def test_lines_that_were_taken_out_are_counted(tmp_path):
    TrialLedger(tmp_path / FILE).add(make_trials(9))
    rewrite(tmp_path / FILE, lambda lines: [*lines[:2], *lines[5:]])
    short = TrialLedger(tmp_path / FILE).add([], HERE)
    assert short.trials == 9
    assert (
        short.warning == "3 lines are missing in the ledger of trials, counted as 3 trials."
    )  # 3, 4, 5
    rewrite(tmp_path / FILE, lambda lines: lines[2:])
    assert TrialLedger(tmp_path / FILE).add([], HERE).trials == 9


def test_a_line_that_cannot_be_read_counts_and_the_chain_goes_on(tmp_path):
    TrialLedger(tmp_path / FILE).add(make_trials(6))
    rewrite(tmp_path / FILE, lambda lines: [*lines[:3], "what is this\n", '["n", 5]\n', lines[5]])
    damaged = TrialLedger(tmp_path / FILE).add([], HERE)
    assert damaged.trials == 6
    assert damaged.warning.startswith(
        "Lines 4, 5 of the ledger of trials cannot be read and count as one trial each."
    )
    assert TrialLedger(tmp_path / FILE).add(make_trials(2, first=50)).trials == 8


def test_a_line_without_a_date_cannot_be_read(tmp_path):
    TrialLedger(tmp_path / FILE).add(make_trials(3))
    rewrite(tmp_path / FILE, lambda lines: [lines[0].replace(HERE.last, "soon"), *lines[1:]])
    counted = TrialLedger(tmp_path / FILE).add(make_trials(2, first=5))
    assert counted.trials == 5
    assert counted.warning.startswith("Line 1 of the ledger of trials cannot be read")


def test_what_a_crash_left_half_written_is_removed_and_said_once(tmp_path):
    TrialLedger(tmp_path / FILE).add(make_trials(3))
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.warns(DataWarning, match="the last line of .* was half written"):
        after = TrialLedger(tmp_path / FILE).add(make_trials(3, first=10))
    assert (after.trials, after.new, after.warning) == (5, 3, "")
    again = TrialLedger(tmp_path / FILE).add(make_trials(3, first=10))
    assert (again.trials, again.new, again.warning) == (5, 0, "")


@pytest.mark.parametrize("text", [b"notes of mine", b'{"n": 3, "edited": }'])
def test_a_last_line_that_no_crash_left_stays_and_counts(tmp_path, text):
    path = tmp_path / FILE
    path.write_bytes(text)
    after = TrialLedger(path).add(make_trials(3))
    assert path.read_bytes().startswith(text + b"\n")
    assert after.trials == 4
    assert after.warning.startswith("Line 1 of the ledger of trials cannot be read")


def test_a_ledger_that_is_too_large_is_refused_with_a_remedy(tmp_path):
    path = tmp_path / FILE
    path.touch()
    os.truncate(path, LARGEST + 1)  # a hole: it takes no room on the disk
    with pytest.raises(InputError, match="begin another with --ledger FILE; the run folders"):
        TrialLedger(path).check()


def test_a_folder_that_cannot_be_written_breaks_nothing(tmp_path):
    (tmp_path / FILE).mkdir()
    counted = TrialLedger(tmp_path / FILE).add(make_trials(5))
    assert (counted.trials, counted.new, counted.lines, counted.head) == (5, 5, 0, "")
    assert (
        "cannot be written (trials.jsonl is a folder, not a file: move it away)" in counted.warning
    )
    assert "are not remembered" in counted.warning
    assert remember([counted])["count"] == 0
    (tmp_path / "file").write_text("no folder")
    nowhere = TrialLedger(tmp_path / "file" / FILE).add(make_trials(5))
    assert nowhere.trials == 5
    assert "cannot be written" in nowhere.warning


def test_what_is_no_ledger_is_refused_before_anything_is_trained(tmp_path):
    ledger = TrialLedger(tmp_path / FILE, tmp_path / "runs")
    ledger.check()
    ledger.add(make_trials(2))
    (tmp_path / FILE).write_bytes(b"no line of ours\n")
    ledger.check()  # a line that cannot be read is counted, and said
    for name in (FILE, f"{FILE}.lock", f"runs/{FILE}"):
        path = tmp_path / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        os.mkfifo(path)
        with pytest.raises(InputError, match="is a pipe, not a file: move it away"):
            ledger.check()
        path.unlink()


def test_a_full_disk_leaves_the_ledger_as_it_was_and_is_said(tmp_path, monkeypatch):
    TrialLedger(tmp_path / FILE, None, DAY).add(make_trials(3))
    before = (tmp_path / FILE).read_bytes()

    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("backtests.trials.locked.os.fsync", full)  # the bytes are written by then
        counted = TrialLedger(tmp_path / FILE).add(make_trials(2, first=10))
    assert (tmp_path / FILE).read_bytes() == before
    assert counted.trials == 5
    assert "cannot be written (No space left on device)" in counted.warning


def test_a_ledger_that_can_only_be_read_is_still_counted(tmp_path, monkeypatch):
    TrialLedger(tmp_path / FILE).add(make_trials(5))

    def refuse(path):  # root may write whatever the file says
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("backtests.trials.ledger.locked", refuse)
    counted = TrialLedger(tmp_path / FILE).add([*make_trials(2), *make_trials(3, first=10)])
    assert (counted.trials, counted.new, counted.lines) == (8, 3, 5)
    assert "cannot be written (Permission denied)" in counted.warning


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


def test_a_manifest_that_cannot_be_read_is_said(tmp_path):
    finish(tmp_path, "torn", TrialLedger(tmp_path / FILE).add(make_trials(4)))
    path = tmp_path / "torn" / "manifest.json"
    path.write_text(path.read_text()[:80])
    counted = TrialLedger(tmp_path / FILE).add(make_trials(4))
    assert (counted.trials, counted.warning) == (
        4, "The manifest of torn cannot be read: what it saw of the ledger of trials is lost.",
    )  # fmt: skip


def test_the_key_knows_the_content_and_not_the_order():
    key = trial_key(rule={"a": 1, "b": 2}, plan=[1, 2])
    assert key == trial_key(plan=[1, 2], rule={"b": 2, "a": 1})
    assert key != trial_key(plan=[2, 1], rule={"b": 2, "a": 1})
