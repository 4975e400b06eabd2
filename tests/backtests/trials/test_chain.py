"""Chained lines: an edit, a missing line and an unreadable one are counted and named."""

import json

import pytest

from backtests.trials.chain import LAST, damage, extend, parse


def written(n):
    """Return the bytes of n chained lines, added in two steps."""
    entries = [{"name": f"trial {i}"} for i in range(n)]
    first = extend([], entries[: n // 2])
    return first + extend(parse(first, dict), entries[n // 2 :])


def damage_of(raw):
    return damage(parse(raw, dict), "the ledger", "trial")


def test_what_was_added_in_steps_is_one_chain():
    raw = written(5)
    assert damage_of(raw) == (0, [])
    entries = [json.loads(line) for line in raw.splitlines()]
    assert [entry["n"] for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0]["previous"] == "" and len(entries[4]["previous"]) == 64


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_edit_shows_at_the_line_after_it(at):
    lines = written(4).splitlines(keepends=True)
    lines[at] = lines[at].replace(b"trial", b"trail")
    missing, sentences = damage_of(b"".join(lines))
    assert missing == 0
    assert sentences == [
        f"Line {at + 2} of the ledger does not follow from the line before: something was edited there."
    ]


def test_a_number_that_is_the_last_possible_does_not_spoil_the_lines_after_it():
    raw = written(2).replace(b'"n": 2', b'"n": %d' % LAST)
    added = extend(parse(raw, dict), [{"name": "later"}])
    assert json.loads(added)["n"] == 3
    assert parse(added, dict)[0].content is not None


def test_lines_that_were_cut_out_are_counted():
    lines = written(6).splitlines(keepends=True)
    missing, sentences = damage_of(b"".join([lines[0], *lines[3:]]))
    assert missing == 2
    assert sentences == ["2 lines are missing in the ledger, counted as 2 trials."]


def test_a_line_that_cannot_be_read_counts_and_the_next_one_follows_it():
    lines = written(3).splitlines(keepends=True)
    lines[1] = b"{broken\n"
    missing, sentences = damage_of(b"".join(lines))
    assert missing == 1
    assert sentences[0] == "Line 2 of the ledger cannot be read and counts as one trial."
    added = extend(parse(b"".join(lines), dict), [{"name": "later"}])
    assert json.loads(added)["n"] == 4, "no number is given twice"
