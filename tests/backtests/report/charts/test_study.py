"""The charts: the same bytes for the same study, one page without a clash, readable letters."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from backtests.report.charts.inline import inline_svg
from backtests.report.charts.study import colour_of, draw_figures
from tests.backtests.example_studies import KOREAN, forecasts_of, make_study, with_plain_rule
from tests.backtests.plain_charts import drawn_plain, drawn_whole


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("figures")
    before = dict(matplotlib.rcParams)
    study = make_study(
        KOREAN, simulated=True, strategies=("five_percent", "five_percent:threshold=0.02")
    )
    with drawn_whole():
        figures = draw_figures(folder, study)
    assert dict(matplotlib.rcParams) == before
    return folder, figures


def test_every_chart_is_saved_as_svg_and_png(drawn: tuple[Path, dict[str, str]]) -> None:
    folder, figures = drawn
    assert set(figures) == {"equity", "closes", "returns", "errors", "deciles", "losses"}
    assert {path.name for path in folder.iterdir()} == {
        f"{n}.{e}" for n in figures for e in ("svg", "png")
    }
    assert sum(map(len, figures.values())) < 1_500_000


def test_ids_are_unique_in_a_page_and_every_reference_is_met(
    drawn: tuple[Path, dict[str, str]],
) -> None:
    page = "".join(drawn[1].values())
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert ids
    assert max(ids.values()) == 1
    used = {a or b for a, b in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)}
    assert used <= set(ids)


def test_no_drawing_names_an_address_outside_the_page(drawn: tuple[Path, dict[str, str]]) -> None:
    assert "http" not in "".join(drawn[1].values())
    assert "<?xml" not in "".join(drawn[1].values())


def test_words_stay_words_and_say_what_is_simulated(drawn: tuple[Path, dict[str, str]]) -> None:
    for svg in drawn[1].values():
        assert KOREAN in svg
        assert "SIMULATED" in svg
    assert "buys at +5.0%" in drawn[1]["returns"]
    assert "buy_and_hold" in drawn[1]["equity"]


@pytest.mark.slow
@pytest.mark.usefixtures("whole_charts")
def test_the_same_study_gives_the_same_bytes(
    drawn: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    study = make_study(
        KOREAN, simulated=True, strategies=("five_percent", "five_percent:threshold=0.02")
    )
    draw_figures(tmp_path, study)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (drawn[0] / path.name).read_bytes(), path.name


def test_only_buy_and_hold_has_its_line(tmp_path: Path) -> None:
    study = with_plain_rule(make_study())
    with drawn_plain("equity"):
        svg = draw_figures(tmp_path, study)["equity"]
    assert len(re.findall(r"stroke-width: 2\b", svg)) == 2, "the line and its key in the legend"
    colours = colour_of(study)
    assert colours[None] not in {colours[f.forecaster] for f in forecasts_of(study)}


def test_the_deciles_have_a_chart_a_forecaster_whose_forecast_changes(tmp_path: Path) -> None:
    study = make_study(traded=False, forecasters=("rnn", "cnn"))
    naive, rnn, _ = forecasts_of(study)
    with drawn_plain("deciles"):
        svg = draw_figures(tmp_path, study)["deciles"]
    assert all(svg.count(f">{name}<") == 1 for name in ("rnn", "cnn"))
    assert ">naive<" not in svg
    flat = replace(rnn, by_seed=np.repeat(naive.last_close[None], 3, axis=0))
    still = replace(study, forecasts={study.account: (naive, flat)})
    assert "deciles" not in draw_figures(tmp_path, still)


def test_the_errors_have_a_chart_a_forecaster_with_naive_beside_it(tmp_path: Path) -> None:
    study = make_study(traded=False, forecasters=("rnn", "cnn"))
    with drawn_plain("errors"):
        svg = draw_figures(tmp_path, study)["errors"]
    assert all(svg.count(f">{name}<") == 1 for name in ("rnn", "cnn"))
    assert svg.count(">naive<") == 1, "the key of its line"
    alone = replace(study, forecasts={study.account: forecasts_of(study)[:1]})
    assert "errors" not in draw_figures(tmp_path, alone)


@pytest.mark.slow
@pytest.mark.usefixtures("whole_charts")
def test_a_long_study_is_drawn_as_dots_in_a_picture(tmp_path: Path) -> None:
    study = make_study(rows=3200, first=500, traded=False)
    figures = draw_figures(tmp_path, study)
    assert "data:image/png;base64" in figures["returns"]
    assert sum(map(len, figures.values())) < 2_000_000


def test_a_prefix_keeps_two_drawings_apart() -> None:
    drawing = '<svg><g id="axes_1"><path id="m1"/><use xlink:href="#m1"/></g><g clip-path="url(#m1)"/></svg>'
    assert inline_svg(drawing, "a") == (
        '<svg><g><path id="a-m1"/><use href="#a-m1"/></g><g clip-path="url(#a-m1)"/></svg>'
    )
