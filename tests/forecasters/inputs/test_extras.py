"""Extra columns are what was known at each close: against a loop that asks row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasters.errors import InputError
from forecasters.inputs.extras import Extra

DAY_0 = np.datetime64("2015-01-05", "D")


def make(rows: list[tuple[Any, ...]], names: tuple[str, ...] = ("a",), **more: Any) -> Extra:
    """Return an extra from rows (date, known_at, value, ...), days counted from the first."""
    dates, known, *values = zip(*rows, strict=True)
    return Extra(
        "my.csv",
        names,
        DAY_0 + np.array(dates),
        DAY_0 + np.array(known),
        np.array(values, dtype=float).T.reshape(len(rows), len(names)),
        **more,
    )


def days(count: int) -> Any:
    return DAY_0 + np.arange(count)


def brute_force(rows: list[tuple[Any, ...]], t: int, column: int) -> float:
    best = None
    for date, known, *values in rows:
        value = values[column]
        if known <= t and not np.isnan(value) and (best is None or (date, known) > best[:2]):
            best = date, known, value
    return float("nan") if best is None else best[2]


ROWS = st.lists(
    st.tuples(
        st.integers(-5, 20),
        st.integers(0, 8),
        *[st.one_of(st.integers(-9, 9).map(float), st.just(float("nan")))] * 2,
    ).map(lambda row: (row[0], row[0] + row[1], *row[2:])),
    min_size=1,
    max_size=15,
    unique_by=lambda row: row[:2],
)
SESSIONS = st.lists(st.integers(0, 30), min_size=1, max_size=20, unique=True).map(sorted)


@given(ROWS, SESSIONS)
def test_alignment_is_what_a_loop_finds(rows: list[tuple[Any, ...]], sessions: list[int]) -> None:
    aligned = make(rows, ("a", "b")).align(DAY_0 + np.array(sessions))
    expected = [[brute_force(rows, t, column) for column in (0, 1)] for t in sessions]
    np.testing.assert_array_equal(aligned, expected)


@given(ROWS, SESSIONS, st.integers(0, 30), st.randoms(use_true_random=False))
def test_no_row_depends_on_what_becomes_known_later(
    rows: list[tuple[Any, ...]], sessions: list[int], t: int, random: Any
) -> None:
    """All rows known after t are changed, left out or joined by others, the file is shuffled."""
    past = [s for s in sessions if s <= t]
    days_ = DAY_0 + np.array(sessions)
    expected = make(rows, ("a", "b")).align(days_)[: len(past)]
    kept = [row for row in rows if row[1] <= t]
    changed = [row if row[1] <= t else (*row[:2], -1e9, 1e9) for row in rows]
    joined = [*kept, *((t + 1 - i, t + 1, 7.0, 7.0) for i in range(8))]
    for other in (kept, changed, joined):
        if other:
            random.shuffle(other)
            answer = make(other, ("a", "b")).align(days_)[: len(past)]
            assert answer.tobytes() == expected.tobytes()


def test_a_value_counts_from_the_first_session_that_is_not_before_known_at() -> None:
    extra = make([(0, 2, 1.0), (3, 5, 2.0)])
    sessions = DAY_0 + np.array([0, 1, 2, 3, 4, 7])  # 5 and 6 are no sessions
    nan = np.nan
    np.testing.assert_array_equal(extra.align(sessions)[:, 0], [nan, nan, 1, 1, 1, 2])


def test_a_late_revision_of_an_old_date_does_not_displace_a_newer_one() -> None:
    extra = make([(0, 0, 1.0), (1, 1, 2.0), (0, 2, 9.0)])
    assert extra.align(days(4))[:, 0].tolist() == [1, 2, 2, 2]


def test_a_revision_of_the_newest_date_counts_once_it_is_known() -> None:
    extra = make([(0, 0, 1.0), (0, 2, 9.0)])
    assert extra.align(days(4))[:, 0].tolist() == [1, 1, 9, 9]


def test_an_empty_cell_leaves_the_older_value() -> None:
    extra = make([(0, 0, 1.0, 5.0), (1, 1, np.nan, 6.0)], ("a", "b"))
    assert extra.align(days(3)).tolist() == [[1, 5], [1, 6], [1, 6]]


def test_each_ticker_has_its_rows_and_a_missing_one_is_named() -> None:
    tickers = np.array(["X.KS", "Y.KS"])
    extra = make([(0, 0, 1.0), (0, 0, 2.0)], ticker=tickers)
    last = DAY_0 + 9
    assert extra.of("X.KS", last).align(days(1)).tolist() == [[1]]
    assert extra.of("Y.KS", last).align(days(1)).tolist() == [[2]]
    with pytest.raises(InputError, match=r"my\.csv has no row of Y\.KX, did you mean 'Y\.KS'"):
        extra.of("Y.KX", last)
    whole = make([(0, 0, 1.0)])
    assert whole.of("anything", last).align(days(1)).tolist() == [[1]]


def test_the_digest_is_that_of_what_is_used() -> None:
    rows = [(0, 0, 1.0), (1, 2, 2.0), (1, 3, np.nan)]
    digest = make(rows).digest
    assert make(rows[::-1]).digest == digest, "the order of the rows is not content"
    assert make([*rows, (9, 9, 3.0)]).of("X", DAY_0 + 8).digest == digest
    with_ticker = make([*rows, (0, 0, 4.0)], ticker=np.array(["X", "X", "X", "Y"]))
    assert with_ticker.of("X", DAY_0 + 8).digest == digest
    changes = [
        make([(0, 0, 1.5), *rows[1:]]),
        make([(0, 1, 1.0), *rows[1:]]),
        make([(-1, 0, 1.0), *rows[1:]]),
        make(rows, ("b",)),
        make(rows[:2]),
    ]
    assert len({digest, *(changed.digest for changed in changes)}) == 6


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, 0, 1.0), (3, 2, 1.0)], "line 2: known_at 2015-01-07 lies before date 2015-01-08"),
        ([(0, 0, 1.0), (1, 1, np.inf)], "line 2: a is inf"),
        ([(0, 1, 1.0), (2, 2, 1.0), (0, 1, 2.0)], "lines 1 and 3 are both of date 2015-01-05"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(rows: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=f"my.csv: {message}"):
        make(rows)


def test_a_row_without_a_day_is_refused() -> None:
    none = np.array(["NaT"], dtype="datetime64[D]")
    with pytest.raises(InputError, match=r"my\.csv: line 1: no known_at"):
        Extra("my.csv", ("a",), days(1), none, np.ones((1, 1)))


def test_the_arrays_are_read_only_and_not_the_callers() -> None:
    values = np.ones((1, 1))
    extra = Extra("my.csv", ("a",), days(1), days(1), values)
    values[0, 0] = 9
    assert extra.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        extra.values[0, 0] = 2
