"""The tables of errors of a universe: medians over its tickers, and each ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backtests.report.blocks import Block, Heading
from backtests.report.table import Cell, Column, Table
from backtests.writing.numbers import number, percent, points

Row = Mapping[str, Any]
#: A ticker, its judged days, and the MAPE of each forecaster, naive first.
TickerRow = tuple[str, int | None, Sequence[float | None]]
NAME = Column[Row]("Forecaster", lambda m: m["name"], name=True)


def tables_over_tickers(errors: Mapping[str, Any]) -> Sequence[Block]:
    """Return the tables of `errors_over_tickers`."""
    rows: Sequence[Row] = errors["rows"]
    judged = [row for row in rows if row["tickers"]]
    by_ticker = [
        Column[TickerRow]("Ticker", lambda row: row[0], name=True),
        Column[TickerRow]("Days judged", lambda row: f"{row[1] or 0:,}"),
        *(_ticker_column(name, at) for at, name in enumerate(errors["names"])),
    ]
    return [
        Table(
            (NAME, *ERRORS),
            rows,
            "errors",
            row_class=lambda m: "worse" if m["tickers"] and m["mape"] > m["naive"] else "",
            instead=lambda m: "" if m["tickers"] else "no forecast has its outcome yet",
        ),
        Table((NAME, *DIRECTION), judged, "direction", "fit"),
        Heading("MAPE by ticker"),
        Table(by_ticker, errors["tickers"], "by-ticker", "fit"),
    ]


def _ticker_column(name: str, at: int) -> Column[TickerRow]:
    def cell(row: TickerRow) -> Cell:
        error, naive = row[2][at], row[2][0]
        below = at > 0 and error is not None and naive is not None and error < naive
        return Cell(points(error), "no day can be judged", classes="up" if below else "")

    return Column(name, cell, long=True)


ERRORS: tuple[Column[Row], ...] = (
    Column("Tickers", lambda m: f"{m['tickers']}"),
    Column("Days", lambda m: f"{m['days']:,}"),
    Column("MAPE", lambda m: points(m["mape"]), "median over the tickers", classes="mape"),
    Column("Naive", lambda m: points(m["naive"]), "median over the tickers, on the same days"),
    Column(
        "\u00f7 naive",
        lambda m: number(m["ratio"], 3),
        "MAPE over naive's on the same ticker: the median; below 1 is a smaller error",
    ),
    Column(
        "range",
        lambda m: f"{number(m['low'], 3)}\u2013{number(m['high'], 3)}",
        "lowest and highest of the tickers",
    ),
    Column(
        "Below naive",
        lambda m: f"{m['below']} of {m['tickers']}",
        "tickers on which its MAPE is below naive's",
    ),
    Column(
        "NRMSE", lambda m: points(m["nrmse"]), "RMSE over the mean close, median over the tickers"
    ),
    Column("Smallest forecast", lambda m: percent(m["smallest"])),
    Column("Largest forecast", lambda m: percent(m["largest"])),
)
DIRECTION: tuple[Column[Row], ...] = (
    Column(
        "MASE",
        lambda m: Cell(number(m["mase"]), "nothing moved in the first fit rows"),
        "mean absolute error over naive's in the first fit rows, median over the tickers",
    ),
    Column(
        "Theil's U",
        lambda m: Cell(number(m["theil_u"], 3), "naive made no error"),
        "RMSE over naive's on the same days, median over the tickers",
    ),
    Column(
        "R\u00b2 of returns",
        lambda m: Cell(percent(m["r2_return"], 2), "nothing moved"),
        "R2 of log returns against no change, median over the tickers; 0 is naive",
    ),
    Column(
        "Direction",
        lambda m: Cell(percent(m["direction"], 1, sign=False), "it forecasts no change"),
        "of the days that moved, those with the sign right; tickers move together, so no interval",
    ),
    Column(
        "Majority",
        lambda m: Cell(percent(m["majority"], 1, sign=False), "no day moved"),
        "what the more frequent sign of each ticker would have scored",
    ),
    Column(
        "Repeats",
        lambda m: f"{m['repeats']} of {m['tickers']}",
        "tickers on which its line is the line of the price, late",
    ),
)
