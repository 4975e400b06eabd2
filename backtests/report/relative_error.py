"""The part of the section on forecasts that S1 asks for: its returns, which are errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backtests.report.blocks import Block, Figure, Heading, Text
from backtests.report.table import Cell, Column, Table
from backtests.studies.relative_errors import relative_errors_of
from backtests.studies.study import Study
from backtests.writing.numbers import percent
from forecasters.measures.relative_error import RelativeError

#: A forecaster and its errors.
Row = tuple[str, RelativeError]


def blocks(study: Study, figures: Mapping[str, str]) -> Sequence[Block]:
    """Return the heading, what is shown, the table and the chart; nothing without a judged day."""
    errors = relative_errors_of(study)
    if not errors:
        return []
    days = "the days of all tickers together" if study.pooled else "every day judged"
    note = (
        f"(forecast - actual) / actual, over {days}. S1 calls it a return; it is an error, and no return that "
        "anybody earns. A mean above 0 says that the forecasts were too high. The forecast return is another figure: "
        "forecast / last close - 1."
    )
    chart = "Days by error in bars, naive's on the same days as the line; the outer bars hold all that lies beyond."
    shown: list[Block] = (
        [Text(chart, faint=True), Figure(figures["errors"])] if figures.get("errors") else []
    )
    return [
        Heading("Relative forecast error, S1's returns"),
        Text(note, faint=True),
        Table(COLUMNS, list(errors.items()), "relative", "fit"),
        *shown,
    ]


COLUMNS: tuple[Column[Row], ...] = (
    Column("Forecaster", lambda row: row[0], name=True),
    Column("Mean", lambda row: percent(row[1].mean, 2), "above 0: too high on average"),
    Column(
        "Spread",
        lambda row: Cell(percent(row[1].spread, 2, sign=False), "one day has no spread"),
        "standard deviation",
    ),
    Column("5%", lambda row: percent(row[1].low, 2), "5% of the days had a lower error"),
    Column("Median", lambda row: percent(row[1].median, 2)),
    Column("95%", lambda row: percent(row[1].high, 2), "5% of the days had a higher error"),
)
