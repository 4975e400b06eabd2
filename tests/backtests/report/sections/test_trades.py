"""What was bought when: every trade is there, its forecast is that of its day, a choice hides the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from backtests.report.page import write_index
from backtests.report.sections import trades as module
from backtests.report.sections.trades import trade_table, unfilled_table
from backtests.report.summary import summarise
from tests.backtests.browser import CHROMIUM, open_page
from tests.backtests.example_studies import forecasts_of, make_manifest, make_study, make_unfilled


def test_each_trade_of_each_result_is_a_row_with_the_forecast_it_was_decided_on() -> None:
    study = make_study(strategies=("five_percent", "quantile"))
    table = trade_table(study)
    every = [(r, trade) for r in study.results for trade in r.trades]
    assert [row.trade for row in table.rows] == [trade for _, trade in every]
    forecasts = {f.forecaster: f for f in forecasts_of(study)}
    for row, (result, trade) in zip(table.rows, every, strict=True):
        if result.forecaster is None:
            assert row.forecast is None
            continue
        f = forecasts[result.forecaster]
        (day,) = [i for i in range(len(f)) if str(f.as_of[i]) == trade.decided]
        assert row.forecast == pytest.approx(f.close[day] / f.last_close[day] - 1)
    assert dict(table.results)[table.first].startswith("stacked_lstm · quantile (")
    assert not table.cut


def test_results_with_few_trades_leave_room_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(strategies=("five_percent", "quantile"))
    counts = [len(r.trades) for r in study.results if r.trades]
    monkeypatch.setattr(module, "MOST", 8)
    table = trade_table(study)
    assert counts == [2, 2, 2, 2, 2, 1]
    assert [row.result for row in table.rows] == [f"r{i}" for i in range(6)], "8 / 6 is one each"
    assert len(table.cut) == 5
    assert all("the first 1 of 2 trades" in text for text in table.cut)
    monkeypatch.setattr(module, "MOST", 11)
    assert len(trade_table(study).rows) == 11
    monkeypatch.setattr(module, "MOST", 7)
    assert len(trade_table(study).rows) == 6, "7 are no 2 for each of the five that have them"


def test_what_was_not_filled_is_counted_by_its_reason() -> None:
    study = make_study()
    first = replace(
        study.results[0], unfilled=make_unfilled("A.KS", halt=2, unaffordable=1, expired=0)
    )
    whys, rows = unfilled_table([first, study.results[1]])
    assert whys == ["unaffordable", "halt"]
    assert rows == [("naive · five_percent", [1, 2])]
    assert set(module.WHYS) == set(module.REASONS), "each reason has its words"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt install chromium")
def test_a_choice_hides_what_is_not_of_it_without_a_script(tmp_path: Path) -> None:
    study = make_study(strategies=("five_percent", "quantile"))
    page = write_index(tmp_path, summarise(study), make_manifest(study), {})
    html = page.read_text(encoding="utf-8")
    table = trade_table(study)
    assert "<script" not in html
    (chosen, _) = table.results[-1]
    picked = html.replace(f'value="{table.first}" selected', f'value="{table.first}"').replace(
        f'<option value="{chosen}">', f'<option value="{chosen}" selected>'
    )
    for text, name in ((html, table.first), (picked, chosen)):
        shown = visible_rows(text, tmp_path)
        assert shown == sum(row.result == name for row in table.rows)
        assert 0 < shown < len(table.rows)


def visible_rows(html: str, folder: Path) -> int:
    """Return how many rows of trades Chromium lays out: a probe counts them into the page."""
    probe = (
        "<script>addEventListener('load',()=>{console.log('rows '+[...document.querySelectorAll("
        "'#what tbody tr')].filter(r=>r.offsetParent!==null).length)})</script>"
    )
    page = folder / "probe.html"
    page.write_text(re.sub(r"<meta http-equiv[^>]*>", probe, html), encoding="utf-8")
    _, console = open_page(page, folder / "profile")
    (found,) = re.findall(r"rows (\d+)", "\n".join(console))
    return int(found)
