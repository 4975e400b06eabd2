"""What all charts share: the same bytes, no global setting, plain numbers, charts in rows."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from backtests.report.charts.style import (
    draw_all,
    log_axis,
    new_figure,
    small_charts,
    time_axis,
    wrapped,
)
from tests.backtests.example_studies import KOREAN

pytestmark = pytest.mark.usefixtures("whole_charts")


def chart(title: str = "a title") -> Figure:
    """Return a small chart with a clipped line, whose clip path needs an id."""
    figure = new_figure(2, 1.5)
    axes = figure.subplots()
    axes.plot([1, 2, 3], [1, 4, 9])
    axes.set_title(title)
    return figure


def test_the_same_figures_give_the_same_bytes_and_another_name_other_ids(tmp_path: Path) -> None:
    one, two = (draw_all(tmp_path / at, {"equity": chart}, "A.KS") for at in ("one", "two"))
    assert one == two
    for kind in ("svg", "png"):
        files = [(tmp_path / at / f"equity.{kind}").read_bytes() for at in ("one", "two")]
        assert files[0] == files[1]
    other = draw_all(tmp_path / "other", {"losses": chart}, "A.KS")
    assert "equity-" in one["equity"] and "equity-" not in other["losses"]


def test_the_label_stands_over_each_chart_and_letters_stay_letters(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a font without these letters is no concern of a user
        drawn = draw_all(tmp_path, {"a": lambda: chart(KOREAN), "b": chart}, f"{KOREAN} $5$")
    assert list(drawn) == ["a", "b"]
    for svg in drawn.values():
        assert f"{KOREAN} $5$" in svg, "text, and no formula"
    assert drawn["a"].count(KOREAN) == 2


def test_no_setting_of_matplotlib_is_changed_also_where_drawing_fails(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    draw_all(tmp_path, {"a": chart}, "A.KS")
    with pytest.raises(ZeroDivisionError):
        draw_all(tmp_path, {"a": lambda: new_figure(1 // 0, 1)}, "A.KS")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("n", "columns", "rows"), [(1, 1, 1), (4, 4, 1), (5, 3, 2), (6, 3, 2), (7, 3, 3)]
)
def test_small_charts_stand_in_rows_and_no_empty_one_is_seen(
    n: int, columns: int, rows: int
) -> None:
    figure, charts, in_a_row = small_charts(n, 2.0)
    assert (len(charts), in_a_row) == (n, columns)
    assert len(figure.axes) == columns * rows
    assert [axes for axes in figure.axes if axes.get_visible()] == charts


@pytest.mark.parametrize("side", ["x", "y"])
def test_a_log_axis_is_in_plain_numbers(side: str) -> None:
    axes = new_figure(4, 3).subplots()
    axes.plot([0.5, 300.0], [0.5, 300.0])
    log_axis(axes, side)  # type: ignore[arg-type]
    axis, other = (axes.xaxis, axes.yaxis) if side == "x" else (axes.yaxis, axes.xaxis)
    assert (axis.get_scale(), other.get_scale()) == ("log", "linear")
    form = axis.get_major_formatter()
    assert [form(value, None) for value in (0.5, 1, 200)] == ["0.5", "1", "200"]


def test_a_time_axis_has_a_few_short_dates() -> None:
    figure = new_figure(6, 2)
    axes = figure.subplots()
    axes.plot(np.arange("2015-01-01", "2019-01-01", dtype="datetime64[D]"), np.zeros(1461))
    time_axis(axes)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert 3 <= len(labels) <= 9
    assert set(labels) >= {"2016", "2017", "2018"} and max(map(len, labels)) <= 5


def test_a_long_name_is_broken_behind_its_commas_and_loses_no_letter() -> None:
    name = "stacked_lstm:activation=tanh,batch_size=64,hidden=128"
    lines = wrapped(name, 4).split("\n")
    assert "".join(lines) == name
    assert lines == ["stacked_lstm:", "activation=tanh,", "batch_size=64,", "hidden=128"]
    assert wrapped(name, 1) == name
    assert (
        wrapped("one_name_without_a_place_to_break_it", 4) == "one_name_without_a_place_to_break_it"
    )
