"""The further rules as pure functions: direction, quantile, rank, sma_cross, buy_and_hold."""

import datetime
import math
from dataclasses import replace

import numpy as np
import pytest

from strategies.buy_and_hold import BuyAndHoldRule
from strategies.direction import DirectionRule
from strategies.quantile import QuantileRule
from strategies.rank import RankRule
from strategies.rule import HOLD, Side
from strategies.situation import Situation
from strategies.sma_cross import SmaCrossRule

DAY = datetime.date(2019, 1, 7)
FLAT = Situation(DAY, 100.0, 100.0, math.nan)
HELD = replace(
    FLAT, holding=True, decision_close=100.0, entry_price=100.0, sessions_since_decision=1
)


def side(rule, situation, **changes):
    return rule.decide(replace(situation, **changes)).side


# --- direction -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [(100.5, Side.BUY), (100.4, Side.HOLD), (99.0, Side.HOLD), (math.nan, Side.HOLD)],
)
def test_direction_buys_above_the_cost_of_a_round_trip(forecast, expected):
    assert side(DirectionRule(), FLAT, forecast=forecast, round_trip=0.0045) is expected


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [(99.9, Side.SELL), (100.0, Side.HOLD), (100.1, Side.HOLD), (math.nan, Side.HOLD)],
)
def test_direction_keeps_what_it_has_until_the_forecast_falls(forecast, expected):
    assert side(DirectionRule(), HELD, forecast=forecast, round_trip=0.0045) is expected


def test_direction_does_not_buy_a_forecast_of_no_change_that_costs_nothing():
    assert side(DirectionRule(), FLAT, forecast=100.0, round_trip=0.0) is Side.HOLD


# --- quantile ------------------------------------------------------------------------------------

#: 20 past ones, of -0.010 to 0.009: in the top 10% are those that 2 at most reach.
PAST = np.arange(-10, 10) / 1000
TOP = QuantileRule(q=0.1, memory=20, least=20)


@pytest.mark.parametrize(
    ("forecast_return", "expected"),
    [(0.0085, Side.BUY), (0.0075, Side.BUY), (0.0065, Side.HOLD), (math.nan, Side.HOLD)],
)
def test_quantile_buys_what_few_of_its_own_past_reach(forecast_return, expected):
    now = {"forecast": 100 * (1 + forecast_return), "past_forecast_returns": PAST}
    assert side(TOP, FLAT, **now) is expected


def test_quantile_measures_from_the_centre_of_the_same_fit():
    now = {"forecast": 100.2, "past_forecast_returns": PAST}
    assert side(TOP, FLAT, **now) is Side.HOLD
    assert side(TOP, FLAT, **now, centre=-0.006) is Side.BUY  # 0.002 + 0.006 is in the top 10%
    assert side(TOP, FLAT, **now, centre=math.nan) is Side.HOLD


@pytest.mark.parametrize(
    ("forecast_return", "expected"),
    [(-0.0005, Side.HOLD), (-0.0015, Side.SELL), (0.02, Side.HOLD), (math.nan, Side.HOLD)],
)
def test_quantile_sells_what_is_no_longer_in_the_upper_half(forecast_return, expected):
    now = {"forecast": 100 * (1 + forecast_return), "past_forecast_returns": PAST}
    assert side(TOP, HELD, **now) is expected


def test_quantile_decides_nothing_on_too_short_a_past():
    now = {"forecast": 150.0, "past_forecast_returns": PAST[1:]}
    assert side(TOP, FLAT, **now) is Side.HOLD
    assert side(replace(TOP, least=19), FLAT, **now) is Side.BUY


def test_quantile_never_buys_a_forecaster_that_always_says_the_same():
    for situation in (FLAT, replace(FLAT, forecast=100.0)):
        assert side(TOP, situation, past_forecast_returns=np.zeros(20)) is Side.HOLD


# --- rank ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "expected"), [(1, Side.BUY), (3, Side.BUY), (4, Side.HOLD), (0, Side.HOLD)]
)
def test_rank_buys_the_best_places(place, expected):
    assert side(RankRule(k=3), FLAT, forecast=90.0, place=place) is expected


