"""One account replayed against the same account through Backtrader: `python benchmarks/shifts.py`.

Made-up bars and forecasts of one ticker. Each round trades the same shifted forecasts in both ways, one
after the other, and stops if a fill or a close differs. The table has the medians of the rounds, and the
median of their ratios. `Quotes` is made once for all shifts of a result and has a separate column.
"""

import argparse
import statistics
import time

import numpy as np

from backtests import plugins
from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.account.replay.account import replay
from backtests.account.replay.quotes import Quotes
from backtests.judging.shifts import draw_shifts, shift
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from strategies.rule import Rule

TICKER = "051900.KS"
#: Standard deviation of a forecast from today's close: about 1% for networks one day ahead.
RULES = {
    "five_percent": 0.025,
    "five_percent:exit=touch": 0.025,
    "direction": 0.01,
    "quantile": 0.01,
}


def market(sessions: int, spread: float, seed: int = 0) -> tuple[Bars, Forecasts]:
    """Return bars in steps of 50 won and forecasts that miss today's close by `spread`."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2015-01-02", np.arange(sessions), roll="forward")
    days = days.astype("datetime64[D]")
    close = np.round(30_000 * np.exp(np.cumsum(rng.normal(0, 0.02, sessions))) / 50) * 50 + 50
    opened = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opened, close) + 50, np.minimum(opened, close) - 50
    bars = Bars(TICKER, days, opened, high, np.maximum(low, 50), close, np.full(sessions, 1e6))
    called = close * (1 + spread * rng.standard_normal(sessions))
    target = np.append(days[1:], np.datetime64("NaT")).astype("datetime64[D]")
    forecasts = Forecasts(
        TICKER, "noise", np.repeat(days[:1], sessions), days, target, close.copy(), called[None],
        np.append(close[1:], np.nan), np.zeros(sessions, dtype=bool), (), np.zeros(sessions),
    )  # fmt: skip
    return bars, forecasts


def compare(bars: Bars, forecasts: Forecasts, rule: Rule, rounds: int) -> str:
    """Return purchases, milliseconds and ratio as the end of a row of the table."""
    broker = Broker(1e8, Costs.of(market_for(TICKER)))
    began = time.perf_counter()
    quotes = Quotes(bars, forecasts, broker, rule.fill == "close")
    made = time.perf_counter() - began
    pairs, purchases = [], []
    for k in draw_shifts(len(forecasts), rounds, seed=0):
        began = time.perf_counter()
        shifted = shift(forecasts, k)
        account = replay(quotes, shifted, rule, broker)
        halfway = time.perf_counter()
        result = run_backtest({TICKER: bars}, {TICKER: shifted}, rule, broker)
        pairs.append((halfway - began, time.perf_counter() - halfway))
        purchases.append(account.purchases)
        if account.fills != result.fills or (account.equity != result.equity).any():
            raise SystemExit("the accounts differ")
    fast, slow = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(b / a for a, b in pairs)
    return (
        f"{statistics.median(purchases):.0f} | {1e3 * made:.0f} | {fast:.2f} | {slow:.1f} | "
        f"{statistics.median(ratios):.0f} | {ratios[0]:.0f} to {ratios[-1]:.0f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=720)
    parser.add_argument("--rounds", type=int, default=15)
    flags = parser.parse_args()
    print("| rule | purchases | quotes, ms | replay, ms | Backtrader, ms | ratio | from to |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    compare(*market(100, 0.01), plugins.make(plugins.STRATEGIES, plugins.parse("direction")), 1)
    for name, spread in RULES.items():
        rule = plugins.make(plugins.STRATEGIES, plugins.parse(name))
        row = compare(*market(flags.sessions, spread), rule, flags.rounds)
        print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
