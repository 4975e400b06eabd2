"""The calls of a rule: counted and priced by hand, and their costs as the broker reckons them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.judging.calls import Calls, break_even, judge_calls
from backtests.judging.diagnosis import diagnose
from backtests.markets.costs import Costs, round_trip
from backtests.markets.market import market_for
from backtests.markets.rules.tick_grid import grid_of
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from forecasters.measures.proportion import wilson
from strategies.rule import HOLD, Rule
from tests.backtests.example_studies import make_bars as bars_of_study
from tests.backtests.example_studies import make_forecasts as forecasts_of_study

NONE = market_for("X", "none")
#: 25 basis points on either side: a round trip of 0.5%.
COSTS = Costs.of(NONE, 25, 0)
DAYS = [
    (100, 101, 99, 100, 9),
    (102, 107, 101, 106, 9),  # forecast 105, exactly 5%: a call; it rose 6%: a hit
    (105, 108, 104, 106, 9),  # forecast 112: a call; unchanged: a miss
    (104, 106, 99, 100, 9),  # no call
    (0, 0, 0, 100, 0),  # a call, but a halt: not judged
    (108, 109, 103, 108, 9),
    (99, 101, 98, 100, 9),
]
SAID = [105, 112, 106, 110, np.nan, 100, 130]


@pytest.fixture
def planted(make_bars: Any, make_forecasts: Any) -> tuple[Bars, Forecasts]:
    bars = make_bars(DAYS)
    made = make_forecasts(bars, SAID)
    actual = made.actual.copy()
    actual[3] = np.nan
    return bars, replace(made, actual=actual)


def judged(bars: Bars, made: Forecasts, threshold: float = 0.05, **settings: Any) -> Calls:
    return judge_calls({"PLANTED.KS": bars}, {"PLANTED.KS": made}, threshold, COSTS, **settings)


def test_calls_by_hand_in_fractions(planted: tuple[Bars, Forecasts]) -> None:
    made = judged(*planted, strategy="five_percent")
    assert (made.forecaster, made.strategy, made.days) == ("planted", "five_percent", 4)
    assert (made.calls, made.hits, made.came, made.n) == (2, 1, 1, 2)
    assert made.base_rate == 1 / 4
    assert made.precision == 1 / 2
    assert (made.low, made.high) == wilson(1, 2)
    hit, miss = Fraction(106, 102) - 1, Fraction(106, 105) - 1
    others = [Fraction(100, 104) - 1, Fraction(100, 99) - 1]
    assert made.hit_return == pytest.approx(float(hit))
    assert made.miss_return == pytest.approx(float(miss))
    assert made.mean_return == pytest.approx(float((hit + miss) / 2))
    assert made.any_return == pytest.approx(float((hit + miss + sum(others)) / 4))
    assert made.round_trip == pytest.approx(0.005)
    assert made.needed is None
    assert made.why == "even the calls that failed earned the round trip"


def test_a_fill_at_the_close_counts_from_there(planted: tuple[Bars, Forecasts]) -> None:
    made = judged(*planted, fill="close")
    assert made.hit_return == pytest.approx(0.06)
    assert made.miss_return == 0.0
    assert made.any_return == pytest.approx((0.06 + 0 + (100 / 106 - 1) + (100 / 108 - 1)) / 4)
    # p x 6% + (1 - p) x 0 = 0.5%
    assert made.needed == pytest.approx(float(Fraction(5, 60)))


def test_the_needed_precision_earns_exactly_nothing() -> None:
    """3 of 10 calls hit for 4%, 7 missed for -1%; with a round trip of 0.5% it takes 3: 30%."""
    needed, why = break_even(0.04, -0.01, 0.005)
    assert (needed, why) == (pytest.approx(float(Fraction(15, 50))), "")
    calls = [0.04] * 3 + [-0.01] * 7
    assert sum(calls) / 10 - 0.005 == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(
    ("hit", "miss", "cost", "why"),
    [
        (None, -0.01, 0.005, "no call came true"),
        (0.04, None, 0.005, "no call failed"),
        (None, None, None, "no call could be filled"),
        (0.004, -0.01, 0.005, "even the calls that came true did not earn the round trip"),
        (0.04, 0.006, 0.005, "even the calls that failed earned the round trip"),
    ],
)
def test_where_no_precision_breaks_even_it_is_said(
    hit: float | None, miss: float | None, cost: float | None, why: str
) -> None:
    assert break_even(hit, miss, cost) == (None, why)


def test_a_call_for_two_days_later_that_the_next_session_cannot_fill_earns_nothing(
    make_bars: Any, make_forecasts: Any
) -> None:
    bars = make_bars([DAYS[0], (0, 0, 0, 100, 0), (102, 107, 101, 106, 9), *DAYS[1:3]])
    made = make_forecasts(bars, [106, np.nan, 106, np.nan, np.nan])
    far = replace(
        made,
        target=np.append(bars.sessions[2:], [np.datetime64("NaT")] * 2).astype("datetime64[D]"),
        actual=np.append(bars.close[2:], [np.nan, np.nan]),
    )
    calls = judged(bars, far)
    assert (calls.calls, calls.hits, calls.n) == (1, 1, 0)
    assert (calls.mean_return, calls.round_trip, calls.why) == (
        None,
        None,
        "no call could be filled",
    )


def test_the_counts_are_those_of_the_diagnosis_and_tickers_add_up() -> None:
    a, b = (bars_of_study(ticker, seed=seed) for seed, ticker in enumerate(("A.KS", "B.KS")))
    said = {
        x.ticker: forecasts_of_study(x, "cnn", 530, spread=0.03, seed=seed)
        for seed, x in enumerate((a, b))
    }
    bars = {x.ticker: x for x in (a, b)}
    costs = Costs.of(market_for("A.KS"))
    both = judge_calls(bars, said, 0.05, costs)
    alone = [judge_calls({t: bars[t]}, {t: said[t]}, 0.05, costs) for t in bars]
    here = diagnose(list(said.values()), 0.05, None, None).at_threshold
    assert (both.calls, both.hits, both.came) == (here.forecast, here.both, here.came)
    assert both.calls > 20
    assert (both.tickers, alone[0].tickers) == (2, 1)
    for name in ("days", "came", "calls", "hits", "n"):
        assert getattr(both, name) == sum(getattr(one, name) for one in alone)
    for name in ("mean_return", "round_trip"):
        expected = np.average([getattr(o, name) for o in alone], weights=[o.n for o in alone])
        assert getattr(both, name) == pytest.approx(expected)
    assert json.loads(json.dumps(asdict(both), allow_nan=False)) == asdict(both)


@dataclass(frozen=True)
class Watching(Rule):
    """Writes down what a round trip costs each day."""

    seen: ClassVar[list[tuple[date, float, float]]] = []

    def decide(self, situation: Any) -> Any:
        self.seen.append((situation.date, situation.close, situation.round_trip))
        return HOLD

    def reading(self) -> str:
        return "Watches."


@pytest.mark.parametrize("ticks", [None, 2])
@pytest.mark.parametrize("price", [100_300, 100_000])
def test_the_round_trip_is_the_brokers_on_and_off_the_tick_grid(
    make_bars: Any, make_forecasts: Any, price: int, ticks: int | None
) -> None:
    """A tick at 100,000 won is 500 won: 50 basis points, ten times the slippage of 5."""
    bars = make_bars([(price, price + 500, price - 500, price, 9)] * 8, start="2019-05-24")
    costs = Costs.of(market_for("A.KS"), slippage_ticks=ticks)
    Watching.seen.clear()
    made = make_forecasts(bars, [price] * 8)
    run_backtest({bars.ticker: bars}, {bars.ticker: made}, Watching(), Broker(1e8, costs))
    assert len(Watching.seen) == 8
    listing = costs.listing(bars.ticker)
    grid = grid_of(bars, costs.market.ticks, listing)
    round_trips = []
    for day, close, expected in Watching.seen:
        table = costs.market.tick_table(day, listing) if grid.known_on(day) else None
        round_trips.append(round_trip(costs, bars.ticker, day, close, table))
        assert round_trips[-1] == pytest.approx(expected, rel=1e-9), day
    assert len(set(round_trips)) > 1, "the tax fell on the 30th"
    assert (max(round_trips) > 0.005) == (price == 100_000)
    called = judge_calls(
        {bars.ticker: bars}, {bars.ticker: make_forecasts(bars, [price * 1.1] * 8)}, 0.05, costs
    )
    assert called.round_trip == pytest.approx(np.mean(round_trips[:-1])), "the last has no outcome"
