"""Heat maps as numbers: the crossed fields of rows, columns and panels, and the cells."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.judged_grid import JudgedGrid
from forecasters.bars import Floats

#: Rows and columns if both are crossed, as in the tables of S3.
USUAL = ("batch_size", "filters")

#: Crossed fields and their values.
Fields = dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class HeatMap:
    """One panel: a forecaster whose crossed fields are fixed, except those of the two axes.

    Attributes
    ----------
    title : str
        The forecaster with its fixed values.
    row, column : str
        The fields of the axes; `row` is empty where one field alone is crossed.
    rows, columns : tuple of str
        Their values.
    ratio : float64, shape [rows, columns]
        MAPE on the test rows over naive's; NaN where there is none.
    by_validation, by_test : tuple of (int, int)
        The cells that were chosen on the validation rows, and on the test rows.
    """

    title: str
    row: str
    column: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    ratio: Floats
    by_validation: tuple[tuple[int, int], ...]
    by_test: tuple[tuple[int, int], ...]


def heat_maps(grid: JudgedGrid) -> tuple[HeatMap, ...]:
    """Return a panel for each forecaster and each combination of the fields that are no axis.

    The first of those fields changes fastest: architectures stand side by side, activations below
    one another.
    """
    maps = []
    for base, axes in _axes(grid.outcome).items():
        fixed_fields = [name for name in reversed(axes) if name not in _sides(axes)]
        for values in itertools.product(*(axes[name] for name in fixed_fields)):
            maps.append(_heat_map(grid, base, axes, dict(zip(fixed_fields, values, strict=True))))
    return tuple(maps)


def _axes(outcome: GridOutcome) -> dict[str, Fields]:
    """Return forecaster to its crossed fields and their values, in the order of the grid."""
    axes: dict[str, Fields] = {}
    for entry in outcome.models:
        if crossed := entry.variant.crossed:
            every = outcome.search.crossing.axes
            axes[entry.variant.base] = {name: every[name] for name in every if name in crossed}
    return axes


def _sides(axes: Fields) -> tuple[str, str]:
    """Return the fields of rows and columns; no rows where one field alone is crossed."""
    if all(name in axes for name in USUAL):
        return USUAL
    by_length = sorted(axes, key=lambda name: -len(axes[name]))
    return ("", by_length[0]) if len(by_length) == 1 else (by_length[1], by_length[0])


def _heat_map(grid: JudgedGrid, base: str, axes: Fields, fixed: dict[str, str]) -> HeatMap:
    """Return the panel of a forecaster with these fixed values."""
    row, column = _sides(axes)
    rows, columns = axes.get(row, ("",)), axes[column]
    labels = {}
    for entry in grid.outcome.models:
        crossed = entry.variant.crossed
        if entry.variant.base == base and crossed and fixed.items() <= crossed.items():
            cell = rows.index(crossed.get(row, "")), columns.index(crossed[column])
            labels[cell] = entry.label
    ratio = np.full((len(rows), len(columns)), np.nan)
    ratios = {ranked["forecaster"]: ranked["mape_over_naive"] for ranked in grid.rows}
    for cell, label in labels.items():
        value = ratios[label]
        ratio[cell] = np.nan if value is None else value
    by_validation, by_test = (
        tuple(
            cell
            for cell in np.ndindex(ratio.shape)
            if selection and labels[cell] in selection.labels
        )
        for selection in (grid.by_validation, grid.by_test)
    )
    settings = ",".join(f"{name}={value}" for name, value in reversed(fixed.items()))
    title = f"{base}:{settings}" if settings else base
    return HeatMap(title, row, column, rows, columns, ratio, by_validation, by_test)
