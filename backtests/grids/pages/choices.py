"""Both choices of a grid, as the manifest keeps them and as the page shows them."""

from __future__ import annotations

from typing import Any

from backtests.grids.results.judged_grid import JudgedGrid
from backtests.grids.results.selection import TEST, Selection


def label_of(selection: Selection) -> str:
    """Return the forecaster that was chosen, or how many different ones were."""
    labels = selection.labels
    return labels[0] if len(labels) == 1 else f"{len(labels)} choices, fold by fold"


def describe_selections(grid: JudgedGrid) -> list[dict[str, Any]]:
    """Return what was chosen for each fold, with its errors; p values where the choice was tested."""
    rows = []
    for selection in grid.selections:
        in_sample = selection.by == TEST  # a test of it would mean nothing
        absolute = grid.choice.absolute if grid.choice and not in_sample else None
        folds = zip(selection.chosen[0].inside, selection.chosen, strict=True)
        rows.append(
            {
                "by": selection.by,
                "in_sample": in_sample,
                "forecaster": label_of(selection),
                "folds": {str(inside.fold): entry.label for inside, entry in folds},
                "place": selection.place,
                "mape": selection.metrics["mape"],
                "mape_naive": selection.metrics["mape_naive"],
                "gain": absolute.gain if absolute else None,
                "p_better": absolute.p_better if absolute else None,
                "p_worse": absolute.p_worse if absolute else None,
            }
        )
    return rows
