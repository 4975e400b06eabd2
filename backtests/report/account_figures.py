"""The figures of an account that stand above those of QuantStats on its tearsheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backtests.account.performance import Figures as Performance
from backtests.account.performance import performance
from backtests.account.result import Result, Trade
from backtests.writing.numbers import money, number, of_volume, percent


@dataclass(frozen=True)
class Figures:
    """The figures and the trades of the account, shown above those of QuantStats.

    Attributes
    ----------
    columns : tuple of str
        The heading of each column of values: the benchmark first, then the strategy.
    rows : tuple of (str, tuple of str)
        The name of a figure and its text in each column.
    trades : tuple of Trade
        The trades of the strategy, in order of their entry.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    trades: tuple[Trade, ...]


def distinct(strategy: str, benchmark: str) -> tuple[str, str]:
    """Return two different titles: QuantStats merges two columns with the same title."""
    return strategy, f"{benchmark} (benchmark)" if strategy == benchmark else benchmark


def account_figures(
    result: Result, other: Result | None, other_title: str, known: Mapping[Result, Performance]
) -> Figures:
    """Return the figures of the account; the benchmark is the first column, as in QuantStats."""
    results = [result] if other is None else [other, result]
    figures = [known[r] if r in known else performance(r) for r in results]
    shares = {
        "Total return, after costs": "total_return", "Total return, gross": "gross_return", "CAGR": "cagr",
        "Maximum drawdown": "max_drawdown", "Exposure (mean share of equity in stocks)": "exposure",
    }  # fmt: skip
    rows = [
        (name, tuple(percent(f[key], sign=key != "exposure") for f in figures))
        for name, key in shares.items()
    ]
    rows.insert(3, ("Sharpe ratio", tuple(number(f["sharpe"]) for f in figures)))
    above = [[f[f"fills_above_{n}"] for n in (1, 10, 100)] for f in figures]
    rows.append(("Fills above 1, 10, 100% of the day's volume", tuple(map(of_volume, above))))
    rows.append(("Costs paid", tuple(money(f["costs"]) for f in figures)))
    for name, key in (
        ("Trades", "trades"),
        ("Closed trades", "closed_trades"),
        ("Orders rejected", "rejected"),
        ("Orders expired", "expired"),
        ("Signals without cash for one share", "unaffordable"),
    ):
        rows.append((name, tuple(f"{int(f[key] or 0):,}" for f in figures)))
    strategy_title, benchmark_title = distinct(result.strategy, other_title)
    titles = (strategy_title,) if other is None else (benchmark_title, strategy_title)
    return Figures(titles, tuple(rows), result.trades)
