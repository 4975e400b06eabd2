"""The section on forecasts: the errors of each forecaster in tables, and the charts beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backtests.report.blocks import Block, Figure, Heading, Section, Text
from backtests.report.relative_error import blocks as relative_error
from backtests.report.sections.errors import errors_by_fold, errors_of
from backtests.report.sections.errors import section as errors_section
from backtests.report.sections.measures_over_tickers import tables_over_tickers
from backtests.report.summary import Summary
from backtests.report.table import Cell, Column, Table
from backtests.writing.numbers import DASH, money, number, percent, points

#: A forecaster and its `forecast_metrics`; None without a judged row.
Row = tuple[str, Mapping[str, Any] | None]
Errors = Mapping[str, Any]
WAITING = "no forecast has its outcome yet"


def section(summary: Summary, figures: Mapping[str, str]) -> Section:
    """Return the section; `figures` holds the charts by name: closes, errors, deciles, losses."""
    errors = errors_section(summary)
    blocks: list[Block] = []
    if errors is not None:
        blocks = [
            *_tables(summary, errors, figures),
            *relative_error(summary.study, figures),
            *_deciles(summary, figures),
        ]
    if figures.get("losses"):
        blocks += [
            Heading("Training loss by epoch"),
            Text(
                "Each fit of a fold and a seed faint, their mean strong; every number is in training.parquet.",
                faint=True,
            ),
            Figure(figures["losses"]),
        ]
    return Section("Forecasts", "forecasts", blocks)


def _tables(
    summary: Summary, errors: Mapping[str, Any], figures: Mapping[str, str]
) -> Sequence[Block]:
    study = summary.study
    before = "the day before" if study.horizon == 1 else f"{study.horizon} sessions before"
    made = f"Each forecast is made from the true closes up to {before}."
    if errors["over"]:
        note = f"{made} Green is below naive's, the first column."
        return [*tables_over_tickers(errors["over"]), Text(note, faint=True)]
    note = (
        f"{made} Red that follows blue a day late: naive looks the same. MASE divides by the error of naive in the "
        "first fit rows, so compare it with the MASE of naive. R\u00b2 of returns is 1 minus the squared errors over "
        "those of naive, in log returns."
    )
    judged = [(name, measured) for name, measured in errors["rows"] if measured]
    return [
        Table(
            [NAME, *map(_of_errors, error_columns(study.currency))],
            errors["rows"],
            "errors",
            row_class=_row_class,
            instead=lambda row: "" if row[1] else WAITING,
        ),
        Text(note, faint=True),
        Table([NAME, *map(_of_errors, DIRECTION)], judged, "direction", "fit"),
        *(Text(sentence) for sentence in errors["sentences"]),
        Figure(figures.get("closes", "")),
    ]


def _deciles(summary: Summary, figures: Mapping[str, str]) -> Sequence[Block]:
    if "deciles" not in figures:
        return []
    note = (
        "Days sorted into ten parts by the forecast return; bars are the mean return that came, whiskers 1.96 standard "
        "errors with the days taken as independent, dashed the mean of all days. A forecast with content rises from "
        "left to right. The parts are known only afterwards: no rule could trade them."
    )
    note += " Days of all tickers together." if summary.study.pooled else ""
    heading = Heading("What came after low and after high forecasts")
    return [heading, Text(note, faint=True), Figure(figures["deciles"])]


def folds_section(summary: Summary) -> Section | None:
    """Return each fold's test sessions and the MAPE there; None of a universe."""
    folds = errors_by_fold(summary.study)
    if not folds:
        return None
    names = [name for name, _ in errors_of(summary)]
    columns = [
        Column[dict[str, Any]]("First test session", lambda fold: fold["first"], left=True),
        Column[dict[str, Any]]("Last", lambda fold: fold["last"], left=True),
        Column[dict[str, Any]]("Days judged", lambda fold: f"{fold['judged']}"),
        *(_fold_column(name, number_of) for number_of, name in enumerate(names)),
    ]
    note = "Each fold's forecasts were made by fits on earlier sessions only. MAPE by fold, naive first."
    return Section("Folds", "folds", (Text(note, faint=True), Table(columns, folds)))


def _fold_column(name: str, at: int) -> Column[dict[str, Any]]:
    why = "no day of this fold can be judged"
    return Column(name, lambda fold: Cell(points(fold["mape"][at]), why), long=True)


def _row_class(row: Row) -> str:
    errors = row[1]
    return "worse" if errors and errors["mape"] > errors["mape_naive"] else ""


