"""The comparison page: what a trader reads first is there, right, and asks nothing outside."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from backtests.account.performance import performance
from backtests.report import rendering
from backtests.report.lead import findings as findings_of
from backtests.report.overview import write_overview
from backtests.report.page import FILES, write_index
from backtests.report.rows import COLUMNS
from backtests.report.summary import summarise
from backtests.report.tables.paper import write_report_tables
from backtests.report.tearsheet import tearsheet_of
from backtests.studies.study import Study
from backtests.writing.numbers import level, money, number, percent
from forecasters.forecasts import Forecasts
from tests.backtests.browser import CHROMIUM, open_page, outside_addresses
from tests.backtests.example_studies import (
    KOREAN,
    bars_of,
    forecasts_of,
    make_manifest,
    make_result,
    make_study,
    make_unfilled,
    with_plain_rule,
)
from tests.backtests.plain_charts import drawn_plain, drawn_whole
from tests.backtests.report.read_page import table_of, tables_of

TEMPLATES = Path(rendering.__file__).parent / "templates"
STRATEGIES = ("five_percent", "five_percent:threshold=0.02", "quantile")


def findings(study: Study) -> list[str]:
    return findings_of(summarise(study))


def page_of(folder: Path, study: Study) -> str:
    links = {result.label: f"tearsheets/{result.label}.html" for result in study.results}
    path = write_index(folder, summarise(study), make_manifest(study), links)
    assert path == folder / "index.html"
    return path.read_text(encoding="utf-8")


def forecasting(study: Study, *forecasts: Forecasts) -> Study:
    """Return the study with these forecasts of its one ticker."""
    return replace(study, forecasts={study.account: forecasts})


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture(scope="module")
def study() -> Study:
    return make_study()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def html(study: Study, folder: Path) -> str:
    with drawn_whole():
        return page_of(folder, study)


def test_summary_rows_hold_every_result_with_plain_values(study: Study) -> None:
    rows = summarise(study).rows
    assert [row["label"] for row in rows] == [result.label for result in study.results]
    assert all(tuple(row) == COLUMNS for row in rows)
    assert all(
        value is None or type(value) in (str, int, float, bool)
        for row in rows
        for value in row.values()
    )
    naive, model, held = rows[0], rows[2], rows[-1]
    assert naive["beats_naive"] is None
    assert naive["mape"] == naive["mape_naive"]
    assert model["beats_naive"] is False
    assert model["mape_seed_min"] <= model["mape_seed_max"]  # type: ignore[operator]
    assert held["mape"] is None
    assert held["forecaster"] is None
    assert naive["sharpe"] is None, "an account that never moved has no Sharpe ratio"
    assert model["total_return"] == performance(study.results[2])["total_return"]


def test_the_first_words_compare_with_naive_and_with_holding(study: Study) -> None:
    first = findings(study)
    assert first[0].startswith("None of 4 forecasters had a lower error than naive")
    assert first[1] == "Buy and hold returned -38.2% after costs over 370 sessions."
    assert first[2].startswith(
        "1 of 4 combinations of forecaster and rule traded, and 1 of those ended above"
    )
    better = replace(
        forecasts_of(study)[1], by_seed=np.repeat(forecasts_of(study)[1].actual[None], 3, axis=0)
    )
    lead = findings(forecasting(study, forecasts_of(study)[0], better, *forecasts_of(study)[2:]))[0]
    assert lead.startswith("1 of 4 forecasters had a lower error than naive")
    assert "more than chance" in lead
    alone = findings(forecasting(study, forecasts_of(study)[0], better))[0]
    assert alone.startswith(f"{better.forecaster} (0.00%) had a lower error than naive"), alone
    never = findings(make_study(traded=False))
    assert "None of 4 combinations of forecaster and rule ever bought" in never[-1]


def test_the_note_on_seeds_stands_only_beside_their_column(study: Study, tmp_path: Path) -> None:
    assert "Seeds gives the lowest" in page_of(tmp_path, study)
    one = [replace(f, by_seed=f.by_seed[:1], seeds=f.seeds[:1]) for f in forecasts_of(study)]
    assert "Seeds gives the lowest" not in page_of(tmp_path, forecasting(study, *one))


def test_forecasters_are_judged_even_where_no_rule_asks_them(study: Study, tmp_path: Path) -> None:
    unasked = with_plain_rule(study)
    unasked = replace(unasked, results=unasked.results[-2:], exits=(), judgement=None)
    first = findings(unasked)
    assert first[0] == findings(study)[0]
    assert first[2].startswith("hold traded and ended above buy and hold, after costs: "), first[2]
    assert "on 1 purchase, too few to tell skill from luck." in first[2]
    html = page_of(tmp_path, unasked)
    assert "Lowest MAPE" in html
    write_report_tables(tmp_path, [summarise(unasked)])
    table = (tmp_path / "forecasters.md").read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == [
        f"| {f.forecaster}" for f in forecasts_of(study)
    ]


def test_the_table_shows_every_result_and_shades_what_is_worse_than_naive(
    html: str, study: Study
) -> None:
    held, *rows = table_of(html, "summary").rows
    assert len(rows) + 1 == len(study.results)
    assert (held["Rule"], held.classes) == ("buy_and_hold", ["reference"])
    for row, result in zip(rows, study.results, strict=False):
        figures = performance(result)
        assert row["Forecaster"] == result.forecaster
        base, costs = result.base, figures["costs"]
        value = sum(fill.size * fill.price for fill in result.fills)
        earned = float(result.equity[-1]) - base + costs
        assert row["Gross"] == percent(figures["gross_return"])
        assert row["Costs"] == percent(costs / base, 1, sign=False)
        assert row.titles["Costs"] == money(costs, study.currency)
        assert row["Net"] == percent(figures["total_return"])
        assert row["Paid"] == (number(1e4 * costs / value, 1) if value else "–")
        assert row["Break-even"] == (number(1e4 * earned / value, 1) if value else "–")
        assert row["Sharpe"] == number(figures["sharpe"])
        assert row["Not filled"] == ("1 expired" if result.expired else "0")
        assert row.classes == ([] if result.forecaster == "naive" else ["worse"])
        assert row.links["Rule"] == f"tearsheets/{result.label}.html"
    assert rows[0].titles["Sharpe"] == "the equity never moved: no spread to divide by"


def test_the_page_holds_all_parts(html: str, study: Study) -> None:
    text = words(html)
    for part in (
        study.readings["five_percent"], study.costs_note, "csv (a test)", "2 rows without a session dropped", "3 halts",
        "splits, not dividends", "What the reading of the exit decides", "rnn forecast +5.0% or more on 5 days",
        "stacked_lstm never bought", "The price itself rose 5.0% or more on 2 of 366 days", "365.25",
        f"{bars_of(study).periods_per_year:.1f} a year",
        f"the square root of {study.results[0].periods_per_year:.1f}, the out-of-sample sessions a year",
        "ab" * 32, "cd" * 32, bars_of(study).digest, "max_hold",
        "2018-01-15 2018-07-09 126", "Never bought under any exit: naive, stacked_lstm",
    ):  # fmt: skip
        assert part in text, part
    assert all(f'href="{name}"' in html for name in FILES)
    assert html.count("<svg") == 6
    assert "accurate" not in text.lower()
    assert "SIMULATED" not in html
    assert text.count("naive forecasts no change") == 1


def test_a_rule_without_forecast_is_no_buy_and_hold(study: Study, tmp_path: Path) -> None:
    plain = with_plain_rule(study)
    assert plain.held is not None
    assert plain.held.strategy == "buy_and_hold"
    assert [result.strategy for result in plain.ruled][-1] == "hold"
    assert findings(plain)[1] == findings(study)[1], "buy and hold stays buy and hold"
    assert findings(plain)[2].startswith("2 of 5 combinations of forecaster and rule (a rule")
    html = page_of(tmp_path, plain)
    references = [
        row["Rule"] for row in table_of(html, "summary").rows if row.classes == ["reference"]
    ]
    assert references == ["buy_and_hold"]
    tile = html[html.index("<span>Buy and hold</span>") :].split("</div>")[0]
    assert percent(performance(plain.held)["total_return"]) in tile
    overview = write_overview(tmp_path, [summarise(plain)], make_manifest(plain)).read_text(
        encoding="utf-8"
    )
    assert percent(performance(plain.held)["total_return"]) in overview
    assert "2 of 5 combinations" in overview


def test_the_best_rule_is_named_even_without_a_forecaster(study: Study, tmp_path: Path) -> None:
    rich = make_result(bars_of(study), None, "hold", 530, holds=((200, 210),), cash=1e8)
    rich = replace(rich, equity=rich.equity * np.linspace(1, 9, rich.equity.size))
    best = replace(study, results=(*study.results[:-1], rich, study.results[-1]))
    assert "the highest after costs is hold: +" in findings(best)[2]
    html = page_of(tmp_path, best)
    assert "None" not in html[html.index("Highest rule") :].split("</div>")[0]


def test_buy_and_hold_that_could_not_pay_is_no_return_of_zero(study: Study) -> None:
    idle = replace(study.results[-1], trades=(), unaffordable=3)
    sentences = findings(replace(study, results=(*study.results[:-1], idle)))
    assert (
        sentences[1] == "Not even buy and hold could buy one share over 370 sessions. Raise --cash."
    )
    assert "above buy and hold" not in sentences[2]
    waiting = findings(replace(study, results=(*study.results[:-1], replace(idle, unaffordable=0))))
    assert waiting[1].startswith("Buy and hold never bought over 370 sessions")


def test_without_buy_and_hold_nothing_is_compared_with_it(study: Study, tmp_path: Path) -> None:
    alone = replace(study, results=study.results[:-1])
    assert alone.held is None
    assert "buy and hold" not in " ".join(findings(alone)).lower()
    assert "<span>Buy and hold</span>" not in page_of(tmp_path, alone)


def test_thresholds_are_printed_exactly(tmp_path: Path) -> None:
    exact = {
        0.0125: "1.25%",
        0.05: "5.0%",
        0.07: "7.0%",
        0.0005: "0.05%",
        1e-05: "0.001%",
        1: "100.0%",
    }
    for share, text in exact.items():
        assert level(share, sign=False) == text
        assert level(share) == f"+{text}"
    assert level(-0.0125) == "-1.25%"
    assert level(0.0) == "0.0%"
    study = make_study()
    with drawn_plain("returns"):
        html = page_of(tmp_path, replace(study, thresholds={"five_percent": 0.0125}))
    headings = table_of(html, "diagnosis").headings
    assert "+1.2%" not in headings
    assert "+1.25%" in headings
    assert "buys at +1.25%" in html
    assert "The price itself rose 1.25% or more" in html


def test_what_could_not_be_bought_has_a_reason_in_the_table(study: Study, tmp_path: Path) -> None:
    unfilled = make_unfilled("A.KS", unaffordable=4, rejected=2, expired=1)
    poor = replace(
        study.results[2], trades=(), unaffordable=4, rejected=2, expired=1, unfilled=unfilled
    )
    html = page_of(tmp_path, replace(study, results=(*study.results[:2], poor, study.results[-1])))
    words = [row["Not filled"] for row in table_of(html, "summary").rows]
    assert "4 unaffordable, 2 rejected, 1 expired" in words
    assert summarise(replace(study, results=(poor,))).rows[0]["unaffordable"] == 4


def test_a_forecaster_that_repeats_the_close_is_never_called_better_or_worse(
    study: Study, tmp_path: Path
) -> None:
    copy = replace(forecasts_of(study)[0], forecaster="mine", seeds=())
    result = replace(study.results[0], forecaster="mine")
    twin = replace(
        study,
        forecasts={study.account: (forecasts_of(study)[0], copy)},
        results=(study.results[0], result, study.results[-1]),
        histories={},
        exits=(),
    )
    assert findings(twin)[0].startswith("mine had no lower error")
    html = page_of(tmp_path, twin)
    assert not any("worse" in row.classes for table in tables_of(html) for row in table.rows)
    assert "A larger MAPE than naive" not in html


def test_the_page_is_small_and_asks_nothing_outside(html: str) -> None:
    assert len(html) < 3_000_000
    assert outside_addresses(html) == []
    assert "default-src 'none'" in html, "the browser itself keeps the page from asking"
    assert "http:" not in html
    assert "https:" not in html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_three_strategies_simulated_and_korean(tmp_path: Path) -> None:
    with drawn_plain("returns"):
        html = page_of(tmp_path, make_study(KOREAN, simulated=True, strategies=STRATEGIES))
    assert f"<title>SIMULATED · {KOREAN}</title>" in html
    assert html.count("<small>SIMULATED</small>") == 5 * 3 + 1
    assert html.count('class="diagnosis"') == 2, "quantile has no threshold"
    assert "buys at +2.0%" in html


def test_names_are_escaped(tmp_path: Path) -> None:
    html = page_of(
        tmp_path, make_study("<script>x</script>$a$", traded=False, forecasters=("./a&b.py:x=1",))
    )
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "no forecaster bought under any exit" in words(html).lower()


def test_a_study_without_losses_exits_foresight_or_outcomes(tmp_path: Path) -> None:
    study = make_study(traded=False, rows=532, first=530, forecasters=("cnn",))
    waiting = [replace(f, actual=np.full(len(f), np.nan)) for f in forecasts_of(study)]
    bare = replace(
        study,
        forecasts={study.account: tuple(waiting)},
        histories={},
        exits=(),
        foresight=(),
        readings={},
    )
    html = write_index(tmp_path, summarise(bare), {}, {}).read_text(encoding="utf-8")
    assert "no forecast has its outcome" in html
    assert "not recorded" in html


def test_the_overview_links_every_ticker(tmp_path: Path) -> None:
    studies = [
        make_study(t, seed=i, simulated=i == 1)
        for i, t in enumerate(("051900.KS", "^KS11", KOREAN))
    ]
    html = write_overview(
        tmp_path, [summarise(s) for s in studies], make_manifest(studies[0])
    ).read_text(encoding="utf-8")
    assert 'href="051900.KS/index.html"' in html
    assert 'href="%5EKS11/index.html"' in html
    assert "<title>SIMULATED · 3 tickers</title>" in html
    assert "SIMULATED prices of ^KS11" in html
    assert len(table_of(html, "summary").rows) == sum(len(study.results) for study in studies)
    assert [row["Ticker"] for row in table_of(html, "tickers").rows] == [
        f"{study.account} SIMULATED" if study.simulated else study.account for study in studies
    ]
    assert outside_addresses(html) == []


def test_what_counts_as_outside() -> None:
    planted = '<a href="https://a.b"></a><img src=\'//c.d/e\'><style>@import "x";p{background:url(http://f)}</style>'
    assert len(outside_addresses(planted)) == 4
    assert outside_addresses('<link href="data:,"><a href="a/b.html">') == []


@pytest.mark.browser
@pytest.mark.usefixtures("whole_charts")
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium")
def test_the_pages_open_in_chromium_without_error_or_request(
    html: str, study: Study, folder: Path, tmp_path: Path
) -> None:
    sheet = tearsheet_of(folder / "tearsheets" / "rnn.html", study.results[2], study.results[-1])
    for number_, page in enumerate((folder / "index.html", sheet)):
        asked, console = open_page(page, tmp_path / str(number_))
        assert asked == []
        assert console == []
    planted = tmp_path / "planted.html"
    planted.write_text(
        '<html><img src="http://example.invalid/x.png"><script>console.error("no")</script></html>'
    )
    asked, console = open_page(planted, tmp_path / "profile")
    assert any("example.invalid" in line for line in asked)
    assert console, "a check that cannot fail is no check"


def test_no_line_of_a_template_is_too_long_to_read() -> None:
    templates = sorted(TEMPLATES.iterdir())
    assert templates
    for template in templates:
        lines = template.read_text(encoding="utf-8").splitlines()
        long = [number for number, line in enumerate(lines, 1) if len(line) > 120]
        assert not long, f"{template.name}: lines {long} have more than 120 characters"
