"""Names of files from labels: injective, short, the same whatever the order."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from backtests.writing.file_names import LONGEST, file_names, slug

CLASHING = ["rnn--a:b", "rnn--a_b", "rnn--A_b", "rnn--a/b", "rnn--a b"]


def test_labels_that_clash_get_a_hash_and_the_others_their_old_names():
    names = file_names(["naive--direction", "cnn:filters=64,lookback=5--direction", *CLASHING])
    assert names["naive--direction"] == "naive--direction"
    assert names["cnn:filters=64,lookback=5--direction"] == "cnn_filters=64,lookback=5--direction"
    assert len({name.casefold() for name in names.values()}) == 7
    assert all(names[label].startswith(slug(label) + "-") for label in CLASHING)


def test_the_names_depend_on_the_labels_and_not_on_their_order():
    first = file_names(CLASHING)
    assert all(file_names(order) == first for order in itertools.permutations(CLASHING))


def test_a_long_label_is_shortened_and_stays_apart_from_its_like():
    labels = ["x" * 300, "x" * 299 + "y", "\ud55c" * 300]
    names = file_names(labels)
    assert len(set(names.values())) == 3
    assert all(len(name.encode()) <= LONGEST for name in names.values())


def test_a_label_that_reads_as_the_name_of_another_with_its_hash():
    taken = file_names(["a:b", "a_b"])
    labels = ["a:b", "a_b", taken["a:b"]]
    names = file_names(labels)
    assert len(set(names.values())) == 3


@given(st.sets(st.text(alphabet="aA_:-\u00e9e\u0301/", min_size=1, max_size=4), max_size=12))
def test_names_are_injective(labels):
    names = file_names(sorted(labels))
    assert set(names) == labels
    assert len({name.casefold() for name in names.values()}) == len(labels)
