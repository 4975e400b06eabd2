"""The trades of an account as a page shows them: what was bought when, why, and what it brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backtests.account.result import REASONS, Result, Trade, who
from backtests.report.blocks import Part, Section
from backtests.studies.study import Study
from backtests.writing.numbers import count
from forecasters.forecasts import Forecasts

#: A page lists so many trades in all; trades.csv has every one.
MOST = 6000
#: Why an order or a signal was not filled, in words.
WHYS = {
    "unaffordable": "the money for it did not buy one share",
    "rejected": "refused: not enough cash",
    "expired": "a purchase that did not fill in its one session",
    "halt": "no trading that day",
    "no bar": "no bar of that ticker on that session",
    "upper limit": "a purchase at an open locked at the upper daily limit",
    "lower limit": "a sale at an open locked at the lower daily limit",
    "no volume": "a session without volume",
    "volume cap": "more than the allowed share of the day's volume",
    "price jump": "a purchase from the day on that a close moves as no market allows",
    "delisted": "held at its last close, since its bars end",
}


@dataclass(frozen=True)
class Row:
    """One trade, and the forecast return on which it was decided (None: the rule needs none).

    `result`, `ticker` and `why` are the classes that the filters of the table ask for.
    """

    trade: Trade
    forecast: float | None
    result: str
    ticker: str
    why: str
    name: str


@dataclass(frozen=True)
class TradeTable:
    """The rows of all results, and what they can be filtered by: class and name.

    `first` is the class of the result that the table opens with; `cut` says which results have
    more trades than are listed.
    """

    rows: tuple[Row, ...]
    results: tuple[tuple[str, str], ...]
    tickers: tuple[tuple[str, str], ...]
    whys: tuple[tuple[str, str], ...]
    first: str
    cut: tuple[str, ...]

    @property
    def rules(self) -> str:
        """The style sheet of the filter: it hides the rows that do not belong to the chosen option."""
        return "".join(
            f"#what:has([value={name}]:checked) tr:not(.{name},.head){{display:none}}"
            for name, _ in (*self.results, *self.tickers, *self.whys)
        )


def trades_section(study: Study) -> Section:
    """Return the section: every trade with its filters, then what was not filled and why."""
    whys, rows = unfilled_table(study.results)
    value = {
        "trades": trade_table(study),
        "currency": study.currency,
        "unfilled": rows,
        "whys": [(why, WHYS[why]) for why in whys],
    }
    return Section("What was bought when", "trades", [Part("trades.html", value)])


def trade_table(study: Study) -> TradeTable:
    """Return the trades of every result of the study that traded, in the order of the results."""
    traded = [result for result in study.results if result.trades]
    most = _most([len(result.trades) for result in traded])
    shown = [trade for result in traded for trade in result.trades[:most]]
    tickers = {t: f"t{i}" for i, t in enumerate(sorted({trade.ticker for trade in shown}))}
    whys = {w: f"w{i}" for i, w in enumerate(sorted({trade.reason for trade in shown}))}
    forecasts = {
        name: {f.ticker: f for f in by_ticker} for name, by_ticker in study.by_forecaster.items()
    }
    rows = tuple(
        Row(
            trade,
            _forecast(forecasts.get(result.forecaster or "", {}), trade),
            f"r{i}",
            tickers[trade.ticker],
            whys[trade.reason],
            who(result, " · "),
        )
        for i, result in enumerate(traded)
        for trade in result.trades[:most]
    )
    ruled = [i for i, result in enumerate(traded) if result in study.ruled]
    return TradeTable(
        rows,
        tuple(
            (f"r{i}", f"{who(result, ' · ')} ({len(result.trades):,})")
            for i, result in enumerate(traded)
        ),
        tuple((name, ticker) for ticker, name in tickers.items()),
        tuple((name, why or "no word") for why, name in whys.items()),
        f"r{ruled[0]}" if ruled else "r0" if traded else "",
        tuple(
            f"{who(result, ' · ')}: the first {most:,} of {count(len(result.trades), 'trade')}"
            for result in traded
            if len(result.trades) > most
        ),
    )


def _most(counts: Sequence[int]) -> int:
    """Return how many trades a result may list: what results with few leave free goes to the others."""
    fitting = (n for n in range(MOST, 1, -1) if sum(min(n, trades) for trades in counts) <= MOST)
    return next(fitting, 1)


def _forecast(forecasts: Mapping[str, Forecasts], trade: Trade) -> float | None:
    """Return the forecast return of the close on which the purchase was decided."""
    of_ticker = forecasts.get(trade.ticker)
    if of_ticker is None:
        return None
    row = int(np.searchsorted(of_ticker.as_of, np.datetime64(trade.decided, "D")))
    if row >= len(of_ticker) or str(of_ticker.as_of[row]) != trade.decided:
        return None
    value = float(of_ticker.forecast_return[row])
    return value if np.isfinite(value) else None


def unfilled(result: Result) -> Counter[str]:
    """Return how many orders and signals of a result were not filled, by the reason, once a session."""
    return Counter(order.why for order in result.unfilled)


def unfilled_table(results: Sequence[Result]) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """Return the reasons of all results, and a row of counts for each result that has one."""
    by_result = [(who(result, " · "), unfilled(result)) for result in results]
    whys = [why for why in REASONS if any(counts[why] for _, counts in by_result)]
    return whys, [(name, [counts[why] for why in whys]) for name, counts in by_result if counts]
