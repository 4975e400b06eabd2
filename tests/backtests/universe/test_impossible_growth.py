"""What made a universe grow a hundred million times: prices of a won, and reductions not applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.result import Result
from backtests.command.config import RunConfig
from backtests.judging.verdict import UNFILLABLE, rule_verdicts
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.runs.prices import settle
from forecasters.bars import Bars
from forecasters.errors import DataWarning
from forecasters.forecasts import Forecasts
from strategies.buy_and_hold import BuyAndHoldRule
from strategies.rank import RankRule

FREE = Broker(100_000_000, Costs.of(market_for("X"), commission_bps=0, slippage_bps=0), slots=1)
#: A price near one and a half won, rounded to a won: open and close of four sessions.
WON = ((1, 1), (1, 2), (2, 2), (2, 1))


def swinging(make_bars: Callable[..., Bars], ticker: str, shift: int, rows: int = 160) -> Bars:
    """Return bars that swing between one won and two, with a thousand shares a day."""
    pairs = [WON[(row + shift) % 4] for row in range(rows)]
    return make_bars([(o, max(o, c), min(o, c), c, 1000) for o, c in pairs], ticker=ticker)


def ranked(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts], broker: Broker
) -> Result:
    """Return the account that always holds the higher of two forecasts of 1.5 won, as `linear` makes."""
    bars = {t: swinging(make_bars, t, shift) for t, shift in (("A.KS", 0), ("B.KS", 2))}
    forecasts = {t: make_forecasts(b, np.full(len(b), 1.5)) for t, b in bars.items()}
    return run_backtest(bars, forecasts, RankRule(k=1), broker)


def test_prices_of_a_won_grow_without_end_and_the_verdict_says_that_no_market_fills_it(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts]
) -> None:
    result = ranked(make_bars, make_forecasts, FREE)
    assert result.equity[-1] > 1e16
    (verdict,) = rule_verdicts([result], ())
    assert verdict.word == UNFILLABLE and verdict.large == 1.0
    capped = ranked(make_bars, make_forecasts, replace(FREE, volume_cap=0.1))
    assert capped.equity[-1] < 1.001 * FREE.cash


def test_a_reduction_that_is_not_applied_is_no_gain_of_a_universe(
    make_bars: Callable[..., Bars], make_forecasts: Callable[..., Forecasts]
) -> None:
    halted = (0, 0, 0, 1000, 0)
    rows = [(1000,) * 4 + (900,)] * 4 + [halted] * 3 + [(10_000,) * 4 + (90,)] * 4
    bars = {
        "A.KS": make_bars([(1000,) * 4 + (900,)] * len(rows), ticker="A.KS"),
        "MERGED.KS": make_bars(rows, ticker="MERGED.KS"),
    }
    broker = replace(FREE, slots=2)

    def held(bars: dict[str, Bars], known: dict[str, Bars]) -> Result:
        forecasts = {t: make_forecasts(b, b.close) for t, b in known.items()}
        return run_backtest(bars, forecasts, BuyAndHoldRule(), broker)

    assert held(bars, bars).equity[-1] > 5 * FREE.cash, "what the file says"
    config = RunConfig(ticker=tuple(bars), end="2020-01-01")
    with pytest.warns(DataWarning, match="a rise is not credited"):
        settled = settle(bars, config, pooled=True)
    assert held(settled.bars, settled.known).equity[-1] == FREE.cash
