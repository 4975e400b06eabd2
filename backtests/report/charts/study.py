"""The charts of a study: SVG and PNG files, and SVG for its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.account.performance import net
from backtests.account.result import Result, who
from backtests.judging.sensitivity import Point, by_forecaster
from backtests.report.charts.inline import FAINT, GRID, INK
from backtests.report.charts.style import (
    ACTUAL,
    DASHES,
    PALETTE,
    PREDICTED,
    draw_all,
    log_axis,
    new_figure,
    shortened,
    small_charts,
    time_axis,
    wrapped,
)
from backtests.studies.relative_errors import relative_errors_of
from backtests.studies.study import Study
from backtests.studies.training import History, mean_curve
from backtests.writing.marks import marks
from backtests.writing.numbers import count, level, percent
from forecasters.forecasts import Forecasts
from forecasters.measures.deciles import Deciles, deciles
from forecasters.measures.relative_error import RelativeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: With more dots than this, they are a bitmap inside the SVG: a page with more dots would be slow.
MANY_DOTS = 2500


def draw_figures(folder: Path, study: Study) -> dict[str, str]:
    """Draw the charts into `folder` as ``<name>.svg`` and ``.png``; return SVG to put in a page.

    Returns
    -------
    dict
        Name to SVG element. ``equity`` always; ``closes`` for one ticker; ``returns`` and ``errors`` if a
        forecast that is not naive's has an outcome; ``deciles`` if a forecaster has at least 10 different
        forecasts; ``losses`` if training was recorded; ``sensitivity`` if some threshold bought.
    """
    models = {name: fs for name, fs in study.by_forecaster.items() if name != "naive"}
    draw: dict[str, Callable[[], Figure]] = {"equity": lambda: _equity(study)}
    if not study.pooled:  # with a universe there would be a row for each ticker and forecaster
        draw["closes"] = lambda: _closes(next(iter(study.forecasts.values())))
    if any(f.judged.any() for forecasts in models.values() for f in forecasts):
        draw["returns"] = lambda: _returns(models, sorted(set(study.thresholds.values())))
        draw["errors"] = lambda: _errors(relative_errors_of(study))
    if sorted_days := deciles_of(study):
        draw["deciles"] = lambda: _deciles(sorted_days)
    trained = {
        name: histories
        for name, histories in study.fits.items()
        if any(history.train_loss.size for history in histories)
    }
    if trained:
        draw["losses"] = lambda: losses_figure(trained)
    if by_forecaster(study.sensitivity):
        draw["sensitivity"] = lambda: _sensitivity(study.sensitivity, study.held)
    words = marks(study.simulated, study.as_is)
    label = f"{study.heading} · {words} prices" if words else study.heading
    return draw_all(folder, draw, label)


def colour_of(study: Study) -> dict[str | None, str]:
    """Return the colour of each forecaster, the same in every chart; None: a rule without a forecaster."""
    models = [name for name in study.by_forecaster if name != "naive"]
    colours: dict[str | None, str] = {
        name: PALETTE[i % len(PALETTE)] for i, name in enumerate(models)
    }
    return {None: PALETTE[len(models) % len(PALETTE)], "naive": FAINT, **colours}


def _equity(study: Study) -> Figure:
    """Draw the equity of every result, 100 at the start, and below it the drawdown."""
    figure = new_figure(10, 6.2)
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    colours = colour_of(study)
    dashes = {
        s: DASHES[i % len(DASHES)]
        for i, s in enumerate(dict.fromkeys(r.strategy for r in study.results))
    }
    moving = [r for r in study.results if np.ptp(r.equity) > 0]
    idle = len(study.results) - len(moving)
    ends = []
    for result in sorted(moving, key=lambda r: -r.equity[-1] / r.equity[0]):
        index = 100 * result.equity / result.equity[0]
        held = result is study.held
        style: dict[str, Any] = {
            "color": INK if held else colours.get(result.forecaster, FAINT),
            "linewidth": 2.0 if held else 1.3,
            "linestyle": "-" if held else dashes[result.strategy],
            "zorder": 3 if held else 2,
        }
        label = f"{shortened(who(result, ' · '))}  {percent(index[-1] / 100 - 1)}"
        top.plot(result.sessions, index, label=label, **style)
        peaks = np.maximum.accumulate(index)
        below.plot(result.sessions, 100 * (index / peaks - 1), **{**style, "linewidth": 1.0})
        ends.append(index)
    if idle:
        top.axhline(
            100,
            color=FAINT,
            linewidth=1,
            linestyle=(0, (1, 2)),
            label=f"never traded ({idle})  0.0%",
        )
    if ends and max(e.max() for e in ends) > 5 * min(e.min() for e in ends):
        log_axis(top)
    top.set_title("Equity after costs, 100 at the start")
    below.set_title("Drawdown, %")
    time_axis(below)
    if top.get_legend_handles_labels()[0]:
        longest = max(len(label) for label in top.get_legend_handles_labels()[1])
        columns = 3 if longest < 34 else 2 if longest < 72 else 1
        figure.legend(loc="outside lower left", ncols=columns, fontsize=8.5)
    return figure


def _closes(forecasters: Sequence[Forecasts]) -> Figure:
    """Draw actual (blue) and predicted (red) close of each forecaster, and the last 60 days beside it."""
    rows = len(forecasters)
    figure = new_figure(10, 1.1 + 1.75 * rows)
    grid = figure.subplots(rows, 2, width_ratios=[2.1, 1], squeeze=False)
    for (whole, near), forecasts in zip(grid, forecasters, strict=True):
        known = ~np.isnat(forecasts.target)
        days, actual, close = (
            forecasts.target[known],
            forecasts.actual[known],
            forecasts.close[known],
        )
        for axes, part in ((whole, slice(None)), (near, slice(-60, None))):
            axes.plot(days[part], actual[part], color=ACTUAL, linewidth=1.2, label="actual")
            axes.plot(days[part], close[part], color=PREDICTED, linewidth=0.9, label="predicted")
            time_axis(axes)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        whole.set_title(shortened(forecasts.forecaster))
        near.set_title("the last 60 days", fontweight="normal", color=FAINT)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _returns(models: Mapping[str, Sequence[Forecasts]], thresholds: Sequence[float]) -> Figure:
    """Draw realised return over forecast return, the line of equality and the thresholds of the rules."""
    figure, grid, columns = small_charts(len(models), 4.2, sharex=True, sharey=True)
    dots = sum(int(f.judged.sum()) for forecasts in models.values() for f in forecasts)
    many = dots > MANY_DOTS
    for axes, (name, forecasts) in zip(grid, models.items(), strict=True):
        x = 100 * np.concatenate([f.forecast_return[f.judged] for f in forecasts])
        y = 100 * np.concatenate([f.realised_return[f.judged] for f in forecasts])
        axes.axline((0, 0), slope=1, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.axhline(0, color=GRID, linewidth=0.8)
        axes.axvline(0, color=GRID, linewidth=0.8)
        for share in thresholds:
            axes.axvline(100 * share, color=PREDICTED, linewidth=1)
            axes.annotate(
                f"buys at {level(share)}",
                (100 * share, 0.985),
                xycoords=("data", "axes fraction"),
                xytext=(-2, 0),
                textcoords="offset points",
                rotation=90,
                ha="right",
                va="top",
                fontsize=7.5,
                color=PREDICTED,
            )
        axes.plot(
            x,
            y,
            ".",
            color=PALETTE[0],
            markersize=4,
            alpha=0.45,
            markeredgewidth=0,
            rasterized=many,
        )
        axes.set_title(wrapped(name, columns))
        axes.tick_params(labelbottom=True)
    figure.supxlabel("forecast return, %  (dashed: forecast = realised)", fontsize=9, color=FAINT)
    figure.supylabel("realised return, %", fontsize=9, color=FAINT)
    return figure


def _errors(by_name: Mapping[str, RelativeError]) -> Figure:
    """Draw the histogram of the relative errors of each forecaster, and that of naive as a line. Source: S1."""
    models = {name: errors for name, errors in by_name.items() if name != "naive"}
    figure, grid, columns = small_charts(len(models), 2.0, head=0.8, sharey=True)
    for axes, (name, errors) in zip(grid, models.items(), strict=True):
        edges = 100 * np.array(errors.edges)
        axes.bar(edges[:-1], errors.counts, np.diff(edges), align="edge", color=PALETTE[0])
        axes.stairs(errors.counts_naive, edges, color=PREDICTED, linewidth=1, label="naive")
        axes.axvline(0, color=FAINT, linewidth=0.8)
        axes.set_title(wrapped(name, columns))
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right")
    figure.supxlabel("relative forecast error, %", fontsize=9, color=FAINT)
    figure.supylabel("days", fontsize=9, color=FAINT)
    return figure


def _deciles(by_name: Mapping[str, Deciles]) -> Figure:
    """Draw the mean realised return by decile; error bars: 1.96 standard errors; dashed: mean of all days."""
    figure, grid, columns = small_charts(len(by_name), 2.3, sharey=True)
    for axes, (name, parts) in zip(grid, by_name.items(), strict=True):
        part = np.flatnonzero(parts.n)
        days = np.array(parts.n)[part]
        mean, error = (np.array(a, float)[part] for a in (parts.realised, parts.error))
        axes.bar(part + 1, 100 * mean, yerr=196 * error, color=PALETTE[0], ecolor=FAINT, width=0.7)
        every = 100 * float(np.average(mean, weights=days))
        axes.axhline(every, color=PREDICTED, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.axhline(0, color=FAINT, linewidth=0.8)
        axes.set(xticks=range(1, len(parts.n) + 1), title=wrapped(name, columns))
    figure.supxlabel("decile of the forecast return, lowest first", fontsize=9, color=FAINT)
    figure.supylabel("mean realised return, %", fontsize=9, color=FAINT)
    return figure


def losses_figure(trained: Mapping[str, Sequence[History]]) -> Figure:
    """Draw training and validation loss by epoch: fits as thin lines, their mean bold. Source: S3, figure 7."""
    figure, grid, columns = small_charts(len(trained), 2.3, head=0.8)
    for axes, (name, histories) in zip(grid, trained.items(), strict=True):
        kinds = {
            "training": [history.train_loss for history in histories],
            "validation": [history.validation_loss for history in histories],
        }
        for (label, curves), colour in zip(kinds.items(), PALETTE, strict=False):
            mean = mean_curve(curves)
            if mean.size == 0:
                continue
            for curve in curves if len(curves) > 1 else ():
                axes.plot(
                    np.arange(1, curve.size + 1), curve, color=colour, alpha=0.18, linewidth=0.6
                )
            dot = "." if mean.size == 1 else ""
            axes.plot(np.arange(1, mean.size + 1), mean, color=colour, label=label, marker=dot)
        if all((curve > 0).all() for curves in kinds.values() for curve in curves):
            log_axis(axes)
        axes.set_title(wrapped(name, columns))
    named = {
        label: handle
        for axes in grid
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(named.values()), list(named), loc="outside upper right", ncols=2)
    figure.supxlabel("epoch", fontsize=9, color=FAINT)
    return figure


#: The figures of a point that are drawn, and the heading of each column.
SWEPT = {
    "total_return": "return after costs, %",
    "trades": "trades",
    "exposure": "exposure, %",
    "hit_rate": "hit rate, %",
}


def _sensitivity(swept: Sequence[Point], held: Result | None) -> Figure:
    """Draw return, trades, exposure and hit rate by threshold: one row per forecaster, one line per exit."""
    groups = by_forecaster(swept)
    figure = new_figure(10, 0.9 + 1.75 * len(groups))
    grid = figure.subplots(len(groups), len(SWEPT), squeeze=False, sharex=True, sharey="col")
    for row, (name, points) in zip(grid, groups.items(), strict=True):
        for axes, measure in zip(row, SWEPT, strict=True):
            _swept(axes, measure, points)
        _name(row[0], wrapped(name, 1))
        row[0].axhline(0, color=FAINT, linewidth=0.8, zorder=1)
        if held and held.trades:
            passive = net(held)
            style: dict[str, Any] = {"color": INK, "linewidth": 1, "linestyle": (0, (1, 2))}
            row[0].axhline(100 * passive, label=f"buy and hold  {percent(passive)}", **style)
    for axes in grid[0][2:]:
        axes.set(ylim=(-5, 105), yticks=(0, 50, 100))
    grid[0][1].set_ylim(bottom=0)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    label = f"threshold, %  (in-sample exploration, {count(len(swept), 'trial')})"
    figure.supxlabel(label, fontsize=9, color=FAINT)
    return figure


def _name(axes: Axes, name: str) -> None:
    """Write the name of a row above its first chart; an empty title of as many lines reserves the space."""
    axes.set_title("\n".join(" " for _ in name.splitlines()), pad=17)
    _above(axes, name, 17, fontsize=9.5, fontweight="bold")


def _above(axes: Axes, text: str, points: float, **style: Any) -> None:
    """Write above a chart without changing the layout."""
    place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(text, (0, 1), xytext=(0, points), **place, **style).set_in_layout(False)


def _swept(axes: Axes, measure: str, points: Sequence[Point]) -> None:
    """Draw one measure by threshold; without a trade there is no return and no hit rate."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    unit = 1 if measure == "trades" else 100
    for i, exit_ in enumerate(dict.fromkeys(point.exit for point in points)):
        of_exit = [p for p in points if p.exit == exit_]
        defined = [p.trades > 0 or measure in ("trades", "exposure") for p in of_exit]
        values = [
            unit * getattr(p, measure) if has else np.nan
            for p, has in zip(of_exit, defined, strict=True)
        ]
        axes.plot(
            [100 * p.threshold for p in of_exit],
            values,
            label=exit_,
            color=PALETTE[i % len(PALETTE)],
            linestyle=DASHES[i % len(DASHES)],
            marker="o^sD"[i % 4],
            markersize=3.2,
        )
    for share in {p.threshold for p in points if p.own}:
        label = f"threshold of this run, {level(share, sign=False)}"
        axes.axvline(100 * share, color=PREDICTED, linewidth=0.8, label=label, zorder=1)
    _above(axes, SWEPT[measure], 4, fontsize=8, color=FAINT)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks([0.5, 1, 2, 5, 10], labels=["0.5", "1", "2", "5", "10"])
    axes.tick_params(labelbottom=True)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=measure == "trades"))


def deciles_of(study: Study) -> dict[str, Deciles]:
    """Return the deciles of each forecaster except naive, over the days of all tickers together."""
    by_name = {}
    for name, forecasts in study.by_forecaster.items():
        forecast, realised = (
            np.concatenate([getattr(f, kind)[f.judged] for f in forecasts])
            for kind in ("forecast_return", "realised_return")
        )
        if name != "naive" and (parts := deciles(forecast, realised)):
            by_name[name] = parts
    return by_name
