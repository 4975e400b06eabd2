"""The examples in docstrings run and print what they say."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for package in ("backtests", "forecasters", "strategies")
    for path in (ROOT / package).rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)
#: What a user starts with: each has an example.
PUBLIC = (
    "backtests.account.engine:run_backtest",
    "backtests.markets.costs:Costs",
    "forecasters.bars:Bars",
    "forecasters.features:make_features",
    "forecasters.walk_forward.fixed_split:FixedSplit",
    "forecasters.walk_forward.plan:WalkForward",
    "strategies.buy_and_hold:BuyAndHoldRule",
    "strategies.direction:DirectionRule",
    "strategies.quantile:QuantileRule",
    "strategies.rank:RankRule",
    "strategies.sma_cross:SmaCrossRule",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_print_what_they_say(module: str) -> None:
    outcome = doctest.testmod(import_module(module))
    assert outcome.attempted and not outcome.failed


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_user_starts_with_has_an_example(name: str) -> None:
    module, _, noun = name.partition(":")
    assert ">>>" in (getattr(import_module(module), noun).__doc__ or "")
