"""The tearsheet: right numbers in the right column, and a page whatever the account did."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

from backtests.account.performance import performance
from backtests.account.result import Result
from backtests.report.tearsheet import tearsheet_of, write_tearsheet
from tests.backtests.browser import outside_addresses
from tests.backtests.example_studies import KOREAN, make_study, returns_of
from tests.backtests.plain_charts import drawn_whole

RNG = np.random.default_rng(7)


def table(html: str, part: str) -> dict[str, list[str]]:
    """Return the rows of a table of the page, by the name in their first cell."""
    section = html[html.index(f'id="{part}"') :].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)
    cells = [
        [c.strip() for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]
    return {row[0]: row[1:] for row in cells if row}


def series(values: object) -> pd.Series:
    days, array = returns_of(values)  # type: ignore[arg-type]
    return pd.Series(array, pd.DatetimeIndex(days))


def account(equity: object, ppy: float = 246.0) -> Result:
    value = np.asarray(equity, dtype=np.float64)
    days, _ = returns_of(value)
    return Result(
        "T", "cnn", "five_percent", days, value, value.copy(), np.zeros(value.size), (), (), ppy
    )


def fall_of(result: Result) -> float:
    return float(performance(result)["max_drawdown"] or 0.0)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Result, Result]:
    study = make_study()
    rnn, held = study.results[2], study.results[-1]
    matplotlib.use("svg")
    before = dict(matplotlib.rcParams)
    with drawn_whole():
        path = tearsheet_of(tmp_path_factory.mktemp("sheet") / "rnn.html", rnn, held)
    assert dict(matplotlib.rcParams) == before, "the caller's settings and backend stay"
    matplotlib.use("agg")
    return path.read_text(encoding="utf-8"), rnn, held


def test_each_number_stands_in_its_own_column(traded: tuple[str, Result, Result]) -> None:
    html, rnn, held = traded
    metrics, figures = table(html, "metrics"), table(html, "figures")
    assert metrics["Metric"] == figures[""] == ["buy and hold", "five_percent"]
    for column, result in enumerate((held, rnn)):
        ours: dict[str, Any] = {**performance(result)}
        total, sharpe, fall, cagr = (
            ours[k] for k in ("total_return", "sharpe", "max_drawdown", "cagr")
        )
        assert metrics["Cumulative Return"][column] == f"{100 * total:.2f}%"
        assert float(metrics["Sharpe"][column]) == pytest.approx(sharpe, abs=0.0051)
        assert metrics["Max Drawdown"][column] == f"{100 * fall:.2f}%"
        assert float(metrics["CAGR (by sessions)"][column].rstrip("%")) == pytest.approx(
            100 * cagr, abs=0.1
        )
        assert figures["Total return, after costs"][column] == f"{total:+.1%}"
        assert figures["CAGR"][column] == f"{cagr:+.1%}"
        assert figures["Sharpe ratio"][column] == f"{sharpe:.2f}"
        assert figures["Trades"][column] == str(len(result.trades))
    assert performance(rnn)["total_return"] != performance(held)["total_return"]


def test_years_are_those_of_the_sessions(traded: tuple[str, Result, Result]) -> None:
    html, rnn, _ = traded
    years = table(html, "years")
    assert list(years) == ["Year", "2018", "2019"]
    last = np.flatnonzero(rnn.sessions < np.datetime64("2019-01-01"))[-1]
    assert float(years["2018"][1]) == pytest.approx(
        100 * (rnn.equity[last] / rnn.equity[0] - 1), abs=0.01
    )


def test_the_page_says_how_it_counts(traded: tuple[str, Result, Result]) -> None:
    html, rnn, _ = traded
    assert f"{rnn.periods_per_year:.1f} sessions a year" in html
    assert "Days, not trades" in html
    assert "Payoff Ratio (days)" in html
    assert ">Win Days<" not in html
    assert len(re.findall("still held", html)) == 1
    assert "SIMULATED" not in html


def test_the_page_asks_nothing_outside_itself(traded: tuple[str, Result, Result]) -> None:
    html = traded[0]
    assert outside_addresses(html) == []
    assert "http:" not in html
    assert "https:" not in html
    assert "{{" not in html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_rule_that_never_traded_has_a_page_beside_buy_and_hold(tmp_path: Path) -> None:
    study = make_study(traded=False)
    html = tearsheet_of(tmp_path / "x.html", study.results[1], study.results[-1]).read_text(
        encoding="utf-8"
    )
    assert "five_percent made no trade" in html
    assert "The charts and statistics show buy and hold only" in html
    assert table(html, "metrics")["Metric"] == ["buy and hold"]
    assert table(html, "figures")["Total return, after costs"] == ["-38.2%", "0.0%"]


def test_signals_too_dear_for_the_cash_are_counted(tmp_path: Path) -> None:
    poor = replace(account([1e3] * 50), unaffordable=7)
    html = tearsheet_of(tmp_path / "x.html", poor).read_text(encoding="utf-8")
    assert table(html, "figures")["Signals without cash for one share"] == ["7"]


def test_without_trade_and_benchmark_the_page_needs_no_quantstats(tmp_path: Path) -> None:
    html = tearsheet_of(tmp_path / "x.html", account([1e8] * 50)).read_text(encoding="utf-8")
    assert "five_percent made no trade" in html
    assert 'id="metrics"' not in html


@pytest.mark.usefixtures("whole_charts")
def test_korean_names_stay_letters_and_simulated_stands_in_the_title(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    study = make_study(KOREAN, simulated=True)
    path = tearsheet_of(
        tmp_path / "x.html",
        study.results[2],
        study.results[-1],
        benchmark_title="보유 <b>",
        simulated=True,
    )
    html = path.read_text(encoding="utf-8")
    assert f"<title>SIMULATED · {KOREAN} · rnn · five_percent</title>" in html
    assert ">보유 &lt;b&gt;</text>" in html, "legends are text, not outlines or boxes"
    assert "<b>" not in html
    assert capfd.readouterr() == ("", "")
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"], "no half-written page is left"


@pytest.mark.usefixtures("whole_charts")
@pytest.mark.parametrize(
    ("values", "benchmark"),
    [
        pytest.param([0.01, -0.02], [0.0, 0.01], id="three sessions"),
        pytest.param([0.01], None, id="two sessions", marks=pytest.mark.slow),
        pytest.param(
            -np.abs(RNG.normal(0, 0.01, 60)),
            RNG.normal(0, 0.01, 60),
            id="falls every day",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            np.r_[np.zeros(200), 0.01, np.zeros(60)],
            RNG.normal(0, 0.01, 261),
            id="one day in the market",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            RNG.normal(0, 0.01, 60),
            np.zeros(60),
            id="benchmark never moves",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            np.full(30, 0.01),
            RNG.normal(0, 0.01, 30),
            id="the same return every day",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_any_account_has_a_page(tmp_path: Path, values: object, benchmark: object) -> None:
    other = None if benchmark is None else series(benchmark)
    path = write_tearsheet(
        tmp_path / "x.html", series(values), "T", periods_per_year=246, benchmark=other
    )
    html = path.read_text(encoding="utf-8")
    assert "</html>" in html
    assert "nan%" not in html
    assert "{{" not in html, "a chart that QuantStats left out leaves no hole"


def test_a_fall_from_the_first_day_is_a_drawdown_and_the_idle_start_is_kept(tmp_path: Path) -> None:
    equity = 100 * np.cumprod(np.r_[1.0, np.full(100, 1.0), 0.9, np.tile([1.01, 0.99], 50)])
    result = account(equity)
    html = tearsheet_of(tmp_path / "x.html", result).read_text(encoding="utf-8")
    metrics = table(html, "metrics")
    assert metrics["Max Drawdown"] == [f"{100 * fall_of(result):.2f}%"]
    assert float(metrics["Sharpe"][0]) == pytest.approx(performance(result)["sharpe"], abs=0.0051)
    assert "201 daily returns, 2018-01-03 to" in html
    down = account(100 * np.cumprod(np.r_[1.0, 0.9, np.tile([1.01, 0.99], 20)]))
    html = tearsheet_of(tmp_path / "y.html", down).read_text(encoding="utf-8")
    assert table(html, "metrics")["Max Drawdown"] == [f"{100 * fall_of(down):.2f}%"]
    assert "fell below its start on the first day" in html


def test_what_quantstats_cannot_draw_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import quantstats

    def fail(returns: pd.Series, benchmark: object = None, **_: object) -> None:
        raise ValueError("a chart of theirs")

    monkeypatch.setattr(quantstats.reports, "html", fail)
    study = make_study()
    html = tearsheet_of(tmp_path / "x.html", study.results[2], study.results[-1]).read_text(
        encoding="utf-8"
    )
    assert "QuantStats could not chart these 369 returns (a chart of theirs)" in html
    assert table(html, "figures")["Trades"] == ["1", "2"]


def test_a_benchmark_over_other_sessions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="different sessions"):
        tearsheet_of(tmp_path / "x.html", account([1.0, 2.0, 3.0]), account([1.0, 2.0]))


def test_importing_the_module_does_not_import_quantstats() -> None:
    import subprocess

    heavy = {"quantstats", "matplotlib", "jinja2", "pandas"}
    code = f"import sys, backtests.report.tearsheet, backtests.report.page; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
