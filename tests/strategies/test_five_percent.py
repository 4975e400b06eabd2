"""The rule as a pure function: every clause of S2 and every reading."""

import datetime
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.five_percent import FivePercentRule
from strategies.rule import HOLD, Side, risen
from strategies.situation import Situation

DAY = datetime.date(2019, 1, 7)


def flat(close, forecast):
    return Situation(date=DAY, close=close, previous_close=close, forecast=forecast)


def held(close, *, decision=100.0, previous=100.0, entry=100.0, since=1):
    return Situation(DAY, close, previous, math.nan, True, decision, entry, since)


@pytest.mark.parametrize(
    ("forecast", "side"),
    [(105.0, Side.BUY), (104.99, Side.HOLD), (120.0, Side.BUY), (math.nan, Side.HOLD)],
)
def test_buys_when_the_forecast_is_at_least_five_percent_above_the_close(forecast, side):
    assert FivePercentRule().decide(flat(100.0, forecast)).side is side


@pytest.mark.parametrize(
    ("close", "side"), [(105.0, Side.SELL), (104.99, Side.HOLD), (90.0, Side.HOLD)]
)
def test_sells_on_the_next_day_when_it_rose_five_percent_else_holds(close, side):
    assert FivePercentRule().decide(held(close)).side is side


def test_the_exits_part_where_the_rise_is_measured_from():
    # 100 at the decision, 103 yesterday, 105 today: 5% since the decision, 1.9% since yesterday.
    today = held(105.0, previous=103.0, since=2)
    assert FivePercentRule(exit="entry").decide(today).side is Side.SELL
    assert FivePercentRule(exit="day").decide(today) == HOLD
    # 95 yesterday, 100 today: 5.3% in a day, yet nothing since the decision.
    rebound = held(100.0, previous=95.0, since=2)
    assert FivePercentRule(exit="entry").decide(rebound) == HOLD
    assert FivePercentRule(exit="day").decide(rebound).side is Side.SELL


def test_touch_leaves_a_limit_at_five_percent_above_the_decision_from_the_day_of_the_fill():
    rule = FivePercentRule(exit="touch")
    assert rule.decide(flat(61_000.0, 65_000.0)).sell_at == pytest.approx(64_050.0)
    signal = rule.decide(held(61_500.0, decision=61_000.0, since=3))
    assert (signal.side, signal.sell_at) == (Side.HOLD, pytest.approx(64_050.0))


def test_first_exit_2_does_not_test_the_day_that_was_forecast():
    later = FivePercentRule(first_exit=2)
    assert later.decide(held(110.0, since=1)) == HOLD
    assert later.decide(held(110.0, since=2)).side is Side.SELL
    touch = FivePercentRule(exit="touch", first_exit=2)
    assert touch.decide(flat(100.0, 110.0)).sell_at is None
    assert touch.decide(held(100.0, since=1)).sell_at == pytest.approx(105.0)


def test_max_hold_and_stop_loss_end_what_the_literal_rule_would_hold():
    assert FivePercentRule(max_hold=3).decide(held(101.0, since=3)).reason == "max_hold"
    assert FivePercentRule(max_hold=3).decide(held(101.0, since=2)) == HOLD
    stop = FivePercentRule(stop_loss=0.10)
    assert stop.decide(held(108.0, entry=120.0, decision=119.0)).reason == "stop_loss"
    assert stop.decide(held(108.1, entry=120.0, decision=119.0)) == HOLD


def test_one_day_sells_after_the_first_session_whatever_happened():
    for close in (50.0, 100.0, 200.0):
        assert FivePercentRule(exit="one-day").decide(held(close)).reason == "one-day"
    assert FivePercentRule(exit="one-day", first_exit=2).decide(held(100.0, since=1)) == HOLD


def test_the_forecast_exit_sells_below_its_bound():
    today = Situation(DAY, 100.0, 100.0, 101.0, True, 100.0, 100.0, 1)
    assert FivePercentRule(exit="forecast").decide(today) == HOLD
    assert FivePercentRule(exit="forecast", bound=0.02).decide(today).reason == "forecast"
    falling = replace(today, forecast=99.9)
    assert FivePercentRule(exit="forecast").decide(falling).side is Side.SELL
    assert FivePercentRule(exit="forecast", bound=-0.01).decide(falling) == HOLD
    unknown = replace(today, forecast=math.nan)
    assert FivePercentRule(exit="forecast", bound=0.5).decide(unknown) == HOLD


def test_a_signal_while_holding_is_ignored():
    situation = Situation(DAY, 100.0, 100.0, 200.0, True, 100.0, 100.0, 1)
    assert FivePercentRule().decide(situation) == HOLD


@given(st.integers(1, 5_000_000), st.sampled_from([1, 2, 5, 10, 30]))
def test_a_rise_of_exactly_the_threshold_counts_at_every_price(hundredths, percent):
    """S2 has 'exactly 5%' in both clauses; binary rounding must not decide between them."""
    reference = hundredths * 100
    exact = reference + hundredths * percent
    assert risen(float(exact), float(reference), percent / 100)
    assert not risen(exact - 0.01, float(reference), percent / 100)


