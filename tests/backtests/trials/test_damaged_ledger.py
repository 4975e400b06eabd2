"""A ledger that was lost, edited, cut, or cannot be written: it is said, and what is known still counts."""

import errno
import os
from dataclasses import replace

import pytest

from backtests.trials.ledger import FILE, LARGEST, TrialLedger, remember
from forecasters.errors import DataWarning, InputError
from tests.backtests.trials.example_trials import DAY, HERE, finish, make_trials, rewrite


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


def test_a_manifest_that_cannot_be_read_is_said(tmp_path):
    finish(tmp_path, "torn", TrialLedger(tmp_path / FILE).add(make_trials(4)))
    path = tmp_path / "torn" / "manifest.json"
    path.write_text(path.read_text()[:80])
    counted = TrialLedger(tmp_path / FILE).add(make_trials(4))
    assert (counted.trials, counted.warning) == (
        4, "The manifest of torn cannot be read: what it saw of the ledger of trials is lost.",
    )  # fmt: skip