@pytest.mark.parametrize(
    ("place", "leave", "expected"),
    [
        (3, None, Side.HOLD),
        (4, None, Side.SELL),
        (4, 5, Side.HOLD),
        (6, 5, Side.SELL),
        (0, 5, Side.SELL),  # it may no longer be bought
    ],
)
def test_rank_sells_what_has_fallen_behind(place, leave, expected):
    assert side(RankRule(k=3, leave=leave), HELD, forecast=110.0, place=place) is expected


def test_rank_does_nothing_without_a_forecast():
    assert RankRule().decide(HELD) == RankRule().decide(FLAT) == HOLD


# --- sma_cross, buy_and_hold ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closes", "flat", "held"),
    [
        ([1, 1, 1, 2], Side.BUY, Side.HOLD),  # means of 2 and 4: 1.5 and 1.25
        ([2, 2, 2, 1], Side.HOLD, Side.SELL),
        ([2, 2, 2, 2], Side.HOLD, Side.HOLD),
        ([9, 9, 1, 1, 1, 2], Side.BUY, Side.HOLD),  # older closes do not count
        ([1, 1, 2], Side.HOLD, Side.HOLD),  # too few
    ],
)
def test_sma_cross_is_long_while_the_short_mean_is_above_the_long_one(closes, flat, held):
    rule, closes = SmaCrossRule(fast=2, slow=4), np.array(closes, dtype=float)
    assert side(rule, FLAT, closes=closes) is flat
    assert side(rule, HELD, closes=closes) is held
    assert rule.memory == 4


def test_buy_and_hold_buys_once():
    assert side(BuyAndHoldRule(), FLAT) is Side.BUY
    assert BuyAndHoldRule().decide(HELD) == HOLD


# --- settings and readings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "settings", "word"),
    [
        (QuantileRule, {"q": 0.0}, "q is 0"),
        (QuantileRule, {"q": 1.0}, "q is 1"),
        (QuantileRule, {"q": math.nan}, "q is nan"),
        (QuantileRule, {"q": 0.6}, "leave is 0.5"),
        (QuantileRule, {"leave": 1.0}, "leave is 1"),
        (QuantileRule, {"least": 0}, "least is 0"),
        (QuantileRule, {"memory": 50}, "least is 63"),
        (RankRule, {"k": 0}, "k is 0"),
        (RankRule, {"leave": 9}, "leave is 9"),
        (SmaCrossRule, {"fast": 0}, "fast is 0"),
        (SmaCrossRule, {"fast": 60}, "fast is 60"),
    ],
)
def test_settings_without_a_meaning_are_refused_by_name(rule, settings, word):
    with pytest.raises(ValueError, match=word):
        rule(**settings)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (DirectionRule(), ("tax", "slippage of both sides", "below today's close")),
        (
            QuantileRule(q=0.05, memory=90, least=30, leave=0.3),
            ("top 5%", "last 90", "30 at least", "top 30%", "validation rows"),
        ),
        (RankRule(k=4, leave=8), ("4 highest", "8 highest", "may no longer be bought")),
        (SmaCrossRule(5, 30), ("last 5 closes", "last 30", "No forecast")),
    ],
)
def test_the_reading_names_what_was_chosen(rule, words):
    text = rule.reading()
    assert text.endswith(".") and all(word in text for word in words), text


# --- what binary digits must not decide ----------------------------------------------------------


def test_29_of_100_is_in_the_top_29_percent():
    past = np.append(np.full(29, 0.02), np.zeros(71))
    rule = QuantileRule(q=0.29, memory=100, least=100, leave=0.58)
    assert side(rule, FLAT, forecast=101.0, past_forecast_returns=past) is Side.BUY
    past = np.append(np.full(58, 0.02), np.zeros(42))
    assert side(rule, HELD, forecast=101.0, past_forecast_returns=past) is Side.HOLD


@pytest.mark.parametrize("price", [0.1, 123.46, 7_142.86])
def test_sma_cross_sees_no_crossing_in_equal_closes(price):
    for fast, slow in [(3, 10), (1, 6), (20, 60)]:
        closes = np.full(slow, price)
        assert side(SmaCrossRule(fast, slow), FLAT, closes=closes) is Side.HOLD
        assert side(SmaCrossRule(fast, slow), HELD, closes=closes) is Side.HOLD
