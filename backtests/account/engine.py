"""One backtest: bars and forecasts, a rule, an account; Backtrader in between."""

from __future__ import annotations

from collections.abc import Mapping

import backtrader as bt

from backtests.account.books import Ledger
from backtests.account.broker import Broker
from backtests.account.feed import make_feed
from backtests.account.result import Result
from forecasters.bars import Bars, Flags
from forecasters.errors import InputError
from forecasters.forecasts import Forecasts
from strategies.base import ForecastStrategy
from strategies.rule import Rule


def run_backtest(
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, Forecasts],
    rule: Rule,
    broker: Broker,
    *,
    account: str = "",
    label: str = "",
    members: Mapping[str, Flags] | None = None,
) -> Result:
    """Return what one account made of these tickers, over their out-of-sample sessions.

    Decisions fall at the close and fill at the next open, or at that close if the rule has
    ``fill="close"``. A rule without forecasts runs over the same sessions: `forecasts` says where
    they begin. Tickers may begin late, miss days and end early: a bar that is not of the session is
    never traded, and what is held of a ticker that has no more bars cannot be sold: it keeps its
    last close and its slot to the end.

    Parameters
    ----------
    bars, forecasts : mapping
        By ticker, the same tickers.
    account, label : str
        What the result is called: default the tickers, and the name of the rule.
    members : mapping
        Ticker to flags, one a bar: where it may be bought. What is held stays until its rule sells.
        A ticker that is left out may always be bought; None: all.
    """
    if not bars or set(bars) != set(forecasts):
        raise InputError(
            f"bars of {', '.join(sorted(bars)) or 'no ticker'} came with forecasts of "
            f"{', '.join(sorted(forecasts)) or 'none'}: give both for the same tickers"
        )
    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    feeds = [
        make_feed(bars[ticker], forecasts[ticker], member=(members or {}).get(ticker))
        for ticker in sorted(bars)
    ]
    for feed in feeds:
        cerebro.adddata(feed)
    broker.install(cerebro, feeds)
    cerebro.broker.set_coc(rule.fill == "close")
    cerebro.addstrategy(
        ForecastStrategy, rule=rule, cash_fraction=broker.cash_fraction, slots=broker.slots
    )
    forecaster = next(iter(forecasts.values())).forecaster if rule.needs_forecast else None
    cerebro.addanalyzer(
        Ledger,
        _name="ledger",
        account=account or "+".join(sorted(bars)),
        forecaster=forecaster,
        label=label or type(rule).__module__.rpartition(".")[2].partition("@")[0],
    )
    (strategy,) = cerebro.run()
    result: Result = strategy.analyzers.ledger.result()
    return result
