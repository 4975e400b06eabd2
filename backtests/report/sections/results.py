"""The table of all results: each rule on each forecaster, with its error and its return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backtests.account.result import REASONS
from backtests.report.blocks import Section, Text
from backtests.report.rows import Value
from backtests.report.sections.trades import unfilled
from backtests.report.summary import Summary
from backtests.report.table import Cell, Column, Table, signed
from backtests.studies.study import HELD
from backtests.writing.marks import marks
from backtests.writing.numbers import DASH, money, number, of_volume, percent, points

Row = Mapping[str, Any]
NO_FORECAST = "this rule needs no forecast"
NOTHING_TRADED = "nothing was traded"


def section(summary: Summary, links: Mapping[str, str]) -> Section:
    """Return the section; `links` leads from the label of a result to its tearsheet."""
    study, rows = summary.study, result_rows(summary)
    parts = [
        "A larger MAPE than naive on the same days. " if any(map(is_worse, rows)) else "",
        "MAPE, seeds and naive are medians over the tickers. " if study.pooled else "",
        "Net, CAGR, Sharpe ratio and drawdown are after costs",
        f" ({study.currency})" if study.currency else "",
        "; Of volume gives the shares of the fills above 1, 10 and 100% of the day's traded volume",
        "; Paid and break-even are basis points a side, red where the fills could not bear what they paid.",
        " The name of a rule opens its tearsheet." if links else "",
        " The forecast that is judged and traded is the mean over the seeds",
        "; Seeds gives the lowest and highest MAPE among them" if has_seeds(rows) else "",
        ".",
    ]
    held_first = sorted(rows, key=lambda row: row["strategy"] != HELD)
    table = results_table(held_first, links, study.currency, pooled=study.pooled)
    return Section(
        "Summary",
        "summary",
        (table, Text("".join(parts), faint=True, key=any(map(is_worse, rows)))),
    )


def result_rows(summary: Summary) -> list[dict[str, Value]]:
    """Return the rows of the summary, with what was not filled in words."""
    rows = []
    for row, result in zip(summary.rows, summary.study.results, strict=True):
        counts = unfilled(result)
        words = ", ".join(f"{counts[why]:,} {why}" for why in REASONS if counts[why])
        rows.append({**row, "unfilled": words})
    return rows


def results_table(
    rows: Sequence[Row],
    links: Mapping[str, str],
    currency: str,
    *,
    pooled: bool = False,
    several: bool = False,
) -> Table[Row]:
    """Return the table of the rows.

    Parameters
    ----------
    pooled : bool
        The account is a universe's: on how many tickers the error is below naive's has a column.
    several : bool
        The rows are of several accounts: each says which, and its `page`.
    """

    def marked(row: Row) -> str:
        return marks(row["simulated"], row["as_is"])

    def rule(row: Row) -> Cell:
        link = links.get(row["label"], "")
        title = "its tearsheet" if link else ""
        mark = "" if several else marked(row)
        return Cell(row["strategy"], title=title, href=link, mark=mark)

    def row_class(row: Row) -> str:
        reference = row["strategy"] == HELD and not several
        return " ".join((["reference"] if reference else []) + (["worse"] if is_worse(row) else []))

    ticker = Column[Row](
        "Ticker", lambda row: Cell(row["ticker"], href=row["page"], mark=marked(row)), name=True
    )
    seeds = Column[Row]("Seeds", _seeds, "lowest and highest of the seeds")
    below = Column[Row]("Below", _below, "tickers on which its MAPE is below naive's")
    columns = [
        *([ticker] if several else []),
        Column[Row](
            "Forecaster", lambda row: Cell(row["forecaster"] or DASH, NO_FORECAST), name=True
        ),
        Column[Row]("Rule", rule, name=True),
        Column[Row](
            "MAPE",
            lambda row: Cell(points(row["mape"]), _why(row)),
            "mean absolute percentage error of the forecast close",
            classes="mape",
        ),
        *([seeds] if has_seeds(rows) else []),
        Column[Row](
            "Naive",
            lambda row: Cell(points(row["mape_naive"]), _why(row)),
            "MAPE on the same days of the forecast that nothing changes",
        ),
        *([below] if pooled else []),
        Column[Row](
            "Gross",
            lambda row: percent(row["gross_return"]),
            "return with commission, tax and slippage of the same fills given back",
        ),
        Column[Row](
            "Costs",
            lambda row: Cell(
                percent(row["cost_return"], 1, sign=False), title=money(row["costs"], currency)
            ),
            "commission, tax and slippage, as a share of the cash at the start",
        ),
        *ACCOUNT,
    ]
    return Table(columns, rows, classes="summary", row_class=row_class)


def _break_even(row: Row) -> Cell:
    bps = row["break_even_bps"]
    lost = bps is not None and bps < row["cost_bps"]
    return Cell(number(bps, 1), NOTHING_TRADED, classes="down" if lost else "")


#: Of the account, after costs.
ACCOUNT: tuple[Column[Row], ...] = (
    Column("Net", lambda row: signed(row["total_return"]), "return after costs"),
    Column(
        "Of volume",
        lambda row: Cell(of_volume(volume_shares(row)), "no fill, or no volumes in the bars"),
        "shares of the fills above 1, 10 and 100% of the day's traded volume",
    ),
    Column(
        "Paid",
        lambda row: Cell(number(row["cost_bps"], 1), NOTHING_TRADED),
        "cost of a side in basis points: what was paid, on the value traded",
    ),
    Column(
        "Break-even",
        _break_even,
        "cost of a side in basis points at which the same fills would have earned nothing",
    ),
    Column(
        "CAGR",
        lambda row: Cell(percent(row["cagr"]), "one day only: no year to grow over"),
    ),
    Column(
        "Sharpe",
        lambda row: Cell(number(row["sharpe"]), "the equity never moved: no spread to divide by"),
    ),
    Column("Drawdown", lambda row: percent(row["max_drawdown"]), "deepest fall from a former high"),
    Column(
        "Exposure",
        lambda row: percent(row["exposure"], 0, sign=False),
        "mean share of the equity in stocks",
    ),
    Column("Trades", lambda row: f"{row['trades']:,}", "purchases"),
    Column(
        "Not filled",
        lambda row: row["unfilled"] or "0",
        "orders, and signals that could not become one, by the reason; once a session",
        left=True,
        classes="wrap",
    ),
)


def volume_shares(row: Row) -> list[float | None]:
    """Return the shares of the fills above 1, 10 and 100% of the day's volume."""
    return [row[f"fills_above_{n}"] for n in (1, 10, 100)]


def has_seeds(rows: Sequence[Row]) -> bool:
    """Return whether some forecaster was trained with several seeds."""
    return any(row["mape_seed_min"] is not None for row in rows)


def is_worse(row: Row) -> bool:
    """Return whether the MAPE is larger than naive's on the same days."""
    return row["mape"] is not None and bool(row["mape"] > row["mape_naive"])


def _why(row: Row) -> str:
    """Return why a row has no error."""
    return NO_FORECAST if row["forecaster"] is None else "no forecast has its outcome yet"


def _seeds(row: Row) -> Cell:
    if row["mape_seed_min"] is None:
        return Cell(DASH, _why(row) if row["mape"] is None else "one seed or none: no range")
    return Cell(f"{number(row['mape_seed_min'])}{DASH}{number(row['mape_seed_max'])}")


def _below(row: Row) -> Cell:
    if row["below_naive"] is None:
        return Cell(DASH, "naive itself, or no forecast")
    return Cell(f"{row['below_naive']} of {row['tickers']}")
