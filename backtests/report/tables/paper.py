"""A study's two tables for a text or a paper: forecasters against naive, and results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backtests.report.rows import Value
from backtests.report.summary import Summary
from backtests.writing.atomic import write_text
from backtests.writing.numbers import DASH, number, p_text, percent, points
from backtests.writing.tables import to_latex, to_markdown

Row = Mapping[str, Value]
PaperColumn = tuple[str, Callable[[Row], str]]


def _number(row: Row, key: str) -> float | None:
    value = row[key]
    return None if value is None else float(value)


def _points(key: str, digits: int = 2) -> Callable[[Row], str]:
    return lambda row: points(_number(row, key), digits)


def _percent(key: str, digits: int = 1, sign: bool = True) -> Callable[[Row], str]:
    return lambda row: percent(_number(row, key), digits, sign)


def _figure(key: str, digits: int = 2) -> Callable[[Row], str]:
    return lambda row: number(_number(row, key), digits)


def _text(key: str) -> Callable[[Row], str]:
    return lambda row: DASH if row[key] is None else str(row[key])


def _between(low: str, high: str) -> Callable[[Row], str]:
    def interval(row: Row) -> str:
        if row[low] is None or row[high] is None:
            return DASH
        return f"{percent(_number(row, low))} to {percent(_number(row, high))}"

    return interval


#: Of a forecaster; the first column is text, the others are figures.
FORECASTERS: tuple[PaperColumn, ...] = (
    ("Forecaster", _text("forecaster")),
    ("MAPE", _points("mape", 3)),
    ("NRMSE", _points("nrmse")),
    ("Theil's U", _figure("theil_u", 3)),
    ("R2 of returns", _percent("r2_return", 2)),
    ("Direction", _percent("direction", 1, sign=False)),
    ("Majority", _percent("majority", 1, sign=False)),
    ("Gain over naive", _percent("gain")),
    ("90% interval", _between("gain_low", "gain_high")),
    ("p better", lambda row: p_text(_number(row, "p_better"))),
    ("p Clark-West", lambda row: p_text(_number(row, "p_clark_west"))),
    ("Verdict", _text("forecast_verdict")),
)
#: Of a result; the first two columns are text.
RESULTS: tuple[PaperColumn, ...] = (
    ("Forecaster", _text("forecaster")),
    ("Rule", _text("strategy")),
    ("Gross", _percent("gross_return")),
    ("Costs", _percent("cost_return", 1, sign=False)),
    ("Net", _percent("total_return")),
    ("Sharpe", _figure("sharpe")),
    ("Drawdown", _percent("max_drawdown")),
    ("Exposure", _percent("exposure", 0, sign=False)),
    ("Closed trades", _text("closed_trades")),
    ("Timing a year", _percent("timing_gain")),
    ("p timing", lambda row: p_text(_number(row, "timing_p"))),
    ("Verdict", _text("verdict")),
)
FILES = ("forecasters.md", "forecasters.tex", "results.md", "results.tex")


def write_report_tables(folder: Path, summaries: Sequence[Summary]) -> None:
    """Write ``forecasters`` and ``results`` into `folder`, each as Markdown and as LaTeX."""
    studies = [summary.study for summary in summaries]
    rows = [row for summary in summaries for row in summary.rows]
    forecaster_rows = [row for summary in summaries for row in summary.forecaster_rows]
    where = ", ".join(study.heading for study in studies)
    if any(study.simulated for study in studies):
        where += " (SIMULATED prices)"
    first, last = rows[0]["start"], rows[0]["end"]
    account: tuple[PaperColumn, ...] = (("Ticker", _text("ticker")),) if len(studies) > 1 else ()
    for name, columns, shown, what, left in (
        (
            "forecasters",
            FORECASTERS,
            forecaster_rows,
            "Forecasts of the close against naive",
            1,
        ),
        ("results", RESULTS, rows, "Rules after costs", 2),
    ):
        all_columns = (*account, *columns)
        cells = [[text(row) for _, text in all_columns] for row in shown]
        heads, left = [heading for heading, _ in all_columns], left + len(account)
        write_text(folder / f"{name}.md", to_markdown(heads, cells, left=left))
        caption = f"{what}: {where}, out of sample {first} to {last}"
        latex = to_latex(heads, cells, caption=caption, label=f"tab:{name}", left=left)
        write_text(folder / f"{name}.tex", latex)
