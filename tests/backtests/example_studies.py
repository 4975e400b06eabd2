"""Builds studies of made-up prices for tests: every shape that a page must survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backtests.account.result import Fill, Result, Trade, Unfilled
from backtests.studies.study import Study
from backtests.studies.training import History
from forecasters.bars import Bars, Days, Floats, Origin
from forecasters.forecasts import Forecasts

CASH = 100_000_000.0
KOREAN = "엘지생활건강"


def make_bars(
    ticker: str = "051900.KS", rows: int = 900, simulated: bool = False, seed: int = 1
) -> Bars:
    """Return bars of a driftless random walk of 2% a day, in whole won, with three halts."""
    rng = np.random.default_rng(seed)
    day = np.busday_offset("2016-01-04", np.arange(rows), roll="forward")
    sessions = day.astype("datetime64[D]")
    close = np.round(1_000_000 * np.exp(np.cumsum(rng.normal(0, 0.02, rows))), -3)
    opened = np.round(
        np.concatenate([close[:1], close[:-1]]) * np.exp(rng.normal(0, 0.005, rows)), -3
    )
    high, low = np.maximum(opened, close) + 4000.0, np.minimum(opened, close) - 4000.0
    volume = np.full(rows, 30_000.0)
    for halt in (h for h in (20, rows - 100, rows - 99) if 0 < h < rows):
        close[halt] = close[halt - 1]
        opened[halt] = high[halt] = low[halt] = volume[halt] = 0.0
    kind = "simulated" if simulated else "csv"
    origin = Origin(kind, "random walk" if simulated else "a test", simulated, "splits", dropped=2)
    return Bars(ticker, sessions, opened, high, low, close, volume, origin)


def make_forecasts(
    bars: Bars, forecaster: str, first: int, *, spread: float = 0.0, bias: float = 0.0,
    seeds: Sequence[int] = (), seed: int = 0, step: int = 126,
) -> Forecasts:  # fmt: skip
    """Return forecasts from session `first` on; `spread` is the deviation of the forecast return."""
    rng = np.random.default_rng([seed, *forecaster.encode()])
    rows = np.arange(first, len(bars))
    last = bars.close[rows]
    close = last * (1 + bias + spread * rng.standard_normal(rows.size))
    by_seed = np.stack([close * (1 + 0.002 * rng.standard_normal()) for _ in (seeds or (0,))])
    if not seeds:
        by_seed = close[None].copy()
    by_seed[:, ~bars.tradable[rows]] = np.nan
    target = np.append(bars.sessions[rows[1:]], np.datetime64("NaT"))
    actual = np.append(np.where(bars.tradable[rows[1:]], bars.close[rows[1:]], np.nan), np.nan)
    fold = bars.sessions[first + (rows - first) // step * step]
    outside = rng.random(rows.size) < (0.6 if spread else 0.0)
    return Forecasts(
        bars.ticker, forecaster, fold, bars.sessions[rows], target.astype("datetime64[D]"),
        last.copy(), by_seed, actual, outside, tuple(seeds),
    )  # fmt: skip


def make_result(
    bars: Bars, forecaster: str | None, strategy: str, first: int,
    *, holds: Sequence[tuple[int, int | None]] = (), cash: float = CASH, rejected: int = 0, expired: int = 0,
    unaffordable: int = 0,
) -> Result:  # fmt: skip
    """Return the account that bought at the open of each first row and sold at that of the second.

    Rows count from `first`; None holds to the end. Costs are 0.1% a buy and 0.4% a sale.
    """
    rows = np.arange(first, len(bars))
    opened, close, sessions = bars.open[rows], bars.close[rows], bars.sessions[rows]
    shares, money, paid = 0, cash, 0.0
    value, in_cash, costs = (np.zeros(rows.size) for _ in range(3))
    fills: list[Fill] = []
    trades: list[Trade] = []
    bought = 0.0
    buys, sales = dict(holds), {end: start for start, end in holds if end is not None}
    for t in range(rows.size):
        if t in sales:
            cost, start = 0.004 * shares * opened[t], sales[t]
            money, paid = money + shares * opened[t] - cost, paid + cost
            fills.append(_fill(sessions, t, bars.ticker, "sell", shares, opened[t], cost, money))
            trades.append(_trade(bars.ticker, sessions, start, t, bought, opened[t], shares))
            shares = 0
        if t in buys:
            bought, shares = float(opened[t]), int(0.95 * money / opened[t])
            cost = 0.001 * shares * bought
            money, paid = money - shares * bought - cost, paid + cost
            fills.append(_fill(sessions, t, bars.ticker, "buy", shares, bought, cost, money))
        value[t], in_cash[t], costs[t] = money + shares * close[t], money, paid
    if shares:
        start = max(buys)
        trades.append(_trade(bars.ticker, sessions, start, None, bought, float(close[-1]), shares))
    return Result(
        bars.ticker, forecaster, strategy, sessions.copy(), value, in_cash, costs, tuple(fills),
        tuple(trades), _periods_per_year(sessions), rejected, expired, unaffordable,
        unfilled=make_unfilled(bars.ticker, rejected=rejected, expired=expired, unaffordable=unaffordable),
    )  # fmt: skip


def make_unfilled(ticker: str, **counts: int) -> tuple[Unfilled, ...]:
    """Return so many unfilled orders of each reason."""
    return tuple(
        Unfilled("2018-01-02", "2018-01-03", ticker, "buy", 1, why)
        for why, n in counts.items()
        for _ in range(n)
    )


def _periods_per_year(sessions: Days) -> float:
    """Return the sessions a year of the account, which are not those of all its bars."""
    days = int((sessions[-1] - sessions[0]).astype(int))
    return (sessions.size - 1) / days * 365.25 if days >= 90 else 252.0


def _fill(
    sessions: Days,
    t: int,
    ticker: str,
    side: str,
    size: int,
    price: float,
    cost: float,
    cash: float,
) -> Fill:
    day = str(sessions[max(t - 1, 0)])
    return Fill(
        day, str(sessions[t]), ticker, side, size, float(price), cost, 0.0, 0.0, cash, "a test"
    )


def _trade(
    ticker: str, sessions: Days, start: int, end: int | None, bought: float, sold: float, size: int
) -> Trade:
    gross = sold / bought - 1
    last = sessions.size - 1 if end is None else end
    return Trade(
        ticker, str(sessions[max(start - 1, 0)]), str(sessions[start]), None if end is None else str(sessions[end]),
        bought, float(sold), size, last - start, gross, gross - 0.005, 0.001 * size * bought, "a test",
    )  # fmt: skip


def make_study(
    ticker: str = "051900.KS",
    *,
    traded: bool = True,
    simulated: bool = False,
    strategies: Sequence[str] = ("five_percent",),
    forecasters: Sequence[str] = ("stacked_lstm", "rnn", "cnn", "stacked_lstm:target=return"),
    rows: int = 900,
    first: int = 530,
    seed: int = 1,
) -> Study:
    """Return a study of naive and the forecasters with each strategy, and buy_and_hold.

    With `traded` the second forecaster calls 5% now and then and each rule trades on it;
    otherwise no forecast leaves +-2% and nothing is ever bought.
    """
    bars = make_bars(ticker, rows, simulated, seed)
    length = rows - first
    forecasts = [make_forecasts(bars, "naive", first)]
    for i, name in enumerate(forecasters):
        spread = 0.028 if traded and i == 1 else 0.004
        forecasts.append(
            make_forecasts(
                bars, name, first, spread=spread, bias=-0.001 * i, seeds=(0, 1, 2), seed=i
            )
        )
    results, exits = [], []
    for i, name in enumerate(("naive", *forecasters)):
        for j, strategy in enumerate(strategies):
            start = 12 + 5 * j
            active = traded and (i == 2 or (j > 0 and i > 0))
            holds: tuple[tuple[int, int | None], ...] = (
                ((start, start + length // 6), (length // 2, None)) if active else ()
            )
            results.append(
                make_result(bars, name, strategy, first, holds=holds, expired=int(active))
            )
        for k, exit_rule in enumerate(("entry", "day", "touch")):
            holds = ((12, 12 + length // (4 + k)),) if traded and i == 2 else ()
            exits.append(
                make_result(bars, name, f"five_percent:exit={exit_rule}", first, holds=holds)
            )
    results.append(make_result(bars, None, "buy_and_hold", first, holds=((1, None),)))
    foresight = [
        make_result(bars, "perfect foresight", strategy, first, holds=((5, 9), (30, 60), (80, 82)))
        for strategy in strategies
    ]
    epoch = np.arange(1, 101)
    losses = {
        name: tuple(
            History(
                seed,
                np.datetime64("2016-01-04"),
                s * (0.05 / epoch + 0.001 * i),
                s * (0.06 / epoch + 0.004),
                100,
                0.01,
            )
            for seed, s in enumerate((1.0, 1.3))
        )
        for i, name in enumerate(forecasters)
    }
    return Study(
        ticker, {ticker: bars}, {ticker: tuple(forecasts)}, {ticker: losses}, tuple(results), tuple(exits),
        tuple(foresight),
        {s: (0.02 if "0.02" in s else 0.05) for s in strategies if s != "quantile"},
        {s: f"{s}: buys at the next open when the forecast close is at least 5% above the close, sells at the "
            "next open after a close 5% above the close of the decision." for s in strategies},
        "KRW",
        "KRX: commission 1.5 basis points a side; transaction tax 0.30%, from 2019-05-30 0.25%; slippage 5.",
    )  # fmt: skip


def forecasts_of(study: Study) -> tuple[Forecasts, ...]:
    """Return the forecasts of a study of one ticker, naive first."""
    (forecasts,) = study.forecasts.values()
    return forecasts


def bars_of(study: Study) -> Bars:
    """Return the bars of a study of one ticker."""
    (bars,) = study.bars.values()
    return bars


def with_plain_rule(study: Study) -> Study:
    """Return the study with a user's rule that needs no forecast, which stands before buy_and_hold."""
    bars = bars_of(study)
    first = len(bars) - study.results[0].sessions.size
    plain = make_result(bars, None, "hold", first, holds=((200, 210),), expired=1)
    return replace(study, results=(*study.results[:-1], plain, study.results[-1]))


def make_manifest(study: Study) -> dict[str, object]:
    """Return a manifest with the parts that a page shows."""
    return {
        "schema": 1,
        "config": {
            "ticker": [study.account],
            "threshold": 0.05,
            "out": "<runs>",
            "seeds": 3,
            "max_hold": None,
        },
        "versions": {"python": "3.11", "numpy": "2.4.6"},
        "seeds": [0, 1, 2],
        "key": "ab" * 32,
        "digest": "cd" * 32,
    }


def returns_of(values: Floats | Sequence[float], start: str = "2018-01-02") -> tuple[Days, Floats]:
    """Return business days from `start` and the values as daily returns."""
    array = np.asarray(values, dtype=np.float64)
    days = np.busday_offset(start, np.arange(array.size), roll="forward").astype("datetime64[D]")
    return days, array
