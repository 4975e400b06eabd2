"""Numbers as a reader sees them: signs, dashes, and no rounding across a limit."""

import math

import pytest

from backtests.writing.numbers import (
    DASH,
    beside,
    count,
    level,
    listed,
    money,
    number,
    percent,
    points,
)


@pytest.mark.parametrize("text_of", [percent, points, number, money, lambda v: beside(v, 0.05)])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_dash(text_of, value):
    assert text_of(value) == DASH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (percent(0.12345), "+12.3%"),
        (percent(12.345), "+1,234.5%"),
        (percent(-0.0001), "0.0%"),  # a zero never has a sign
        (percent(0.5, 0, sign=False), "50%"),
        (points(1.804), "1.80%"),
        (number(-1234.567), "-1,234.57"),
        (number(-0.001), "0.00"),
        (number(2.0, 1, sign=True), "+2.0"),
        (money(1_234_567.4, "KRW"), "1,234,567 KRW"),
        (money(999.5), "999.50"),
        (money(12.0, "USD"), "12 USD"),
        (count(1, "day"), "1 day"),
        (count(1234, "day"), "1,234 days"),
        (count(2, "entry", "entries"), "2 entries"),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_by_hand(text, expected):
    assert text == expected


@pytest.mark.parametrize(
    ("share", "text"), [(0.05, "+5.0%"), (0.0125, "+1.25%"), (0.1 + 0.2, "+30.000000000000004%")]
)
def test_a_threshold_is_not_rounded(share, text):
    assert level(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.04996, "+4.996%"),
        (0.0496, "+4.96%"),
        (0.05, "+5.0%"),
        (0.0504, "+5.0%"),
        (0.049, "+4.9%"),
    ],
)
def test_a_share_below_a_limit_does_not_read_as_if_it_reached_it(share, text):
    assert beside(share, 0.05) == text
