"""Heat maps as numbers: which crossed fields are rows, columns and panels, and what fills the cells."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.report import Report
from forecasters.bars import Floats

#: Rows and columns where both are crossed, as in the tables of S3.
USUAL = ("batch_size", "filters")


@dataclass(frozen=True, eq=False)
class HeatMap:
    """One panel: a forecaster with all crossed fields fixed but two.

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
    honest, papers : tuple of (int, int)
        Cells that were chosen on the validation rows, and on the test rows.
    """

    title: str
    row: str
    column: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    ratio: Floats
    honest: tuple[tuple[int, int], ...]
    papers: tuple[tuple[int, int], ...]


def heat_maps(report: Report) -> tuple[HeatMap, ...]:
    """Return a panel for each forecaster and each combination of the fields that are no axis.

    The first of those fields changes fastest: architectures stand side by side, activations below
    one another.
    """
    outcome = report.outcome
    ratios = {row["forecaster"]: row["mape_over_naive"] for row in report.rows}
    chosen = [
        {entry.label for entry in one.chosen} if one else set()
        for one in (report.honest, report.papers)
    ]
    maps = []
    for base, axes in _axes(outcome).items():
        row, column = _sides(axes)
        fixed = [name for name in axes if name not in (row, column)]
        cells = {
            tuple(sorted(e.variant.crossed.items())): e.label
            for e in outcome.models
            if e.variant.base == base and e.variant.crossed
        }
        for values in itertools.product(*(axes[name] for name in reversed(fixed))):
            at = dict(zip(reversed(fixed), values, strict=True))
            labels = {
                (i, j): cells[tuple(sorted({**at, **_pair(row, r), column: c}.items()))]
                for i, r in enumerate(axes.get(row, ("",)))
                for j, c in enumerate(axes[column])
            }
            maps.append(_heat_map(base, at, row, column, axes, labels, ratios, chosen))
    return tuple(maps)


def _axes(outcome: GridOutcome) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return forecaster to its crossed fields and their values; those of one value are no axis."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for entry in outcome.models:
        if own := entry.variant.crossed:
            every = outcome.search.crossing.axes
            found[entry.variant.base] = {name: every[name] for name in every if name in own}
    return found


def _sides(axes: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """Return the fields of rows and columns; no rows where one field alone is crossed."""
    if all(name in axes for name in USUAL):
        return USUAL
    by_length = sorted(axes, key=lambda name: -len(axes[name]))
    return ("", by_length[0]) if len(by_length) == 1 else (by_length[1], by_length[0])


def _pair(name: str, value: str) -> dict[str, str]:
    return {name: value} if name else {}


def _heat_map(
    base: str, at: Mapping[str, str], row: str, column: str, axes: Mapping[str, tuple[str, ...]],
    labels: Mapping[tuple[int, int], str], ratios: Mapping[str, float | None], chosen: list[set[str]],
) -> HeatMap:  # fmt: skip
    rows, columns = axes.get(row, ("",)), axes[column]
    ratio = np.full((len(rows), len(columns)), np.nan)
    for cell, label in labels.items():
        value = ratios[label]
        ratio[cell] = np.nan if value is None else value
    honest, papers = (
        tuple(cell for cell, label in labels.items() if label in own) for own in chosen
    )
    title = ",".join(f"{name}={value}" for name, value in reversed(list(at.items())))
    return HeatMap(
        f"{base}:{title}" if title else base, row, column, rows, columns, ratio, honest, papers
    )
