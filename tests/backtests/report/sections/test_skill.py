"""The section on skill: every figure of the table, and what the forecasters show together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backtests.judging.skill import Skill, judge_forecasts
from backtests.report.rendering import render_section
from backtests.report.sections.skill import section
from backtests.writing.numbers import p_text
from forecasters.forecasts import Forecasts
from tests.backtests.planted_skill import MADE, NAIVE, SKILL, clairvoyant
from tests.backtests.report.read_page import tables_of


def test_nothing_to_judge_shows_no_section() -> None:
    assert section(judge_forecasts({})) is None
    assert html_of(judge_forecasts({})).strip() == ""


def skill_of_days(n: int) -> Skill:
    def cut(f: Forecasts) -> Forecasts:
        actual = np.where(np.arange(len(f)) < n, f.actual, np.nan)
        return replace(f, actual=actual)

    return judge_forecasts({name: (cut(forecasts[0]),) for name, forecasts in MADE.items()})


def test_few_days_are_said_to_be_few() -> None:
    found = skill_of_days(12)
    assert found.n == 12 and found.judged[0].absolute.gain is not None
    page = html_of(found)
    assert "not tested against naive: 12 days: a test needs 20" in page
    assert "No model confidence set: 12 days: a test needs 20" in page


def html_of(skill: Skill, pooled: bool = False) -> str:
    return render_section(section(skill, pooled=pooled))


def cells_of(page: str, name: str) -> list[str]:
    (table,) = tables_of(page)
    return list(table.by("Forecaster")[name].values())


def test_the_page_shows_every_figure() -> None:
    page = html_of(SKILL)
    for one in SKILL.judged:
        a = one.absolute
        assert cells_of(page, one.forecaster) == [
            one.forecaster,
            f"{100 * a.gain:+.1f}%",
            f"{100 * a.low:+.1f}% to {100 * a.high:+.1f}%",
            f"{100 * a.detectable:.1f}%",
            f"{100 * one.squared.gain:+.1f}%",
            *(p_text(p) for p in (a.p_better, one.p_better, a.p_worse, one.p_worse)),
            *(p_text(p) for p in (one.clark_west.p, one.p_clark_west)),
            f"{one.folds.statistic:.0f} of {one.folds.n}",
            p_text(one.folds.p),
            p_text(one.direction.p),
        ]
    (table,) = tables_of(page)
    assert [row["Forecaster"] for row in table.rows if "worse" in row.classes] == ["wild"]
    assert "Over the 366 sessions" in page and "mean over the tickers" not in page
    assert "mean over the tickers" in html_of(SKILL, pooled=True)


def test_the_page_says_what_all_together_show() -> None:
    page = html_of(SKILL)
    assert "A test over all 3 forecasters speaks for the best of them (p " in page
    assert "The verdict asks more" in page
    assert "keeps 1 of 4, and naive is not among them: good." in page
    page = html_of(judge_forecasts({n: MADE[n] for n in ("wild", "quiet")}))
    assert "None of 2 forecasters has a smaller mean error than naive." in page
    assert "keeps only naive of 3: at 10% this test drops each of the others." in page
    little = clairvoyant(NAIVE, "little", 0.03, 0.004, 1)
    page = html_of(judge_forecasts({"little": (little,), "wild": MADE["wild"]}))
    assert "A test over all 2 forecasters does not speak for the best of them (p " in page
    assert "keeps 2 of 3, naive among them: naive and little." in page


def test_a_copy_of_naive_is_counted_where_all_are_meant() -> None:
    copy = (replace(NAIVE, forecaster="same"),)
    page = html_of(judge_forecasts({"same": copy, "wild": MADE["wild"], "quiet": MADE["quiet"]}))
    assert "None of 3 forecasters has a smaller mean error than naive." in page
    little = (clairvoyant(NAIVE, "little", 0.03, 0.004, 1),)
    page = html_of(judge_forecasts({"same": copy, "little": little, "wild": MADE["wild"]}))
    assert "A test over the 2 forecasters that differ from naive does not speak for" in page


def test_a_set_that_keeps_all_is_said_to_have_no_power() -> None:
    quiet = {n: (clairvoyant(NAIVE, n, 0.0, 0.0005, i),) for i, n in enumerate("ab")}
    page = html_of(judge_forecasts(quiet))
    assert "keeps all 3, naive among them: no power" in page and "speaks for none" in page


def test_one_forecaster_needs_no_adjusted_column_and_no_best_of_many() -> None:
    assert html_of(SKILL).count("adj.") == 3
    page = html_of(judge_forecasts({"good": MADE["good"]}))
    assert len(cells_of(page, "good")) == 11
    assert "adj." not in page and "A test over all" not in page


def test_a_dash_says_why() -> None:
    same = replace(NAIVE, forecaster="same")
    page = html_of(judge_forecasts({"same": (same,), "good": MADE["good"]}))
    assert 'title="its losses are those of the benchmark"' in page
    assert 'title="the forecast is of no change"' in page and 'title="no fold differs"' in page


def test_a_name_is_text() -> None:
    odd = replace(MADE["good"][0], forecaster="<b>&")
    html = render_section(section(judge_forecasts({"<b>&": (odd,)})))
    assert "&lt;b&gt;&amp;" in html and "<b>&" not in html
