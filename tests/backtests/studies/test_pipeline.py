"""The straight line: which fits belong to whom, and which accounts come out in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.sources.simulated import Simulated
from backtests.studies.pipeline import (
    FORESIGHT,
    backtest,
    features_of,
    fits_of,
    make_forecasts,
    perfect_foresight,
)
from backtests.studies.plan import Account, Plan
from backtests.studies.study import HELD, UNIVERSE, Study
from backtests.universe.membership import Membership
from forecasters.bars import Bars, Floats
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.models.naive import Naive
from forecasters.preparation.windows import Windows
from forecasters.walk_forward import WalkForward, one_by_one
from forecasters.walk_forward.fit import Fit, Fitted
from strategies.buy_and_hold import BuyAndHoldRule
from strategies.direction import DirectionRule
from strategies.five_percent import EXITS, FivePercentRule
from strategies.sma_cross import SmaCrossRule

TICKERS = ("B.KS", "A.KS")
WALK_FORWARD = WalkForward(train_size=60, step=20)
BROKER = Broker(10_000_000, Costs.of(market_for("A.KS"), 0, 0, 0))


@dataclass(kw_only=True)
class Above(Forecaster):
    """Forecasts a close that lies above the last one by a share of the range of prices."""

    lookback: int = 2
    by: float = 0.2

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        return self

    def predict(self, windows: Windows) -> Floats:
        return np.asarray(windows.X[:, -1, 3] + self.by)


@dataclass(kw_only=True)
class Together(Above):
    """The same, one model for all tickers."""

    pooled: bool = True
    stochastic: ClassVar[bool] = False


@pytest.fixture(scope="module")
def bars() -> dict[str, Bars]:
    source = Simulated()
    return {t: source.fetch(t, "2016-01-01", "2017-01-01").rows(slice(0, 100)) for t in TICKERS}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan(
        forecasters={
            "naive": Naive(),
            "together": Together(),
            "above": Above(),
            "a little": Above(by=0.01),
        },
        rules={
            "direction": DirectionRule(),
            "sma_cross": SmaCrossRule(fast=2, slow=5),
            "five_percent": FivePercentRule(threshold=0.01),
            HELD: BuyAndHoldRule(),
        },
        walk_forward=WALK_FORWARD,
        features="ohlcv",
        seeds=(0, 1),
    )


# --- fits and forecasts --------------------------------------------------------------------------


def test_a_number_means_the_same_fit_in_whatever_order_the_forecasters_are_named(
    bars: dict[str, Bars], plan: Plan
) -> None:
    backwards = replace(plan, forecasters=dict(reversed(plan.forecasters.items())))
    keys = list(fits_of(bars, plan))
    assert list(fits_of(bars, backwards)) == keys
    labels = [label for _, label in keys]
    assert labels == sorted(labels)


def test_a_pooled_fit_belongs_to_no_ticker_and_one_without_chance_has_one_seed(
    bars: dict[str, Bars], plan: Plan
) -> None:
    fits = fits_of(bars, plan)
    assert {label: {t for t, of in fits if of == label} for label in plan.forecasters} == {
        "naive": set(TICKERS),
        "together": {None},
        "above": set(TICKERS),
        "a little": set(TICKERS),
    }
    assert [part.features.ticker for part in fits[None, "together"][0].parts] == ["A.KS", "B.KS"]
    assert {fit.seed for fit in fits["A.KS", "above"]} == {0, 1}
    assert {fit.seed for fit in fits[None, "together"]} == {0}


def test_inputs_that_are_not_known_in_the_first_training_are_refused_before_it(
    bars: dict[str, Bars], plan: Plan
) -> None:
    long = replace(plan, forecasters={"naive": Naive(), "long": Above(lookback=40)})
    assert features_of(bars["A.KS"], long).names[0] == "open"
    indicators = replace(long, features="ohlcv+indicators")
    with pytest.raises(InputError, match=r"A\.KS: .*in windows of 40: raise --train-size"):
        features_of(bars["A.KS"], indicators)


def test_every_forecaster_gets_its_own_answers_of_one_call_for_all(
    bars: dict[str, Bars], plan: Plan
) -> None:
    calls = []

    def run(fits: Sequence[Fit]) -> list[Fitted]:
        calls.append(len(fits))
        return one_by_one(fits)

    forecasts, histories = make_forecasts(fits_of(bars, plan), plan, TICKERS, run)
    assert calls == [2 * 2 + 2 + 2 * (2 * 2) * 2], "two folds: naive, together, and two with seeds"
    for ticker in TICKERS:
        made = {f.forecaster: f for f in forecasts[ticker]}
        assert list(made) == list(plan.forecasters), "in the order of the plan"
        assert {f.ticker for f in forecasts[ticker]} == {ticker}
        rise = {label: np.nanmedian(f.forecast_return) for label, f in made.items()}
        assert rise["naive"] == 0
        assert 0 < rise["a little"] < rise["above"]
        assert np.allclose(made["together"].close, made["above"].close, equal_nan=True)
        told = histories[ticker]
        assert {label: len(of) for label, of in told.items()} == {
            "naive": 2, "together": 2, "above": 4, "a little": 4,
        }  # fmt: skip
        assert {str(h.fold) for h in told["above"]} == {str(d) for d in set(made["above"].fold)}


def test_foresight_knows_the_close_and_nothing_on_a_halt(bars: dict[str, Bars], plan: Plan) -> None:
    forecasts, _ = make_forecasts(fits_of(bars, plan), plan, TICKERS, one_by_one)
    above = forecasts["A.KS"][2]
    close = above.by_seed.copy()
    close[:, 3] = np.nan
    known = perfect_foresight(replace(above, by_seed=close))
    assert known.forecaster == FORESIGHT and known.seeds == ()
    assert np.isnan(known.close[3])
    assert np.array_equal(np.delete(known.close, 3), np.delete(above.actual, 3), equal_nan=True)
    assert not known.centre.any()


# --- accounts ------------------------------------------------------------------------------------


def study_of(
    account: Account, bars: dict[str, Bars], plan: Plan, members: Membership | None = None
) -> Study:
    """Return the study of an account of these bars."""
    forecasts, histories = make_forecasts(fits_of(bars, plan), plan, list(bars), one_by_one)
    return backtest(account, bars, forecasts, histories, plan, members)


@pytest.fixture(scope="module")
def alone(bars: dict[str, Bars], plan: Plan) -> Study:
    """Return the study of one ticker, with one forecaster beside naive."""
    named = {name: plan.forecasters[name] for name in ("naive", "above")}
    own = replace(plan, forecasters=named)
    account = Account("A.KS", "A.KS", ("A.KS",), BROKER)
    return study_of(account, {"A.KS": bars["A.KS"]}, own)


def test_each_rule_runs_on_each_forecaster_and_one_without_forecasts_once(alone: Study) -> None:
    assert [(r.forecaster, r.strategy) for r in alone.results] == [
        ("naive", "direction"), ("naive", "five_percent"),
        ("above", "direction"), ("above", "five_percent"),
        (None, "sma_cross"), (None, HELD),
    ]  # fmt: skip
    assert {str(r.sessions[0]) for r in alone.results} == {str(alone.bars["A.KS"].sessions[60])}


def test_only_the_rule_with_variants_is_swept_diagnosed_and_judged_by_its_calls(
    alone: Study,
) -> None:
    assert alone.swept == "five_percent"
    assert alone.thresholds == {"five_percent": 0.01}
    assert {(p.forecaster, p.exit) for p in alone.sensitivity} == {
        ("above", exit_) for exit_ in EXITS
    }, "naive is not swept"
    assert list(alone.exit_meanings) == list(EXITS)
    assert [(r.forecaster, r.strategy) for r in alone.exits] == [
        (name, f"exit={exit_}") for name in ("naive", "above") for exit_ in EXITS
    ]
    assert [(c.forecaster, c.strategy) for c in alone.calls] == [("above", "five_percent")]
    assert [(r.forecaster, r.strategy) for r in alone.foresight] == [
        (FORESIGHT, "direction"), (FORESIGHT, "five_percent"),
    ]  # fmt: skip
    assert set(alone.readings) == {"direction", "sma_cross", "five_percent", HELD}


def test_buy_and_hold_of_a_universe_holds_every_ticker_whatever_may_be_bought(
    bars: dict[str, Bars], plan: Plan
) -> None:
    never = {ticker: np.zeros(len(series), dtype=bool) for ticker, series in bars.items()}
    rules = {"sma_cross": plan.rules["sma_cross"], HELD: plan.rules[HELD]}
    own = replace(plan, rules=rules, forecasters={"naive": Naive()})
    account = Account(UNIVERSE, "two", (*sorted(TICKERS), "C.KS"), BROKER, largest=1)
    study = study_of(account, bars, own, Membership(never, (), 1))
    crossed, held = study.results
    assert crossed.trades == ()
    assert {fill.ticker for fill in held.fills} == set(TICKERS)
    values = [fill.size * fill.price for fill in held.fills]
    assert min(values) > 0.9 * max(values), "in equal parts, though the account has one slot"
    assert study.left_out == ("C.KS",)
    always = study_of(account, bars, own, Membership(never, (), None))
    assert always.results[0].trades, "where all may be bought the flags are not asked"
