"""The feeds that a rule is asked about: those where it could buy, session by session."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from strategies.candidates import Candidates
from strategies.five_percent import FivePercentRule
from strategies.quantile import QuantileRule
from strategies.rank import RankRule
from strategies.rule import HOLD, Rule, Signal
from strategies.situation import Flags, Floats, Situation

NAN = math.nan


class Spy(Rule):
    """Could buy where the return is above 0; keeps what it was shown, and spoils it."""

    shown: list[list[float]]

    def could_buy(self, forecast_return: Floats) -> Flags:
        vars(self).setdefault("shown", []).append(forecast_return.tolist())
        flags = forecast_return > 0
        forecast_return[:] = 9.0
        return flags

    def decide(self, situation: Situation) -> Signal:
        return HOLD

    def reading(self) -> str:
        return "Never trades."


def book(times: list[float], returns: list[float]) -> Any:
    """Return what is known of one feed."""
    known = (np.array(times), np.array(returns))
    return SimpleNamespace(data=SimpleNamespace(known_returns=known))


def test_a_session_names_the_feeds_that_reach_the_threshold_in_their_order() -> None:
    books = [book([1, 2], [0.05, 0.01]), book([1, 2], [0.04, 0.06]), book([1, 2], [0.07, NAN])]
    candidates = Candidates(FivePercentRule(), books)
    assert candidates.at(1) == [books[0], books[2]]
    assert candidates.at(2) == [books[1]]


def test_a_feed_without_a_bar_or_a_forecast_of_the_session_is_shown_as_nan() -> None:
    books = [book([1, 3], [0.01, 0.03]), book([2, 3], [0.02, NAN])]
    spy = Spy()
    candidates = Candidates(spy, books)
    assert [candidates.at(time) for time in (1, 2, 3)] == [[books[0]], [books[1]], [books[0]]]
    assert np.array_equal(spy.shown, [[0.01, NAN], [NAN, 0.02], [0.03, NAN]], equal_nan=True)


def test_a_rule_sees_one_session_at_a_time_and_cannot_change_it() -> None:
    spy = Spy()
    candidates = Candidates(spy, [book([1, 2], [0.01, 0.02])])
    for _ in range(2):
        candidates.at(1)
    assert spy.shown == [[0.01], [0.01]]


def test_in_a_session_that_no_feed_announced_every_feed_is_asked() -> None:
    """A bar that a filter made may have a time of its own."""
    books = [book([1], [0.01]), book([1], [-0.01])]
    assert Candidates(Spy(), books).at(1.5) == books


@pytest.mark.parametrize(
    ("rule", "told"), [(FivePercentRule(), True), (QuantileRule(), False), (RankRule(), False)]
)
def test_a_rule_that_must_see_every_session_or_every_ticker_gets_no_candidates(
    rule: Rule, told: bool
) -> None:
    assert Candidates.can_tell(rule, [book([1], [0.01])]) is told


def test_a_feed_that_does_not_know_its_forecasts_beforehand_leaves_all_to_be_asked() -> None:
    unknown: Any = SimpleNamespace(data=SimpleNamespace())
    assert not Candidates.can_tell(FivePercentRule(), [book([1], [0.01]), unknown])
