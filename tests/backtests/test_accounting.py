"""Every fill and the cash, recomputed by an independent simulation over random markets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtests.broker import Broker
from backtests.engine import run_backtest
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from strategies.five_percent import FivePercentRule


def by_hand(bars, forecasts, rule, broker):
    """An independent re-computation of the rule: fills as (row, size, price), and the cash."""
    cash, shares, costs = broker.cash, 0, broker.costs
    buying = selling = None
    decision = entry = np.nan
    since, fills = 0, []
    slip = costs.slippage_bps / 10_000
    for t in range(len(bars)):
        o, h, low, c = bars.open[t], bars.high[t], bars.low[t], bars.close[t]
        if selling and bars.tradable[t]:
            price = max(o * (1 - slip), low)
            cash += shares * price - costs.commission(shares * price)
            cash -= costs.tax(shares * price, str(bars.sessions[t]))
            fills.append((t, -shares, price))
            shares, selling = 0, None
        elif buying is not None:
            size = int(broker.cash_fraction * cash / o)
            if bars.tradable[t] and size:
                price = min(o * (1 + slip), h)
                cash -= size * price + costs.commission(size * price)
                fills.append((t, size, price))
                shares, entry, decision, since = size, price, buying, 0
        buying = None
        if shares:
            since += 1
            reference = decision if rule.exit == "entry" else bars.close[t - 1]
            rose = since >= rule.first_exit and c >= reference * (1 + rule.threshold) * (1 - 1e-12)
            stopped = rule.stop_loss is not None and c <= entry * (1 - rule.stop_loss)
            selling = selling or rose or stopped or (rule.max_hold and since >= rule.max_hold)
        elif forecasts.close[t] >= c * (1 + rule.threshold) * (1 - 1e-12):
            buying = c
    return fills, cash


@given(
    seed=st.integers(0, 2**32 - 1),
    exit_=st.sampled_from(["entry", "day"]),
    first_exit=st.integers(1, 3),
    max_hold=st.sampled_from([None, 1, 4]),
    stop_loss=st.sampled_from([None, 0.05]),
)
def test_every_fill_and_the_cash_agree_with_an_independent_computation(
    seed, exit_, first_exit, max_hold, stop_loss
):
    from forecasters.bars import Bars
    from forecasters.forecasts import Forecasts

    rng = np.random.default_rng(seed)
    n = 60
    close = np.maximum(np.rint(20_000 * np.exp(np.cumsum(rng.standard_t(3, n) * 0.03))), 100)
    opens = np.maximum(
        np.rint(np.append(close[0], close[:-1]) * np.exp(rng.normal(0, 0.03, n))), 100
    )
    high = np.rint(np.maximum(opens, close) * (1 + rng.random(n) * 0.01))
    low = np.rint(np.minimum(opens, close) * (1 - rng.random(n) * 0.01))
    volume = np.full(n, 100.0)
    halts = np.flatnonzero(rng.random(n) < 0.1)[1:]
    close[halts] = close[halts - 1]
    for column in (opens, high, low, volume):
        column[halts] = 0
    after = np.flatnonzero(volume > 0)
    high[after] = np.maximum(high[after], close[after])
    low[after] = np.minimum(low[after], close[after])
    days = np.busday_offset("2019-03-04", np.arange(n))
    bars = Bars("RANDOM.KS", days, opens, high, low, close, volume)
    called = np.where(bars.tradable, bars.close * (1 + rng.normal(0.02, 0.04, n)), np.nan)
    forecasts = Forecasts(
        "RANDOM.KS", "noise", np.repeat(days[:1], n), days, np.append(days[1:], np.datetime64("NaT")),
        bars.close, called[None], np.append(bars.close[1:], np.nan), np.zeros(n, dtype=bool),
    )  # fmt: skip
    rule = FivePercentRule(0.05, exit_, first_exit, max_hold, stop_loss)
    broker = Broker(5_000_000, Costs.of(market_for("RANDOM.KS")))
    result = run_backtest({bars.ticker: bars}, {bars.ticker: forecasts}, rule, broker)
    fills, cash = by_hand(bars, forecasts, rule, broker)
    row = {str(day): t for t, day in enumerate(days)}
    ours = [(row[f.session], f.size if f.side == "buy" else -f.size, f.price) for f in result.fills]
    assert [f[:2] for f in ours] == [f[:2] for f in fills]
    assert np.allclose([f[2] for f in ours], [f[2] for f in fills], rtol=1e-12)
    assert result.cash[-1] == pytest.approx(cash, abs=0.01)
    # cash + shares x close = equity, on every bar
    shares = np.zeros(n)
    for t, size, _ in ours:
        shares[t:] += size
    assert np.allclose(result.cash + shares * bars.close, result.equity, atol=0.01, rtol=0)
