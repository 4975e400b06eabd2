"""One backtest: bars and forecasts, a rule, an account; Backtrader in between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import backtrader as bt
import numpy as np

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
    """Trade these tickers in one account over their out-of-sample sessions; return the result.

    A decision is made at the close and fills at the next open, or at that same close if the rule has
    ``fill="close"``. A rule without forecasts runs over the same sessions: `forecasts` says where they
    begin. Tickers may begin late, miss days and end early. A bar of an earlier session is never
    traded. A position in a ticker that has no more bars cannot be sold: it keeps its last close and
    its slot to the end.

    Parameters
    ----------
    bars, forecasts : mapping
        By ticker, for the same tickers.
    rule : Rule
    broker : Broker
    account, label : str
        Names in the result; by default the tickers, and the name of the rule.
    members : mapping
        Ticker to flags, one a bar: where it may be bought. What is held stays until its rule sells.
        A ticker that is left out may always be bought; None: all.

    Raises
    ------
    InputError
        Bars and forecasts are not of the same tickers, or do not fit together.

    Examples
    --------
    A forecast that is 6% above the close of 100. The 5% rule buys at the next open, 101, with 95% of
    the cash; at the close of 105 the price has risen by 5%, and it sells at the open after that:

    >>> import numpy as np
    >>> from backtests import Bars, Broker, Costs, WalkForward, make_features, market_for
    >>> from forecasters.forecasts import Forecasts
    >>> from strategies.five_percent import FivePercentRule
    >>> days = np.busday_offset("2019-01-07", np.arange(4))
    >>> opens, closes = np.array([100.0, 101, 103, 104]), np.array([100.0, 102, 105, 104])
    >>> bars = Bars("X", days, opens, closes + 3, opens - 3, closes, np.full(4, 900.0))
    >>> calls = Forecasts(
    ...     ticker="X",
    ...     forecaster="by hand",
    ...     fold=np.repeat(days[:1], 4),
    ...     as_of=days,
    ...     target=np.append(days[1:], np.datetime64("NaT")),
    ...     last_close=closes,
    ...     by_seed=np.array([[106.0, 103, 105, 104]]),
    ...     actual=np.append(closes[1:], np.nan),
    ...     outside=np.zeros(4, dtype=bool),
    ... )
    >>> broker = Broker(100_000, Costs.of(market_for("X"), commission_bps=0, slippage_bps=0))
    >>> result = run_backtest({"X": bars}, {"X": calls}, FivePercentRule(), broker)
    >>> [(fill.session, fill.side, fill.size, fill.price) for fill in result.fills]
    [('2019-01-08', 'buy', 940, 101.0), ('2019-01-10', 'sell', 940, 104.0)]
    >>> result.equity.tolist()
    [100000.0, 100940.0, 103760.0, 102820.0]
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
    return replace(result, volumes=_volumes(result, bars))


def _volumes(result: Result, bars: Mapping[str, Bars]) -> tuple[float, ...]:
    """Return the day's volume of each fill; NaN where a series never has any."""
    has_volumes = {ticker: bool(series.volume.any()) for ticker, series in bars.items()}
    volumes = []
    for fill in result.fills:
        series = bars[fill.ticker]
        row = int(np.searchsorted(series.sessions, np.datetime64(fill.session, "D")))
        volumes.append(float(series.volume[row]) if has_volumes[fill.ticker] else math.nan)
    return tuple(volumes)
