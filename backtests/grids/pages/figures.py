"""The charts of a grid: heat maps, both choices, training losses, actual and predicted closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.grids.pages.heat import HeatMap, heat_maps
from backtests.grids.results.report import Report
from backtests.grids.results.selection import Selection
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
from forecasters.bars import Days, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Cells of heat maps have colours of their own, so their letters do not follow the page.
DARK, LIGHT = "#101418", "#fdfdfc"
#: Above this share of the cells, all are as dark: a few large errors would hide the rest.
DARKEST = 0.9
#: Errors that differ by more than this factor are drawn by ratios.
WIDE = 4.0


def draw_grid(folder: Path, report: Report) -> dict[str, str]:
    """Draw the charts into `folder` as ``<name>.svg`` and ``.png``; return SVG to put in a page.

    Returns
    -------
    dict
        Name to SVG element: ``heat``; ``choice`` where validation rows were kept; ``losses`` where
        training was recorded (S3, figure 7); ``closes`` (S3, figure 8).
    """
    choices = _choices(report)
    trained = {
        entry.label: entry.histories
        for one in choices
        for entry in one.chosen
        if any(history.train_loss.size for history in entry.histories)
    }
    draw: dict[str, Callable[[], Figure]] = {}
    if maps := heat_maps(report):
        draw["heat"] = lambda: _heat(maps)
    if report.honest and report.naive_mape and report.rows[0]["validation_mape"]:
        draw["choice"] = lambda: _choice(report)
    if trained:
        draw["losses"] = lambda: losses_figure(trained)
    if choices:
        draw["closes"] = lambda: _closes(choices)
    bars = report.outcome.bars
    label = bars.ticker + (" \u00b7 SIMULATED prices" if bars.origin.simulated else "")
    return draw_all(folder, draw, label)


def _choices(report: Report) -> list[Selection]:
    """Return the choices, one where both fell on the same forecasters."""
    found = [one for one in (report.honest, report.papers) if one]
    if len(found) == 2 and found[0].chosen == found[1].chosen:
        return found[:1]
    return found


def _heat(maps: Sequence[HeatMap]) -> Figure:
    """MAPE over naive's by two crossed fields, a panel for each value of the others."""
    every = np.concatenate([one.ratio.ravel() for one in maps])
    known = every[np.isfinite(every)]
    scale = {"vmin": known.min(), "vmax": np.quantile(known, DARKEST)} if known.size else {}
    tall = max(len(one.rows) for one in maps)
    figure, grid, columns = small_charts(len(maps), 0.7 + 0.42 * tall)
    for axes, one in zip(grid, maps, strict=True):
        shown = np.ma.masked_invalid(one.ratio)
        mesh = axes.pcolormesh(shown, cmap="YlOrBr", linewidth=0, **scale)
        colours = np.asarray(mesh.cmap(mesh.norm(shown)))  # [rows, columns, 4]
        for (i, j), value in np.ndenumerate(one.ratio):
            red, green, blue, _ = colours[i, j]
            ink = DARK if 0.3 * red + 0.6 * green + 0.1 * blue > 0.5 else LIGHT
            text = "\u2013" if np.isnan(value) else f"{value:.2f}"
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=ink, fontsize=8.5)
        for cells, dash, inset in ((one.honest, "-", 0.06), (one.papers, (0, (2, 1.2)), 0.12)):
            for i, j in cells:
                _frame(axes, i, j, dash, inset)
        axes.set_xticks(np.arange(len(one.columns)) + 0.5, labels=one.columns)
        axes.set_yticks(np.arange(len(one.rows)) + 0.5, labels=one.rows)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.invert_yaxis()
        axes.set(xlabel=one.column, ylabel=one.row)
        axes.set_title(wrapped(one.title, columns))
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


def _choice(report: Report) -> Figure:
    """Test MAPE over validation MAPE, both over naive's: a dot a forecaster, both choices marked."""
    figure = new_figure(10, 4.4)
    axes = figure.subplots()
    naive, *models = report.rows
    base = float(naive["validation_mape"]), float(naive["mape"])
    x, y = (
        np.array([row[name] for row in models]) / own
        for name, own in zip(("validation_mape", "mape"), base, strict=True)
    )
    axes.plot(x, y, "o", color=PALETTE[0], markersize=5, alpha=0.6, markeredgewidth=0)
    at = {row["forecaster"]: i for i, row in enumerate(models)}
    named = (
        (report.honest, "s", "chosen on validation"),
        (report.papers, "D", "lowest on the test"),
    )
    for one, marker, text in named:
        own = [at[entry.label] for entry in dict.fromkeys(one.chosen)] if one else []
        axes.plot(x[own], y[own], marker, markersize=9, fillstyle="none", color=INK, label=text)
    for line in (axes.axhline, axes.axvline):
        line(1, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set(xlabel="validation MAPE over naive's", ylabel="test MAPE over naive's")
    if max(x.max() / x.min(), y.max() / y.min()) > WIDE:
        log_axis(axes, "x")
        log_axis(axes, "y")
    axes.set_title("Does the order on the validation rows hold on the test?")
    figure.legend(loc="outside upper right", ncols=2)
    return figure


def _closes(choices: Sequence[Selection]) -> Figure:
    """Actual (blue) and predicted (red) close over training and test; the test's last 60 days near."""
    figure = new_figure(10, 1.2 + 2.3 * len(choices))
    grid = figure.subplots(len(choices), 2, width_ratios=[2.4, 1], squeeze=False)
    for (whole, near), one in zip(grid, choices, strict=True):
        days, actual, close = _track(one)
        for axes, part in ((whole, slice(None)), (near, slice(-60, None))):
            axes.plot(days[part], actual[part], color=ACTUAL, linewidth=1.2, label="actual")
            axes.plot(days[part], close[part], color=PREDICTED, linewidth=0.8, label="predicted")
            time_axis(axes)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        _stretches(whole, one)
        whole.set_title(
            f"{one.label} ({'chosen' if one.by == 'validation' else 'lowest'} on {one.by})", pad=16
        )
        near.set_title("the last 60 days", fontweight="normal", color=FAINT, pad=16)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _track(one: Selection) -> tuple[Days, Floats, Floats]:
    """Return days, actual and predicted closes: before the first test those of its own fit."""
    before, after = one.chosen[0].inside[0], one.forecasts
    known = ~np.isnat(after.target)
    days = np.concatenate([before.target, after.target[known]])
    actual = np.concatenate([before.actual, after.actual[known]])
    close = np.concatenate([before.close, after.close[known]])
    return days, actual, close


def _stretches(axes: Axes, one: Selection) -> None:
    """Mark where fitting, validation and test begin."""
    before = one.chosen[0].inside[0]
    starts = {"fit": before.target[0], "test": one.forecasts.target[0]}
    if before.watched.any():
        starts["validation"] = before.target[before.watched][0]
    for name, day in starts.items():
        if name != "fit":
            axes.axvline(day, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.annotate(
            name, (day, 1), xycoords=("data", "axes fraction"), xytext=(2, 3), textcoords="offset points",
            fontsize=8, color=FAINT,
        )  # fmt: skip
