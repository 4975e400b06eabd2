"""What is remembered of one feed between two sessions."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from strategies.book import Book
from strategies.rule import HOLD


class Line:
    """A line of Backtrader: the value of today at 0, that of the session before at -1."""

    def __init__(self, *values: float) -> None:
        self.values, self.seen = values, 0

    def __len__(self) -> int:
        return self.seen

    def __getitem__(self, ago: int) -> float:
        return self.values[self.seen - 1 + ago]


def feed(closes: tuple[float, ...], earlier: tuple[float, ...] = (), **lines: Line) -> Any:
    """Return a feed whose sessions are numbered from 1."""
    days = Line(*range(1, len(closes) + 1))
    prices = {"datetime": days, "open": Line(*closes), "close": Line(*closes)}
    return SimpleNamespace(
        _name="A.KS", lines=SimpleNamespace(**prices, **lines), earlier_closes=list(earlier)
    )


def advance(data: Any) -> None:
    for line in vars(data.lines).values():
        line.seen += 1


def test_a_line_that_the_feed_lacks_has_its_plain_value() -> None:
    """A rule can trade on any feed of Backtrader: always tradable, always a member, no forecast."""
    book = Book(3, feed((100.0,)), memory=0)
    assert math.isnan(book.today("forecast"))
    assert [book.today(name) for name in ("tradable", "centre", "member")] == [1, 0, 1]
    assert (book.number, book.name, book.signal) == (3, "A.KS", HOLD)


def test_a_line_of_the_feed_is_read_at_the_session_of_today() -> None:
    data = feed((100.0, 101.0), tradable=Line(0, 1), forecast=Line(105.0, 99.0))
    book = Book(0, data, memory=0)
    seen = []
    for _ in range(2):
        advance(data)
        seen.append((book.today("tradable"), book.today("forecast")))
    assert seen == [(0, 105), (1, 99)]


def test_a_feed_that_misses_a_day_has_no_bar_of_it() -> None:
    data = feed((100.0, 101.0))
    book = Book(0, data, memory=0)
    assert not book.look(1.0), "no bar at all yet"
    advance(data)
    assert book.look(1.0)
    assert not book.look(2.0), "the clock went on, this feed did not"
    assert not book.has_bar


def test_at_the_open_a_bar_counts_only_if_it_came_since_the_last_close() -> None:
    data = feed((100.0, 101.0))
    book = Book(0, data, memory=0)
    advance(data)
    book.look(1.0)
    assert not book.look_again()
    advance(data)
    assert book.look_again() and book.has_bar


def test_only_the_newest_closes_are_remembered_those_before_the_first_bar_too() -> None:
    data = feed((104.0, 105.0, 106.0), earlier=(100.0, 101.0, 102.0, 103.0))
    book = Book(0, data, memory=3)
    assert book.closes.tolist() == [101, 102, 103]
    for _ in range(2):
        advance(data)
        book.remember_close()
    assert book.closes.tolist() == [103, 104, 105]
    assert not book.closes.flags.writeable


def test_a_rule_without_a_memory_remembers_nothing() -> None:
    book = Book(0, feed((100.0,), earlier=(99.0,)), memory=0)
    assert book.closes.size == book.past_forecast_returns.size == 0


def test_what_a_rule_was_shown_does_not_change_later() -> None:
    data = feed((100.0, 101.0), earlier=(99.0,))
    book = Book(0, data, memory=2)
    advance(data)
    book.remember_close()
    shown = book.closes
    advance(data)
    book.remember_close()
    assert shown.tolist() == [99, 100]
    assert book.closes.tolist() == [100, 101]


def test_a_forecast_return_is_remembered_less_its_centre_and_one_that_is_missing_is_not() -> None:
    data = feed((100.0,) * 3, forecast=Line(105.0, math.nan, 98.0), centre=Line(0.01, 0.01, 0.0))
    book = Book(0, data, memory=2)
    for _ in range(3):
        advance(data)
        book.remember_forecast()
    assert book.past_forecast_returns == pytest.approx(np.array([0.04, -0.02]))


def test_a_closed_position_is_forgotten() -> None:
    book = Book(0, feed((100.0,)), memory=0)
    book.decision_close, book.entry_price, book.sessions_since_decision = 100.0, 101.0, 4
    book.forget()
    assert math.isnan(book.decision_close) and math.isnan(book.entry_price)
    assert book.sessions_since_decision == 0
