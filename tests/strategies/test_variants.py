"""What a sweep looks at: the thresholds and the exits of any rule that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pytest

from strategies.direction import DirectionRule
from strategies.five_percent import EXITS, FivePercentRule
from strategies.rule import HOLD, Rule, Signal
from strategies.situation import Situation
from strategies.variants import THRESHOLDS, UNNAMED, by_exit


class Still(Rule):
    """Never trades."""

    def decide(self, situation: Situation) -> Signal:
        return HOLD

    def reading(self) -> str:
        return "Never trades."


@dataclass(frozen=True)
class Level(Still):
    threshold: float | None = 0.02


@dataclass(frozen=True)
class WithExits(Still):
    exits: ClassVar[Mapping[str, str]] = {"soon": "after a day", "late": "after a week"}
    threshold: float = 0.07
    exit: str = "late"
    patience: int = 3


@dataclass(frozen=True)
class Narrow(Still):
    threshold: float = 0.04

    def __post_init__(self) -> None:
        if not 0.02 <= self.threshold < 0.05:
            raise ValueError(f"threshold is {self.threshold}; it is a share from 0.02 to 0.05")


@dataclass(frozen=True)
class Torn(WithExits):
    exit: str = "soon"

    def __post_init__(self) -> None:
        if self.exit == "late":
            raise ValueError("no exit 'late'")


def test_the_five_percent_rule_is_crossed_with_the_exits_it_compares() -> None:
    variants = FivePercentRule(max_hold=9).variants()
    assert [(v.threshold, v.exit) for v in variants] == [(t, e) for t in THRESHOLDS for e in EXITS]
    assert {(v.rule.threshold, v.rule.exit, v.rule.max_hold) for v in variants} == {
        (v.threshold, v.exit, 9) for v in variants
    }


def test_the_present_setting_is_always_among_them() -> None:
    rule = FivePercentRule(threshold=0.0125, exit="forecast")
    variants = rule.variants()
    assert [v.exit for v in variants[:4]] == [*EXITS, "forecast"]
    assert len(variants) == 11 * 4
    assert [v.rule == rule for v in variants].count(True) == 1


def test_any_rule_with_a_threshold_has_variants() -> None:
    assert Level().needs() == 0.02
    assert [(v.threshold, v.exit) for v in Level().variants()] == [(t, UNNAMED) for t in THRESHOLDS]
    crossed = WithExits().variants()
    assert len(crossed) == 11 * 2
    assert {v.rule.patience for v in crossed} == {3}
    assert by_exit(WithExits()) == {"soon": WithExits(exit="soon"), "late": WithExits()}


def test_a_threshold_that_the_rule_refuses_is_left_out() -> None:
    assert [v.threshold for v in Narrow().variants()] == [0.02, 0.03, 0.04]


def test_an_exit_that_the_rule_names_and_refuses_is_said_to_be_its_mistake() -> None:
    with pytest.raises(
        ValueError, match=r"`exits` of Torn names 'late', which the rule refuses \(no"
    ) as caught:
        Torn().variants()
    assert str(caught.value).endswith("accept it, or remove it from `exits`")
    with pytest.raises(ValueError, match=r"`exits` of Torn names 'late'"):
        by_exit(Torn())


@pytest.mark.parametrize("rule", [DirectionRule(), Level(threshold=None)])
def test_a_rule_without_a_threshold_has_none(rule: Rule) -> None:
    assert rule.needs() is None
    assert rule.variants() == ()
    assert by_exit(rule) == {}
