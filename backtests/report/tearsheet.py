"""A QuantStats tearsheet of one account: one HTML page that loads nothing from outside."""

from __future__ import annotations

import io
import logging
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.account.performance import Figures as Performance
from backtests.account.result import Result
from backtests.report.account_figures import Figures, account_figures, distinct
from backtests.report.benchmark import align
from backtests.report.charts.inline import inline_svg
from backtests.report.rendering import render
from backtests.writing.atomic import write_text
from backtests.writing.marks import marked
from backtests.writing.numbers import count

if TYPE_CHECKING:
    import pandas as pd

CHARTS = (
    "returns", "log_returns", "dd_plot", "eoy_returns", "monthly_heatmap", "dd_periods",
    "rolling_sharpe", "rolling_vol", "rolling_beta", "rolling_sortino", "daily_returns",
    "monthly_dist", "returns_dist", "vol_returns",
)  # fmt: skip
PARTS = (*CHARTS, "metrics", "eoy_table", "dd_info")
_BREAK = "\x1e"
#: QuantStats rows whose name does not say what is computed, and the name that they get here.
ROWS = {
    "CAGR﹪": "CAGR (by sessions)",
    "Time in Market": "Days with a return",
    "Win/Loss Ratio": "Win/Loss Ratio (days)",
    "Payoff Ratio": "Payoff Ratio (days)",
    "Profit Factor": "Profit Factor (days)",
    "Avg. Win": "Avg. Win (day)",
    "Avg. Loss": "Avg. Loss (day)",
    "Max Consecutive Wins": "Longest run of up days",
    "Max Consecutive Losses": "Longest run of down days",
    "Win Days": "Up days",
}
#: The style of the charts. Importing quantstats sets seaborn's theme, so every setting is given.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
    "axes.edgecolor": "white", "axes.grid": True, "axes.axisbelow": True, "axes.linewidth": 1.25,
    "grid.color": "#dddddd", "grid.linewidth": 0.5, "lines.linewidth": 1.5, "text.color": "#333333",
    "axes.labelcolor": "#333333", "xtick.color": "#666666", "ytick.color": "#666666", "font.size": 12,
    "text.parse_math": False, "patch.edgecolor": "white", "xtick.major.size": 0, "ytick.major.size": 0,
    "axes.unicode_minus": False, "svg.hashsalt": "tearsheet",
}  # fmt: skip
#: A page lists at most this many trades; trades.csv has all of them.
MOST_TRADES = 200


def write_tearsheet(
    path: Path,
    returns: pd.Series,
    title: str,
    *,
    periods_per_year: float,
    benchmark: pd.Series | None = None,
    strategy_title: str = "strategy",
    benchmark_title: str = "buy and hold",
    notes: Sequence[str] = (),
    simulated: bool = False,
    as_is: bool = False,
    figures: Figures | None = None,
) -> Path:
    """Write the tearsheet of daily returns and return its path. It never downloads anything.

    Parameters
    ----------
    returns : Series
        Daily simple returns by session, without the 0 of the first day of an account.
    periods_per_year : float
        Sessions a year, for everything annualised; printed on the page.
    benchmark : Series, optional
        Daily simple returns of the benchmark, on the sessions of `returns` (`align` does this).
        A ticker is not accepted, because it would have to be downloaded.
    notes : sequence of str
        Sentences for the end of the page.
    figures : Figures, optional
        The figures and trades of the account (`tearsheet_of` makes them).

    Raises
    ------
    ValueError
        There are no returns.
    """
    if not len(returns):
        raise ValueError(f"{title}: no returns, so no tearsheet; it needs at least 2 sessions")
    strategy_title, benchmark_title = distinct(strategy_title, benchmark_title)
    remarks: list[str] = []
    charted, beside = _chartable(returns, benchmark, strategy_title, benchmark_title, remarks)
    parts = {}
    name = strategy_title if charted is returns else benchmark_title
    if charted is not None:
        parts = _quantstats(charted, beside, periods_per_year, name, benchmark_title, remarks)
    heading = marked(title, simulated, as_is)
    html = render(
        "tearsheet.html",
        heading=heading,
        strategy=strategy_title,
        simulated=simulated,
        as_is=as_is,
        remarks=remarks,
        parts=parts,
        subtitle=f"{count(len(returns), 'daily return')}, {_day(returns, 0)} to {_day(returns, -1)}; "
        f"annualised with {periods_per_year:.1f} sessions a year.",
        charts=[inline_svg(parts[c], c) for c in CHARTS if parts.get(c)],
        charted=None if charted is returns else benchmark_title,
        columns=figures.columns if figures else (strategy_title, benchmark_title),
        figures=figures.rows if figures else (),
        trades=figures.trades[:MOST_TRADES] if figures else None,
        more_trades=len(figures.trades[MOST_TRADES:]) if figures else 0,
        notes=[*notes, *_conventions(periods_per_year, bool(parts))],
    )
    return write_text(path, html)


