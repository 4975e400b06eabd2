"""Closes that no market allows, in made bars: splits, reductions, halts, liquidation, ticks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from backtests.markets.jumps import BEYOND, LIQUIDATION, SUSPECT, Jump, find_jumps
from backtests.markets.market import market_for
from backtests.sources.simulated import Simulated
from forecasters.bars import Bars


def bars_of(
    closes: Sequence[float],
    *,
    start: str = "2020-01-06",
    ticker: str = "A.KS",
    halts: Sequence[int] = (),
) -> Bars:
    """Return bars with these closes, one a weekday; the rows of `halts` have no volume."""
    close = np.array(closes, dtype=float)
    volume = np.full(close.size, 1000.0)
    volume[list(halts)] = 0
    opened = np.where(volume > 0, close, 0)
    days = np.busday_offset(start, np.arange(close.size), roll="forward")
    return Bars(ticker, days, opened, opened, opened, close, volume)


def jumps_of(bars: Bars, *, ended: bool = False) -> tuple[Jump, ...]:
    market = market_for(bars.ticker)
    return find_jumps(bars, market, market.listing(bars.ticker), ended=ended)


@pytest.mark.parametrize("ticker", ["A.KS", "A.KQ"])
@pytest.mark.parametrize(
    ("after", "ratio"),
    [
        (20_400, "1/5"),
        (49_000, "1/2"),
        (980_000, "10"),
        (64_000, "2/3"),
        (2_050, "1/50"),
        (700_000, "7"),
    ],
)
def test_a_split_that_was_not_applied_is_found_with_its_ratio(
    ticker: str, after: float, ratio: str
) -> None:
    (jump,) = jumps_of(bars_of([101_000, 100_000, after, after], ticker=ticker))
    assert (jump.kind, jump.session, jump.before) == (BEYOND, "2020-01-08", "2020-01-07")
    assert jump.fits[0].ratio == ratio
    assert jump.close == pytest.approx(100_000 * float(eval(ratio)) * (1 + jump.fits[0].left))
    assert abs(jump.fits[0].left) <= 0.3


def test_a_halt_does_not_hide_it_and_the_last_close_is_the_one_before_the_halt() -> None:
    closes = [100_000, 100_000, 100_000, 100_000, 20_100]
    (jump,) = jumps_of(bars_of(closes, halts=[1, 2, 3]))
    assert (jump.before, jump.session, jump.halted) == ("2020-01-06", "2020-01-10", 3)
    assert "across a halt of 3 sessions" in jump.what()
    # A vendor that writes the new base price into the halt moves the finding to that row.
    closes[3] = 20_000
    (jump,) = jumps_of(bars_of(closes, halts=[1, 2, 3]))
    assert jump.session == "2020-01-09"


@pytest.mark.parametrize(
    ("start", "close", "found"),
    [
        ("2015-06-12", 115_500, False),  # 15%, and a tick of 500
        ("2015-06-12", 116_000, True),
        ("2015-06-12", 84_000, True),
        ("2015-06-15", 116_000, False),  # 30% from here on
        ("2015-06-15", 130_500, False),
        ("2015-06-15", 131_500, True),
        ("2015-06-15", 69_500, False),
        ("2015-06-15", 69_000, True),
    ],
)
def test_the_limit_of_the_day_counts_with_a_tick_to_spare(
    start: str, close: float, found: bool
) -> None:
    first = np.datetime64("2015-06-11" if start == "2015-06-12" else "2015-06-12")
    bars = bars_of([100_000, close], start=str(first))
    assert str(bars.sessions[1]) == start
    assert bool(jumps_of(bars)) is found


def test_a_price_of_one_won_may_move_by_a_won() -> None:
    assert jumps_of(bars_of([1, 2, 1, 2, 3])) == ()
    assert [jump.session for jump in jumps_of(bars_of([1, 2, 4, 5]))] == ["2020-01-08"]


def test_liquidation_at_the_end_of_a_ticker_that_ended_is_a_real_loss() -> None:
    closes = [1000.0] * 20 + [1000.0] * 10 + [90, 60, 95, 40, 45, 20, 10]
    bars = bars_of(closes, halts=range(20, 30))
    found = jumps_of(bars, ended=True)
    assert {jump.kind for jump in found} == {LIQUIDATION}
    assert [jump.close for jump in found] == [90, 60, 95, 40, 20, 10]
    # While the ticker goes on, nobody can tell it from a split; nor a session earlier.
    assert {jump.kind for jump in jumps_of(bars)} == {BEYOND}
    longer = jumps_of(bars_of([*closes, 10.0], halts=range(20, 30)), ended=True)
    assert longer[0].kind == BEYOND
    # No liquidation begins with a rise: that is a reduction.
    rise = jumps_of(bars_of([1000.0] * 20 + [9900.0] * 5), ended=True)
    assert [(jump.kind, jump.fits[0].ratio) for jump in rise] == [(BEYOND, "10")]


def test_where_no_simple_ratio_leaves_a_possible_day_none_is_offered() -> None:
    (jump,) = jumps_of(bars_of([100_000, 350]))
    assert jump.fits == () and "no simple ratio fits" in jump.what()
    assert jump.line() == "A.KS prices xN before 2020-01-07"


def test_without_a_limit_a_move_far_beyond_the_past_and_near_a_ratio_is_suspect() -> None:
    rng = np.random.default_rng(0)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.015, 300)))
    split = closes.copy()
    split[200:] /= 4
    (jump,) = jumps_of(bars_of(split, ticker="AAPL"))
    assert (jump.kind, jump.fits[0].ratio, jump.limit) == (SUSPECT, "1/4", None)
    crash = closes.copy()
    crash[200:] *= 0.58  # no split: between 1/2 and 2/3
    assert jumps_of(bars_of(crash, ticker="AAPL")) == ()
    assert jumps_of(bars_of(closes, ticker="AAPL")) == ()
    wild = 100 * np.exp(np.cumsum(rng.normal(0, 0.12, 300)))
    assert jumps_of(bars_of(wild, ticker="AAPL")) == (), "its own past moves as much"


@pytest.mark.parametrize("ticker", ["A.KS", "B.KQ", "SPY"])
def test_simulated_markets_keep_their_limits(ticker: str) -> None:
    bars = Simulated().fetch(ticker, "2010-01-01", "2018-01-01")
    assert jumps_of(bars) == ()
