"""From names to rules: what cannot be used is said before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtests.command.config import RunConfig
from backtests.runs.resolve import make_plan
from forecasters.errors import InputError

RULE = '''
from dataclasses import dataclass

from strategies.rule import HOLD, Rule


@dataclass(frozen=True)
class Torn(Rule):
    """Names an exit that it refuses."""

    exits = {"soon": "after a day", "late": "after a week"}
    threshold: float = 0.04
    exit: str = "soon"

    def __post_init__(self):
        if self.exit == "late":
            raise ValueError("no exit 'late'")

    def decide(self, situation):
        return HOLD

    def reading(self):
        return "Never trades."
'''


def test_an_exit_that_a_users_rule_refuses_is_its_authors_mistake(tmp_path: Path) -> None:
    path = tmp_path / "torn.py"
    path.write_text(RULE)
    config = RunConfig(ticker=("051900.KS",), source="simulated", strategy=(str(path),))
    with pytest.raises(InputError, match=r"^torn: `exits` of Torn names 'late', which the rule"):
        make_plan(config)


def test_buy_and_hold_comes_last_and_naive_first_wherever_they_were_named() -> None:
    config = RunConfig(
        ticker=("051900.KS",),
        source="simulated",
        forecaster=("drift", "naive"),
        strategy=("buy_and_hold", "five_percent"),
    )
    plan = make_plan(config).plan
    assert list(plan.forecasters) == ["naive", "drift"]
    assert list(plan.rules) == ["five_percent", "buy_and_hold"]


def test_the_rule_that_is_swept_is_part_of_the_key_and_the_order_of_forecasters_is_not() -> None:
    """The digest covers the sweep, and the first rule with variants is swept."""

    def described(forecasters: tuple[str, ...], strategies: tuple[str, ...]) -> dict[str, object]:
        names = {"forecaster": forecasters, "strategy": strategies}
        return make_plan(RunConfig(ticker=("A.KS",), source="simulated", **names)).described

    rules = ("five_percent:threshold=0.02", "five_percent")
    made = described(("drift", "linear"), rules)
    assert made["swept"] == made["strategies"][rules[0]]
    assert described(("linear", "drift"), rules) == made
    assert described(("drift", "linear"), rules[::-1]) == made | {
        "swept": made["strategies"][rules[1]]
    }
