"""The charts of a grid: heat maps, both choices, training losses, actual and predicted closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.grids.pages.choices import label_of
from backtests.grids.pages.heat import HeatMap, heat_maps
from backtests.grids.results.judged_grid import JudgedGrid
from backtests.grids.results.selection import VALIDATION, Selection
from backtests.report.charts.inline import FAINT, INK
from backtests.report.charts.study import losses_figure
from backtests.report.charts.style import (
    ACTUAL,
    PALETTE,
    PREDICTED,
    draw_all,
    log_axis,
    new_figure,
    small_charts,
    time_axis,
    wrapped,
)
from backtests.writing.marks import marks
from forecasters.bars import Days, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The text in a heat map's cell is dark or light by the colour of the cell, not of the page.
DARK, LIGHT = "#101418", "#fdfdfc"
#: The colours end at this quantile of the cells: a few large errors would make all others look alike.
DARKEST = 0.9
#: Where errors differ by more than this factor the axes are logarithmic.
WIDE = 4.0
#: How a reference line is drawn.
REFERENCE: dict[str, Any] = {"color": FAINT, "linewidth": 0.8, "linestyle": (0, (4, 3))}


def draw_grid(folder: Path, grid: JudgedGrid) -> dict[str, str]:
    """Draw the charts into `folder` as ``<name>.svg`` and ``.png``; return SVG to put in a page.

    Returns
    -------
    dict
        Name to SVG element: ``heat``; ``choice`` where validation rows were kept; ``losses`` where
        training was recorded (S3, figure 7); ``closes`` (S3, figure 8).
    """
    selections = _different(grid.selections)
    trained = {
        entry.label: entry.histories
        for selection in selections
        for entry in selection.chosen
        if any(history.train_loss.size for history in entry.histories)
    }
    draw: dict[str, Callable[[], Figure]] = {}
    if maps := heat_maps(grid):
        draw["heat"] = lambda: _heat(maps)
    if grid.by_validation and grid.naive_mape and grid.rows[0]["validation_mape"]:
        draw["choice"] = lambda: _choice(grid)
    if trained:
        draw["losses"] = lambda: losses_figure(trained)
    if selections:
        draw["closes"] = lambda: _closes(selections)
    bars = grid.outcome.bars
    words = marks(bars.origin.simulated, bool(bars.origin.as_is))
    label = f"{bars.ticker} \u00b7 {words} prices" if words else bars.ticker
    return draw_all(folder, draw, label)


def _different(selections: Sequence[Selection]) -> Sequence[Selection]:
    """Return the choices, or the first alone where both are the same forecasters."""
    same = len(selections) == 2 and selections[0].chosen == selections[1].chosen
    return selections[:1] if same else selections


def _heat(maps: Sequence[HeatMap]) -> Figure:
    """MAPE over naive's by two crossed fields, a panel for each value of the others."""
    ratios = np.concatenate([panel.ratio.ravel() for panel in maps])
    known = ratios[np.isfinite(ratios)]
    scale = {"vmin": known.min(), "vmax": np.quantile(known, DARKEST)} if known.size else {}
    most_rows = max(len(panel.rows) for panel in maps)
    figure, charts, columns = small_charts(len(maps), 0.7 + 0.42 * most_rows)
    for axes, panel in zip(charts, maps, strict=True):
        shown = np.ma.masked_invalid(panel.ratio)
        mesh = axes.pcolormesh(shown, cmap="YlOrBr", linewidth=0, **scale)
        colours = np.asarray(mesh.cmap(mesh.norm(shown)))  # [rows, columns, 4]
        for (i, j), value in np.ndenumerate(panel.ratio):
            red, green, blue, _ = colours[i, j]
            ink = DARK if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else LIGHT
            text = "\u2013" if np.isnan(value) else f"{value:.2f}"
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=ink, fontsize=8.5)
        frames = ((panel.by_validation, "-", 0.06), (panel.by_test, (0, (2, 1.2)), 0.12))
        for cells, dash, inset in frames:
            for i, j in cells:
                _frame(axes, i, j, dash, inset)
        axes.set_xticks(np.arange(len(panel.columns)) + 0.5, labels=panel.columns)
        axes.set_yticks(np.arange(len(panel.rows)) + 0.5, labels=panel.rows)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.invert_yaxis()
        axes.set(xlabel=panel.column, ylabel=panel.row)
        axes.set_title(wrapped(panel.title, columns))
        for side in axes.spines.values():
            side.set_visible(False)
    label = "MAPE over naive's; framed: chosen on validation rows, dashed: lowest on the test"
    figure.supxlabel(label, fontsize=9, color=FAINT)
    return figure


