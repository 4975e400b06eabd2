"""How large the fills of an account are beside the day's volume, and the word that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.performance import performance
from backtests.account.result import Result
from backtests.judging.verdict import IDLE, UNFILLABLE, rule_verdicts
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.report.sections.verdict import headline, rule_sentence
from forecasters.bars import Bars
from forecasters.errors import InputError
from forecasters.forecasts import Forecasts
from strategies.direction import DirectionRule

FREE = Broker(10_000, Costs.of(market_for("X"), commission_bps=0, slippage_bps=0))


@pytest.fixture
def account(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts]
) -> Callable[..., Result]:
    """Return a maker of an account that buys 95 shares at 100 and sells them, day by day."""

    def make(volumes: list[float], broker: Broker = FREE) -> Result:
        bars = make_bars([(100, 100, 100, 100, volume) for volume in volumes])
        calls = [120.0 if row % 2 == 0 else 80.0 for row in range(len(volumes))]
        forecasts = make_forecasts(bars, calls)
        return run_backtest({bars.ticker: bars}, {bars.ticker: forecasts}, DirectionRule(), broker)

    return make


def test_each_fill_is_held_against_the_volume_of_its_own_day(
    account: Callable[..., Result],
) -> None:
    # 95 shares: 950 is exactly ten times as much, which is not above 10%.
    result = account([1, 9_501, 950, 949, 95, 94])
    assert [fill.size for fill in result.fills] == [95] * 5
    assert result.volumes == (9_501, 950, 949, 95, 94)
    figures = performance(result)
    above = [figures[f"fills_above_{n}"] for n in (1, 10, 100)]
    assert above == pytest.approx([4 / 5, 3 / 5, 1 / 5])


def test_without_volumes_or_fills_there_is_no_share(account: Callable[..., Result]) -> None:
    silent = account([0.0] * 6)
    assert silent.fills == () or all(np.isnan(volume) for volume in silent.volumes)
    assert performance(silent)["fills_above_10"] is None
    assert performance(account([100.0]))["fills_above_1"] is None, "never bought"


def test_a_fill_without_its_volume_is_refused(account: Callable[..., Result]) -> None:
    result = account([900.0] * 6)
    with pytest.raises(InputError, match="has 1 values for 5 fills"):
        replace(result, volumes=(900.0,))


def test_the_volumes_change_no_digest(account: Callable[..., Result]) -> None:
    result = account([900.0] * 6)
    assert replace(result, volumes=()).digest == result.digest


def test_more_than_a_twentieth_of_large_fills_takes_the_place_of_every_other_word(
    account: Callable[..., Result],
) -> None:
    large, sound = 100.0, 1e6
    twentieth = [sound] * 20 + [large]  # 20 fills, 1 of them large: 5%, not more
    result = account(twentieth)
    assert len(result.fills) == 20 and result.fills_above(0.1) == pytest.approx(0.05)
    (verdict,) = rule_verdicts([result], ())
    assert verdict.word != UNFILLABLE
    result = account([sound] * 19 + [large] * 2)
    (verdict,) = rule_verdicts([result], ())
    assert (verdict.word, verdict.large) == (UNFILLABLE, pytest.approx(0.1))
    sentence = rule_sentence(verdict)
    assert (
        "cannot say: the market could not have filled it, 10% of its fills exceed 10%" in sentence
    )
    assert "the market could not have filled 2" in headline([], [verdict] * 2)[0]
    (idle,) = rule_verdicts([account([large])], ())
    assert idle.word == IDLE


def test_a_cap_on_the_volume_leaves_no_large_fill(account: Callable[..., Result]) -> None:
    capped = account([100.0] * 20, replace(FREE, volume_cap=0.1))
    assert capped.fills and capped.fills_above(0.1) == 0