def tearsheet_of(
    path: str | Path,
    result: Result,
    benchmark: Result | pd.Series | None = None,
    *,
    benchmark_title: str = "buy and hold",
    notes: Sequence[str] = (),
    simulated: bool = False,
    as_is: bool = False,
    account: str = "",
    known: Mapping[Result, Performance] | None = None,
) -> Path:
    """Write the tearsheet of a result, compared with a benchmark, and return its path.

    The first session has no return and is left out. So total return, Sharpe ratio and drawdown are
    those of `performance`.

    Parameters
    ----------
    benchmark : Result or Series, optional
        The result of another account, such as buy and hold, over the same sessions; or daily simple
        returns by session, which `align` brings to the sessions of the result.
    account : str
        Name of the account in the heading; empty: `result.account`.
    known : mapping, optional
        Results whose `performance` was already computed, so that it is not computed again.

    Raises
    ------
    ValueError
        The benchmark covers other sessions, or the result has fewer than 2 sessions.
    """
    import pandas as pd

    index = pd.DatetimeIndex(result.sessions)
    other = benchmark if isinstance(benchmark, Result) else None
    if other is not None and not np.array_equal(other.sessions, result.sessions):
        raise ValueError(
            f"{result.label} and {other.label} cover different sessions; run both over the same sessions"
        )
    line = pd.Series(other.returns, index) if other is not None else None
    if isinstance(benchmark, pd.Series):
        line = align(benchmark, index)
    who = f"{result.forecaster} · {result.strategy}" if result.forecaster else result.strategy
    if result.sessions.size < 2:
        raise ValueError(f"{result.label}: one session has no return; use a longer period")
    return write_tearsheet(
        Path(path),
        pd.Series(result.returns, index).iloc[1:],
        f"{account or result.account} · {who}",
        periods_per_year=result.periods_per_year,
        benchmark=None if line is None else line.iloc[1:],
        strategy_title=result.strategy,
        benchmark_title=benchmark_title,
        notes=notes,
        simulated=simulated,
        as_is=as_is,
        figures=account_figures(result, other, benchmark_title, known or {}),
    )


def _day(returns: pd.Series, row: int) -> str:
    return str(returns.index[row])[:10]


def _moves(returns: pd.Series | None) -> bool:
    return returns is not None and len(returns) > 1 and float(np.ptp(returns.to_numpy())) > 0


def _chartable(
    returns: pd.Series,
    benchmark: pd.Series | None,
    title: str,
    benchmark_title: str,
    remarks: list[str],
) -> tuple[pd.Series | None, pd.Series | None]:
    """Return the series that QuantStats can chart and its benchmark; add a remark on what was left out.

    QuantStats raises an error on a series that never changes: it has no Sharpe ratio and no regression.
    """
    if _moves(returns):
        if benchmark is None or _moves(benchmark):
            return returns, benchmark
        remarks.append(
            f"The return of {benchmark_title} never changes, so it is left out of the charts and statistics."
        )
        return returns, None
    if len(returns) > 1 and not returns.to_numpy().any():
        remarks.append(
            f"{title} made no trade: its equity never changed, so it has no charts and no Sharpe ratio."
        )
    else:
        remarks.append(
            f"The return of {title} never changes, so it has no charts and no Sharpe ratio."
        )
    if benchmark is None or not _moves(benchmark):
        return None, None
    remarks.append(
        f"The charts and statistics show {benchmark_title} only, over the same sessions."
    )
    return benchmark, None


