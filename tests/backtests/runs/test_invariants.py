"""What holds for every account, whatever the market: asserted over markets that hypothesis makes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backtests.account.engine import run_backtest
from forecasters.bars import COLUMNS, Bars
from tests.backtests.account.test_accounting import BROKERS, RULES
from tests.backtests.drawn_markets import markets

ANY_RULE = st.one_of(list(RULES.values()))
ROWS = ("fold", "as_of", "target", "last_close", "actual", "outside", "centre")


@given(market=markets(), rule=ANY_RULE, broker=BROKERS)
def test_the_order_in_which_tickers_are_given_changes_nothing(market, rule, broker):
    bars, forecasts, members = market
    turned = [{t: given[t] for t in reversed(list(given))} for given in (bars, forecasts)]
    results = [
        run_backtest(*pair, rule, broker, members=members) for pair in ((bars, forecasts), turned)
    ]
    assert results[0].fills == results[1].fills
    assert results[0].digest == results[1].digest
    assert results[0].unfilled == results[1].unfilled


@given(market=markets(), rule=ANY_RULE, broker=BROKERS)
def test_cash_and_shares_times_close_are_the_equity_on_every_bar(market, rule, broker):
    bars, forecasts, members = market
    result = run_backtest(bars, forecasts, rule, broker, members=members)
    days = [str(day) for day in result.sessions]
    cash = np.full(len(days), broker.cash)
    shares = {ticker: np.zeros(len(days)) for ticker in bars}
    for fill in result.fills:
        # a fill at a close is in the books from the next session on, a limit sale at once
        booked = days.index(fill.session) + (rule.fill == "close" and fill.reason != "touch")
        sign = 1 if fill.side == "buy" else -1
        shares[fill.ticker][booked:] += sign * fill.size
        cash[booked:] -= sign * fill.size * fill.price + fill.commission + fill.tax
    assert result.cash == pytest.approx(cash, abs=0.005)
    equity = cash.copy()
    for ticker, series in bars.items():
        assert shares[ticker].min() >= 0
        newest = np.searchsorted(series.sessions, result.sessions, side="right") - 1
        equity += shares[ticker] * np.where(newest >= 0, series.close[newest], 0)
    assert result.equity == pytest.approx(equity, abs=0.005)
    assert result.cash.min() >= 0
    held = sum((held > 0).astype(int) for held in shares.values())
    assert np.max(held) <= broker.slots


def _until(market, cut, seed):
    """Return the market without the days from `cut` on, and one in which they went otherwise."""
    bars, forecasts, members = market
    rng = np.random.default_rng(seed)
    short, other = ({}, {}, {}), ({}, {}, {})
    for ticker, series in bars.items():
        made, flags = forecasts[ticker], (members or {}).get(ticker)
        late, late_rows = series.sessions >= cut, made.as_of >= cut
        factor = np.where(late, rng.uniform(0.5, 2, len(series)), 1)
        columns = [getattr(series, name) * factor for name in COLUMNS]
        other[0][ticker] = Bars(ticker, series.sessions, *columns)
        by_seed = np.where(late_rows, rng.uniform(1, 1e6, len(made)), made.by_seed)
        other[1][ticker] = replace(made, by_seed=by_seed)
        if flags is not None:
            other[2][ticker] = np.where(late, rng.random(len(series)) < 0.5, flags)
        if late_rows.all():
            continue
        short[0][ticker] = series.rows(np.flatnonzero(~late))
        rows = {name: getattr(made, name)[~late_rows] for name in ROWS}
        short[1][ticker] = replace(made, by_seed=made.by_seed[:, ~late_rows], **rows)
        if flags is not None:
            short[2][ticker] = flags[~late]
    return short, other


@settings(max_examples=2 * settings.default.max_examples)
@given(
    market=markets(), rule=ANY_RULE, broker=BROKERS, at=st.floats(0.1, 0.9), seed=st.integers(0, 99)
)
def test_later_days_change_no_earlier_fill(market, rule, broker, at, seed):
    bars, forecasts, members = market
    days = np.unique(np.concatenate([made.as_of for made in forecasts.values()]))
    assume(len(days) > 2)
    cut = days[max(2, int(at * len(days)))]
    whole = run_backtest(bars, forecasts, rule, broker, members=members)
    early = whole.sessions < cut
    settled = whole.sessions[early][-2 if rule.fill == "close" else -1]
    for series, made, flags in _until(market, cut, seed):
        result = run_backtest(series, made, rule, broker, members=flags)
        fills, expected = (
            [fill for fill in one.fills if fill.session <= str(settled)] for one in (result, whole)
        )
        assert fills == expected
        assert np.array_equal(result.equity[: early.sum()], whole.equity[early])
        assert np.array_equal(result.cash[: early.sum()], whole.cash[early])
