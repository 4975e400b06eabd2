"""Choosing one of many forecasters: on the validation rows, and as S3 does it, on the test rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from backtests.grids.results.grid_outcome import Entry, GridOutcome
from forecasters.forecasts import Forecasts
from forecasters.measures.correlation import spearman
from forecasters.measures.metrics import forecast_metrics

VALIDATION, TEST = "validation", "test"


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen, and what it forecasts of the test rows.

    Attributes
    ----------
    by : str
        ``validation``: chosen before the test rows were seen, judged on them once. ``test``: the
        lowest error on the test rows. That is in-sample: one of many always has the lowest error.
    chosen : tuple of Entry
        The choice of each fold, oldest first; it uses only rows before the fold's test.
    forecasts : Forecasts
        In each fold those of its choice.
    place : int or None
        The place of the choice by test MAPE among all forecasters but naive, from 1; None where
        the folds chose different forecasters.
    """

    by: str
    chosen: tuple[Entry, ...]
    forecasts: Forecasts
    place: int | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The different forecasters that were chosen, oldest first."""
        return tuple(dict.fromkeys(entry.label for entry in self.chosen))

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The errors on the test rows."""
        return forecast_metrics(self.forecasts)


def select_on_validation(outcome: GridOutcome) -> Selection | None:
    """Return the choice by the lowest validation MAPE, fold by fold; None without validation rows.

    In a walk-forward the validation rows of a later fold are the test rows of an earlier one: one choice
    for all folds would have seen them.
    """
    chosen = []
    for fold in range(len(outcome.naive.inside)):
        by_mape = [(entry.inside[fold].validation_mape, entry.label) for entry in outcome.models]
        if not by_mape or any(mape is None for mape, _ in by_mape):
            return None
        label = min(by_mape)[1]  # equal errors by name, not in the order they were typed in
        chosen.append(next(entry for entry in outcome.models if entry.label == label))
    return _selection(VALIDATION, chosen, outcome)


def select_on_test(outcome: GridOutcome) -> Selection | None:
    """Return the choice by the lowest test MAPE, as S3 makes it; None where nothing can be judged."""
    judged = [entry for entry in outcome.models if entry.metrics["mape"] is not None]
    if not judged:
        return None
    best = min(judged, key=_by_test)
    return _selection(TEST, [best] * len(best.inside), outcome)


def rank_correlation(pairs: Sequence[tuple[float | None, float | None]]) -> float | None:
    """Return Spearman's correlation of pairs. Source: Spearman (1904).

    None for fewer than three, for one that lacks a side, and where a side never changes.
    """
    if not pairs or any(None in pair for pair in pairs):
        return None
    return spearman(*np.array(pairs, dtype=float).T)


def _selection(by: str, chosen: Sequence[Entry], outcome: GridOutcome) -> Selection:
    first = chosen[0].forecasts
    closes = np.stack([entry.forecasts.close for entry in chosen])  # [folds, N]
    folds = np.array([inside.fold for inside in chosen[0].inside])
    fold_of_row = np.searchsorted(folds, first.fold)
    forecasts = replace(
        first,
        forecaster=f"chosen on {by}",
        by_seed=closes[fold_of_row, np.arange(len(first))][None],
        seeds=(),
    )
    order = sorted(outcome.models, key=_by_test)
    same = all(entry is chosen[0] for entry in chosen)
    return Selection(by, tuple(chosen), forecasts, order.index(chosen[0]) + 1 if same else None)


def _by_test(entry: Entry) -> tuple[float, str]:
    """Return the sort key of a ranking by test MAPE: those without one last, equal ones by name."""
    mape = entry.metrics["mape"]
    return math.inf if mape is None else float(mape), entry.label