def _quantstats(
    returns: pd.Series,
    benchmark: pd.Series | None,
    periods_per_year: float,
    title: str,
    benchmark_title: str,
    remarks: list[str],
) -> dict[str, str]:
    """Return the charts (SVG documents) and tables of QuantStats, by name.

    An error of QuantStats must not end the run. After an error the charts are tried again without
    the benchmark. If that fails too, they are left out, and the page says so.
    """
    lines = [line for line in (returns, benchmark) if line is not None]
    if any(bool(((1 + line).cumprod() < 1).all()) for line in lines):
        remarks.append(
            "One of the series fell below its start on the first day and stayed below. QuantStats then finds no "
            "drawdown, so a day with a return of 0 was added before the first day. Its Sharpe ratio and CAGR "
            "include that day."
        )
        returns, benchmark = _grounded(returns), None if benchmark is None else _grounded(benchmark)
    try:
        return _report(returns, benchmark, periods_per_year, title, benchmark_title)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if benchmark is None:
            remarks.append(f"QuantStats could not chart these {len(returns)} returns ({error}).")
            return {}
        remarks.append(
            f"QuantStats could not compare with {benchmark_title} ({error}), so it is left out."
        )
        return _quantstats(returns, None, periods_per_year, title, benchmark_title, remarks)


def _grounded(returns: pd.Series) -> pd.Series:
    """Return the series with a return of 0 on the day before it."""
    import pandas as pd

    before = pd.Series([0.0], pd.DatetimeIndex([returns.index[0] - pd.Timedelta(days=1)]))
    grounded: pd.Series = pd.concat([before, returns])
    return grounded


def _report(
    returns: pd.Series,
    benchmark: pd.Series | None,
    periods_per_year: float,
    title: str,
    benchmark_title: str,
) -> dict[str, str]:
    """Return the parts of a QuantStats report; the template only separates them by a control character."""
    with tempfile.TemporaryDirectory() as folder, _quiet():
        import quantstats

        template, output = Path(folder, "parts.html"), Path(folder, "filled.html")
        template.write_text(_BREAK.join(f"{{{{{part}}}}}" for part in PARTS), encoding="utf-8")
        quantstats.reports.html(
            returns.copy(),
            benchmark=None if benchmark is None else benchmark.copy(),
            output=str(output),
            template_path=str(template),
            periods_per_year=periods_per_year,
            match_dates=False,
            strategy_title=title,
            benchmark_title=benchmark_title,
        )
        filled = output.read_text(encoding="utf-8").split(_BREAK)
    # Charts that need a benchmark are empty without one.
    parts = dict(zip(PARTS, filled, strict=True))
    parts["metrics"] = _renamed(parts["metrics"])
    return parts


def _renamed(table: str) -> str:
    for theirs, ours in ROWS.items():
        table = re.sub(rf"(<td>){re.escape(theirs)} *(</td>)", rf"\g<1>{ours}\2", table)
    return re.sub(r"<tr>(<td> *</td>)+ *</tr>", "", table)


@contextmanager
def _quiet() -> Iterator[None]:
    """Draw without a screen and without messages, then restore the settings of matplotlib.

    The backend is restored only if one was chosen before. Otherwise Agg stays until
    `matplotlib.use` is called.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    before = matplotlib.get_backend(auto_select=False)
    try:
        with matplotlib.rc_context(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plt.switch_backend("agg")
            import quantstats  # noqa: F401  its first import sets a theme, which no page may show
        with matplotlib.rc_context(STYLE), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                yield
    finally:
        if before and before.lower() != "agg":
            plt.switch_backend(before)


def _conventions(periods_per_year: float, charted: bool) -> list[str]:
    notes = [
        "Figures of the account: CAGR is over calendar days (365.25 a year). The Sharpe ratio is that of daily returns "
        f"without a risk-free rate, times the square root of {periods_per_year:.1f}.",
        "Gross: the same fills, with commission, tax and slippage added back. The costs of a trade include both sides.",
    ]
    if charted:
        notes += [
            f"QuantStats counts years as returns / {periods_per_year:.1f}, so its CAGR can differ a little from "
            "CAGR over calendar days. Where the data are shorter than its windows of 3, 5 and 10 years, it uses "
            "all of the data.",
            "Charts and statistics: QuantStats, from daily returns. The sessions before the first trade are "
            "included, with a return of 0.",
        ]
    return notes