def _of_errors(column: Column[Errors]) -> Column[Row]:
    """Return the column for rows of a name and its errors, shown where there are errors."""
    cell = column.cell
    return Column(
        column.heading, lambda row: cell(row[1] or {}), column.title, classes=column.classes
    )


NAME = Column[Row]("Forecaster", lambda row: row[0], name=True)


def error_columns(currency: str) -> tuple[Column[Errors], ...]:
    """Return the columns of errors on one ticker; amounts are in `currency`."""
    perfect = "naive made no error"
    return (
        Column("Days", lambda m: f"{m['rows']:,}"),
        Column("MAPE", lambda m: points(m["mape"]), classes="mape"),
        Column(
            "\u00f7 naive",
            lambda m: Cell(
                number(m["mape"] / m["mape_naive"] if m["mape_naive"] else None, 3), perfect
            ),
            "MAPE over that of naive; below 1 is a smaller error",
        ),
        Column("MAE", lambda m: money(m["mae"]), f"mean absolute error, {currency}"),
        Column("RMSE", lambda m: money(m["rmse"]), currency),
        Column(
            "Theil's U",
            lambda m: Cell(number(m["theil_u"], 3), perfect),
            "RMSE over that of naive on the same days; below 1 is a smaller error",
        ),
        Column(
            "MASE",
            lambda m: Cell(number(m["mase"]), "nothing moved in the first fit rows"),
            "mean absolute error over that of naive in the fit rows of the first fold",
        ),
        Column(
            "R\u00b2 of returns",
            lambda m: Cell(
                percent(m["r2_return"], 2),
                "nothing moved" if m["theil_u"] is None else "a forecast is not above 0",
            ),
            "R2 of log returns against the forecast of no change: 0 is naive, above 0 a smaller error",
        ),
        Column("NRMSE", lambda m: points(m["nrmse"]), "RMSE over the mean close"),
        Column(
            "NRMSE, range",
            lambda m: Cell(points(m["nrmse_range"]), "the closes have no range"),
            "RMSE over the range of closes",
        ),
        Column("Smallest forecast", lambda m: percent(m["smallest_forecast_return"])),
        Column("Largest forecast", lambda m: percent(m["largest_forecast_return"])),
    )


def _interval(m: Errors) -> Cell:
    signs = m["direction"]
    if signs["share"] is None:
        return Cell(DASH, signs["why"])
    low, high = (percent(signs[end], 1, sign=False) for end in ("low", "high"))
    return Cell(f"{low} to {high}")


def _majority(m: Errors) -> Cell:
    signs = m["direction"]
    if signs["majority"] is None:
        return Cell(DASH, "no day moved")
    return Cell(f"{percent(signs['majority'], 1, sign=False)} {signs['majority_side']}")


def _right(m: Errors) -> Cell:
    signs = m["direction"]
    return Cell(DASH if signs["share"] is None else f"{signs['hits']:,}", signs["why"])


#: Of the sign of the forecast, and of its moves beside those of the price.
DIRECTION: tuple[Column[Errors], ...] = (
    Column(
        "Direction right",
        lambda m: Cell(percent(m["direction"]["share"], 1, sign=False), m["direction"]["why"]),
        "of the days that moved, those with the sign right; a forecast of exactly no change is wrong",
    ),
    Column("95% interval", _interval, "Wilson, the days taken as independent"),
    Column("Majority", _majority, "what the more frequent sign of those days would have scored"),
    Column("Right", _right, "days with the sign right"),
    Column("Moved", lambda m: f"{m['direction']['moved']:,}", "days on which the close moved"),
    Column(
        "Unchanged",
        lambda m: f"{m['direction']['unchanged']:,}",
        "days on which it did not: no direction to forecast",
    ),
    Column(
        "Correlation",
        lambda m: Cell(
            number(m["correlation"], 2, sign=True),
            "the forecast or the realised return never changes",
        ),
        "of forecast with realised return",
    ),
    Column(
        "Moves with its day",
        lambda m: Cell(number(m["lag"]["lag0"], 2, sign=True), m["lag"]["sentence"]),
        "correlation of the moves of the forecast close with those of the day it forecasts",
    ),
    Column(
        "with the last known",
        lambda m: Cell(
            number(m["lag"]["lag1"], 2, sign=True), m["lag"]["sentence"], m["lag"]["sentence"]
        ),
        "the same with those of the last day it knew: near 1: the line of the price, late",
    ),
)