def _frame(axes: Axes, i: int, j: int, dash: Any, inset: float) -> None:
    """Frame a cell."""
    x, y = (np.array(v) for v in ([0, 1, 1, 0, 0], [0, 0, 1, 1, 0]))
    side = 1 - 2 * inset
    axes.plot(j + inset + side * x, i + inset + side * y, color=DARK, linewidth=1.6, linestyle=dash)


def _choice(grid: JudgedGrid) -> Figure:
    """Test MAPE against validation MAPE, both over naive's: a dot a forecaster, both choices marked."""
    figure = new_figure(10, 4.4)
    axes = figure.subplots()
    naive, *models = grid.rows
    x, y = (
        np.array([row[name] for row in models]) / float(naive[name])
        for name in ("validation_mape", "mape")
    )
    axes.plot(x, y, "o", color=PALETTE[0], markersize=5, alpha=0.6, markeredgewidth=0)
    place = {row["forecaster"]: i for i, row in enumerate(models)}
    marked = (
        (grid.by_validation, "s", "chosen on validation"),
        (grid.by_test, "D", "lowest on the test"),
    )
    for selection, marker, text in marked:
        dots = [place[label] for label in selection.labels] if selection else []
        axes.plot(x[dots], y[dots], marker, markersize=9, fillstyle="none", color=INK, label=text)
    for line in (axes.axhline, axes.axvline):
        line(1, **REFERENCE)
    axes.set(xlabel="validation MAPE over naive's", ylabel="test MAPE over naive's")
    if max(x.max() / x.min(), y.max() / y.min()) > WIDE:
        log_axis(axes, "x")
        log_axis(axes, "y")
    axes.set_title("Does the order on the validation rows hold on the test?")
    figure.legend(loc="outside upper right", ncols=2)
    return figure


def _closes(selections: Sequence[Selection]) -> Figure:
    """Actual (blue) and predicted (red) close: all days on the left, the last 60 on the right."""
    figure = new_figure(10, 1.2 + 2.3 * len(selections))
    charts = figure.subplots(len(selections), 2, width_ratios=[2.4, 1], squeeze=False)
    for (left, right), selection in zip(charts, selections, strict=True):
        days, actual, close = _closes_of(selection)
        for axes, part in ((left, slice(None)), (right, slice(-60, None))):
            axes.plot(days[part], actual[part], color=ACTUAL, linewidth=1.2, label="actual")
            axes.plot(days[part], close[part], color=PREDICTED, linewidth=0.8, label="predicted")
            time_axis(axes)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        _mark_parts(left, selection)
        how = "chosen" if selection.by == VALIDATION else "lowest"
        left.set_title(f"{label_of(selection)} ({how} on {selection.by})", pad=16)
        right.set_title("the last 60 days", fontweight="normal", color=FAINT, pad=16)
    handles, labels = charts[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _closes_of(selection: Selection) -> tuple[Days, Floats, Floats]:
    """Return days, actual and predicted closes; before the first test those of the first fit."""
    before, after = selection.chosen[0].inside[0], selection.forecasts
    known = ~np.isnat(after.target)
    days = np.concatenate([before.target, after.target[known]])
    actual = np.concatenate([before.actual, after.actual[known]])
    close = np.concatenate([before.close, after.close[known]])
    return days, actual, close


def _mark_parts(axes: Axes, selection: Selection) -> None:
    """Mark where the rows that were fitted on, the validation rows and the test rows begin."""
    before = selection.chosen[0].inside[0]
    starts = {"fit": before.target[0], "test": selection.forecasts.target[0]}
    if before.watched.any():
        starts["validation"] = before.target[before.watched][0]
    beside: dict[str, Any] = {"xytext": (2, 3), "textcoords": "offset points"}
    for name, day in starts.items():
        if name != "fit":
            axes.axvline(day, **REFERENCE)
        top = ("data", "axes fraction")
        axes.annotate(name, (day, 1), xycoords=top, fontsize=8, color=FAINT, **beside)
