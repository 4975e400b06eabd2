"""One account over many tickers, our feed against Backtrader's feed: `python benchmarks/account.py`.

Made-up bars and forecasts with 3% of noise, so that the 5% rule trades. "Default" is the usual way:
bt.feeds.PandasData with the forecast as one more line, where the strategy must look at every ticker at
every close. "Direct" is this project's feed, where it looks only at tickers that the rule could buy or
that are held. Both run the same strategy and rule on the same broker and must give the same fills.
In each round one runs after the other; the table has the medians of the rounds, and the median of their
ratios. The frames and the bars are made before the clock starts.
"""

import argparse
import statistics
import time
from functools import partial

import backtrader as bt
import numpy as np
import pandas as pd

from backtests import plugins
from backtests.account.books import Ledger
from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts
from strategies.base import ForecastStrategy
from strategies.five_percent import FivePercentRule
from strategies.rule import Rule


class PandasFeed(bt.feeds.PandasData):
    """Backtrader's feed with the line that the rule needs."""

    lines = ("forecast",)
    params = (("forecast", "forecast"),)


def market(tickers: int, sessions: int, seed: int = 0) -> list[tuple[Bars, Forecasts]]:
    """Return bars in steps of 50 won and forecasts that miss today's close by 3%."""
    rng = np.random.default_rng(seed)
    days = np.busday_offset("2005-01-03", np.arange(sessions), roll="forward")
    made = []
    for number in range(tickers):
        returns = rng.standard_t(4, sessions) * 0.018 + 0.0003
        close = _in_steps(50_000 * np.exp(np.cumsum(returns)))
        gaps = np.append(0.0, rng.normal(0, 0.006, sessions - 1))
        opened = _in_steps(np.append(close[0], close[:-1]) * (1 + gaps))
        reach = 1 + np.abs(rng.normal(0, 0.004, (2, sessions)))
        high = np.maximum(
            _in_steps(np.maximum(opened, close) * reach[0]), np.maximum(opened, close)
        )
        low = np.minimum(_in_steps(np.minimum(opened, close) / reach[1]), np.minimum(opened, close))
        ticker = f"{number:06d}.KS"
        bars = Bars(ticker, days, opened, high, low, close, np.full(sessions, 1e6))
        called = close * (1 + rng.normal(0, 0.03, sessions))
        forecasts = Forecasts(
            ticker, "noise", np.repeat(days[:1], sessions), days,
            np.append(days[1:], np.datetime64("NaT")), close, called[None],
            np.append(close[1:], np.nan), np.zeros(sessions, dtype=bool),
        )  # fmt: skip
        made.append((bars, forecasts))
    return made


def _in_steps(price):
    return np.maximum(np.round(price / 50) * 50, 50.0)


def frame(bars: Bars, forecasts: Forecasts) -> pd.DataFrame:
    """Return the bars in the form that Backtrader's feed takes."""
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    return pd.DataFrame(
        columns | {"forecast": forecasts.close}, index=pd.DatetimeIndex(bars.sessions)
    )


def default(
    frames: dict[str, pd.DataFrame], made: list[tuple[Bars, Forecasts]], rule: Rule, broker: Broker
):
    """Return the fills with Backtrader's feed and every ticker visited.

    The broker gets the bars, which this feed does not hold: it rounds prices if they are on the tick grid.
    """
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    feeds = [cerebro.adddata(PandasFeed(dataname=f), name=name) for name, f in frames.items()]
    broker.install(cerebro, feeds)
    for bars, _ in made:
        cerebro.broker.know(bars)
    cerebro.addstrategy(ForecastStrategy, rule=rule, slots=broker.slots)
    cerebro.addanalyzer(Ledger, _name="ledger")
    return cerebro.run()[0].analyzers.ledger.result().fills


def direct(made: list[tuple[Bars, Forecasts]], rule: Rule, broker: Broker):
    """Return the fills as `run_backtest` runs them."""
    bars = {series.ticker: series for series, _ in made}
    return run_backtest(bars, {f.ticker: f for _, f in made}, rule, broker).fills


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tickers", type=int, nargs="+", default=[1, 250])
    parser.add_argument("--sessions", type=int, nargs="+", default=[720, 1900])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--strategy", nargs="+", default=["five_percent", "five_percent:max_hold=5"]
    )
    flags = parser.parse_args()
    print(
        "| rule | tickers x sessions | fills | default, s | direct, s | default / direct | range |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    compare(market(1, 300), FivePercentRule(), 1)  # a warm-up
    for tickers, sessions in zip(flags.tickers, flags.sessions, strict=True):
        made = market(tickers, sessions)
        for name in flags.strategy:
            row = compare(made, plugins.make(plugins.STRATEGIES, plugins.parse(name)), flags.repeat)
            print(f"| {name} | {tickers} x {sessions:,} | {row} |", flush=True)


def compare(made: list[tuple[Bars, Forecasts]], rule: Rule, repeat: int) -> str:
    """Return fills, seconds and ratio as the end of a row of the table."""
    frames = {bars.ticker: frame(bars, forecasts) for bars, forecasts in made}
    broker = Broker(1e8, Costs.of(market_for(made[0][0].ticker)), slots=min(10, len(made)))
    ways = {
        "default": partial(default, frames, made, rule, broker),
        "direct": partial(direct, made, rule, broker),
    }
    rounds = []
    for _ in range(repeat):
        timed = {name: _timed(way) for name, way in ways.items()}
        if timed["default"][1] != timed["direct"][1]:
            raise SystemExit("the fills differ")
        rounds.append({name: seconds for name, (seconds, _) in timed.items()})
    slow, fast = (statistics.median(r[name] for r in rounds) for name in ways)
    ratios = sorted(r["default"] / r["direct"] for r in rounds)
    return (
        f"{len(timed['direct'][1]):,} | {slow:.3f} | {fast:.3f} | {statistics.median(ratios):.1f} | "
        f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    )


def _timed(way):
    began = time.perf_counter()
    fills = way()
    return time.perf_counter() - began, fills


if __name__ == "__main__":
    main()