@given(st.integers(1, 5_000_000), st.sampled_from([1, 2, 5, 10, 30]), st.sampled_from([1, 100]))
def test_the_touch_limit_is_met_by_a_high_of_exactly_the_threshold(hundreds, percent, unit):
    """In won and in cents: 1.05 x 101 is above 106.05 in binary, and the limit would miss it."""
    close, high = hundreds * 100 / unit, hundreds * (100 + percent) / unit
    limit = FivePercentRule(percent / 100, "touch").decide(flat(close, close * 2)).sell_at
    assert high - 0.001 < limit <= high
    assert (
        FivePercentRule(percent / 100, "touch").decide(held(close, decision=close)).sell_at == limit
    )
    assert risen(limit, close, percent / 100)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 5.0}, "0.05 is 5%"),
        ({"threshold": math.nan}, "threshold"),
        ({"threshold": math.inf}, "threshold"),
        ({"exit": "never"}, "entry, day, touch, one-day, forecast"),
        ({"fill": "noon"}, "open, close"),
        ({"bound": 5.0}, "0.01 is 1%"),
        ({"bound": math.nan}, "bound"),
        ({"first_exit": 0}, "first_exit"),
        ({"max_hold": 0}, "max_hold"),
        ({"stop_loss": 1.0}, "stop_loss"),
        ({"stop_loss": math.nan}, "stop_loss"),
        ({"stop_loss": math.inf}, "stop_loss"),
    ],
)
def test_settings_without_a_meaning_are_refused_by_name(settings, word):
    with pytest.raises(ValueError, match=word):
        FivePercentRule(**settings)


def test_the_reading_names_what_was_chosen():
    text = FivePercentRule(threshold=0.02, exit="day", max_hold=7).reading()
    for part in ("is 2% or more", "the close before it", "at most 7 sessions", "no stop"):
        assert part in text
    assert "tested from the session after the decision;" in text
    assert "tested from session 2 after the decision;" in FivePercentRule(first_exit=2).reading()


def test_the_reading_of_a_fill_at_the_close_is_labelled():
    text = FivePercentRule(fill="close").reading()
    assert "at the next open" not in text
    assert "needs the price that the decision needs" in text
    assert "needs the price" not in FivePercentRule().reading()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"exit": "one-day"}, "sell at the next open whatever happened, tested"),
        ({"exit": "forecast"}, "when the forecast close is below the close, tested"),
        ({"exit": "forecast", "bound": 0.01}, "is less than 1% above the close, tested"),
        ({"exit": "touch"}, "sell when the price touches 5% above the close of the decision"),
    ],
)
def test_the_reading_tells_the_exit(settings, words):
    assert words in FivePercentRule(**settings).reading()


@pytest.mark.parametrize(
    ("share", "printed"),
    [
        (0.05, "5%"),
        (0.0125, "1.25%"),
        (0.0525, "5.25%"),
        (0.0005, "0.05%"),
        (1e-7, "0.00001%"),
        (0.29, "29%"),  # 0.29 x 100 is 28.999999999999996
        (0.1, "10%"),
    ],
)
def test_the_reading_prints_shares_as_they_were_set(share, printed):
    assert f"forecast close is {printed} or more" in FivePercentRule(share).reading()
    assert f"a stop {printed} below" in FivePercentRule(stop_loss=share).reading()


@pytest.mark.parametrize(
    "wrong",
    [{"close": 0.0}, {"close": math.nan}, {"holding": True}],
)
def test_a_situation_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="2019-01-07"):
        Situation(**{"date": DAY, "close": 1.0, "previous_close": 1.0, "forecast": 1.0, **wrong})


@given(st.integers(1, 5_000_000), st.sampled_from([1, 2, 5, 10, 30]))
def test_a_fall_of_exactly_the_stop_counts_at_every_price(hundredths, percent):
    entry, stop = hundredths * 100.0, float(hundredths * (100 - percent))
    rule = FivePercentRule(stop_loss=percent / 100)
    assert rule.decide(held(stop, entry=entry, decision=entry)).reason == "stop_loss"
    assert rule.decide(held(stop + 0.01, entry=entry, decision=entry)) == HOLD


@given(st.integers(1, 5_000_000), st.sampled_from([-30, -10, -1, 0, 1, 2, 7]))
def test_a_forecast_of_exactly_the_bound_is_not_below_it(hundredths, percent):
    close, forecast = hundredths * 100.0, float(hundredths * (100 + percent))
    rule = FivePercentRule(exit="forecast", bound=percent / 100)
    today = replace(held(close, decision=close, entry=close), forecast=forecast)
    assert rule.decide(today) == HOLD
    assert rule.decide(replace(today, forecast=forecast - 0.01)).side is Side.SELL
