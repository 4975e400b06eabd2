"""Which charts a grid has, and what they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from backtests.grids.pages import figures
from backtests.grids.pages.figures import draw_grid
from backtests.grids.results.judged_grid import JudgedGrid, judge_grid
from tests.backtests.example_outcomes import make_outcome

#: Charts by name, and the label over them.
Drawn = tuple[dict[str, Figure], str]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[JudgedGrid], Drawn]:
    """Return what gives the charts of a grid without saving them."""
    kept: list[Drawn] = []

    def keep(folder: Path, draw: Mapping[str, Callable[[], Figure]], label: str) -> dict[str, str]:
        kept.append(({name: figure() for name, figure in draw.items()}, label))
        return {}

    def charts(grid: JudgedGrid) -> Drawn:
        draw_grid(Path("nowhere"), grid)
        return kept.pop()

    monkeypatch.setattr(figures, "draw_all", keep)
    return charts


def test_a_grid_with_validation_rows_and_training_has_four_charts(
    grid: JudgedGrid, drawn: Callable[[JudgedGrid], Drawn]
) -> None:
    charts, label = drawn(grid)
    assert list(charts) == ["heat", "choice", "losses", "closes"]
    assert label == "051900.KS"


def test_a_cell_of_the_heat_map_is_the_ratio_and_both_choices_are_framed(
    grid: JudgedGrid, drawn: Callable[[JudgedGrid], Drawn]
) -> None:
    charts, _ = drawn(grid)
    (axes,) = (axes for axes in charts["heat"].axes if axes.get_visible())
    naive = grid.naive_mape
    assert naive
    by_label = {row["forecaster"]: row["mape"] / naive for row in grid.rows}
    shown = {t.get_text() for t in axes.texts}
    assert shown == {f"{by_label[f'cnn:filters={n}']:.2f}" for n in (2, 4, 8)}
    assert len(axes.lines) == 2, "one frame a choice"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["2", "4", "8"]


def test_the_choice_shows_a_dot_a_forecaster_and_marks_both(
    grid: JudgedGrid, drawn: Callable[[JudgedGrid], Drawn]
) -> None:
    charts, _ = drawn(grid)
    (axes,) = charts["choice"].axes
    by_text = {line.get_label(): line for line in axes.lines}
    dots = axes.lines[0]
    assert len(np.asarray(dots.get_xdata())) == 3
    naive = grid.rows[0]["mape"]
    for text, share in (("chosen on validation", 5.0), ("lowest on the test", 2.0)):
        (height,) = np.asarray(by_text[text].get_ydata())
        assert height == pytest.approx(share / naive)


def test_both_choices_are_drawn_and_one_where_they_are_the_same(
    grid: JudgedGrid, drawn: Callable[[JudgedGrid], Drawn]
) -> None:
    charts, _ = drawn(grid)
    titles = [axes.get_title(loc="left") or axes.get_title() for axes in charts["closes"].axes]
    assert [title for title in titles if "chosen" in title or "lowest" in title] == [
        "cnn:filters=4 (chosen on validation)", "cnn:filters=2 (lowest on test)",
    ]  # fmt: skip


def test_without_epochs_there_are_no_losses_and_one_choice_is_drawn_once(
    drawn: Callable[[JudgedGrid], Drawn],
) -> None:
    same = {"filters=2": 0.01, "filters=4": 0.02}
    charts, label = drawn(judge_grid(make_outcome(same, same, simulated=True, epochs=0)))
    assert list(charts) == ["heat", "choice", "closes"]
    assert len(charts["closes"].axes) == 2, "all days, and the last 60"
    assert label == "051900.KS \u00b7 SIMULATED prices"
