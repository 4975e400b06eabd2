"""The section on other thresholds: every trial counted, the best worth nothing, a dash for no purchase."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backtests.account.performance import performance
from backtests.report.charts.study import draw_figures
from backtests.report.page import write_index
from backtests.report.sections.sensitivity import sentences
from backtests.report.summary import summarise
from strategies.five_percent import FivePercentRule
from tests.backtests.example_studies import KOREAN, make_study
from tests.backtests.plain_charts import drawn_plain
from tests.backtests.planted_sweep import (
    FREE,
    RULE,
    market_of,
    market_points,
    planted_market,
    points_at,
    points_of,
    swept,
)


@pytest.fixture
def planted(make_bars, make_forecasts):
    return planted_market(make_bars, make_forecasts)


def test_the_trials_are_counted_and_the_best_is_worth_nothing():
    study, bars, forecasts = market_of()
    points = points_of(bars, forecasts, FivePercentRule(threshold=0.07))
    bought = [p for p in points if p.trades]
    text = sentences(points, study.held)
    assert text[0].startswith("In-sample exploration: ")
    assert text[1].startswith(
        f"66 trials (11 thresholds x 3 exits x 2 forecasters), {len(bought)} of which bought: "
    )
    assert text[1].endswith("was picked after seeing all 66 and says nothing about skill.")
    above = sum(p.total_return > performance(study.held)["total_return"] for p in bought)
    assert f"{above} of {len(bought)} ended above buy and hold" in text[2]
    never = sentences(
        [p for p in points if p.threshold == 0.1 and p.forecaster == "cnn"], study.held
    )
    assert never[1] == "None of 3 trials (1 threshold x 3 exits x 1 forecaster) ever bought."
    assert "buy and hold" not in " ".join(sentences(points, None))


def test_the_page_shows_a_dash_where_nothing_was_bought(tmp_path):
    study, _, _ = market_of()
    study = replace(study, sensitivity=market_points())
    html = write_index(tmp_path, summarise(study), {}, {}).read_text(encoding="utf-8")
    part = html[html.index('id="sensitivity"') : html.index('id="forecasts"')]
    assert "60 trials (10 thresholds x 3 exits x 2 forecasters)" in part
    table = part[part.index("<table") : part.index("</table>")]
    rnn = table[table.index(">rnn<") :]
    point = next(p for p in study.sensitivity if p.forecaster == "rnn" and p.own)
    row = rnn[rnn.index('class="name">5.0%<') :].split("</tr>")[0]
    assert (
        f">{100 * point.total_return:+,.1f}%</td>\n<td>0/0/0%</td>\n<td>{point.trades}</td>" in row
    )
    assert "<td>0.0%" not in table
    last = max(p.threshold for p in study.sensitivity if p.forecaster == "rnn" and p.trades)
    assert last < 0.10
    assert '10.0%</td><td class="l faint"' in rnn
    assert "naive" not in table


def test_a_point_between_two_that_bought_is_a_dash(planted, tmp_path):
    points = points_at(swept(*planted, RULE, FREE), 0.01, 0.02, 0.05)
    poor = [replace(p, trades=0, hit_rate=None) if p.threshold == 0.02 else p for p in points]
    shown = replace(make_study(), sensitivity=tuple(poor))
    html = write_index(tmp_path, summarise(shown), {}, {}).read_text(encoding="utf-8")
    row = html[html.index("<td>2.0%</td>") :].split("</tr>")[0]
    assert row.count('<abbr title="never bought">') == 15


def test_a_run_without_a_sweep_or_without_a_purchase_has_no_picture(tmp_path):
    study, bars, forecasts = market_of(traded=False)
    html = write_index(tmp_path, summarise(study), {}, {}).read_text(encoding="utf-8")
    assert 'id="sensitivity"' not in html
    idle = replace(study, sensitivity=points_at(swept(bars, forecasts[1]), 0.05, 0.1))
    assert "sensitivity" not in draw_figures(tmp_path / "figures", idle)
    html = write_index(tmp_path, summarise(idle), {}, {}).read_text(encoding="utf-8")
    assert "None of 6 trials (2 thresholds x 3 exits x 1 forecaster) ever bought." in html


def test_the_picture_has_a_row_for_each_forecaster_that_bought(tmp_path):
    study, _, _ = market_of()
    study = replace(study, sensitivity=market_points())
    with drawn_plain("sensitivity"):
        svg = draw_figures(tmp_path, study)["sensitivity"]
    assert (tmp_path / "sensitivity.png").stat().st_size > 10_000
    for words in ("entry", "day", "touch", "rnn", KOREAN, "threshold of this run, 5.0%",
                  "in-sample exploration, 60 trials"):  # fmt: skip
        assert f">{words}" in svg or f"({words})" in svg, words
    assert svg.count(">hit rate, %<") == len({p.forecaster for p in study.sensitivity if p.trades})
