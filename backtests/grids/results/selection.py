"""Choosing one of many: by the validation rows, and as S3 does it, by the test rows themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backtests.grids.results.grid_outcome import Entry, GridOutcome
from forecasters.bars import Floats
from forecasters.forecasts import Forecasts
from forecasters.measures.metrics import forecast_metrics

VALIDATION, TEST = "validation", "test"


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen, and what it forecasts of the test rows.

    Attributes
    ----------
    by : str
        ``validation``: chosen before the test rows were seen, judged on them once. ``test``: the
        lowest error on the test rows, which is in-sample: some of many is always lowest.
    chosen : tuple of Entry
        One a fold, oldest first: a fold's choice rests on what came before its test.
    forecasts : Forecasts
        Of each fold those of its choice.
    place : int or None
        The place of the choice by test MAPE among all forecasters but naive, from 1; None where
        the folds chose different ones.
    """

    by: str
    chosen: tuple[Entry, ...]
    forecasts: Forecasts
    place: int | None

    @property
    def label(self) -> str:
        """The forecaster that was chosen, or how many different ones were."""
        labels = dict.fromkeys(entry.label for entry in self.chosen)
        return next(iter(labels)) if len(labels) == 1 else f"{len(labels)} choices, fold by fold"

    @property
    def metrics(self) -> dict[str, Any]:
        """The errors on the test rows."""
        return forecast_metrics(self.forecasts)


def select_on_validation(outcome: GridOutcome) -> Selection | None:
    """Return the choice by the lowest validation MAPE, fold by fold; None without validation rows.

    In a walk-forward a later fold's validation rows are an earlier fold's test: one choice for all
    folds would have seen them.
    """
    chosen = []
    for at in range(len(outcome.naive.inside)):
        by_mape = [(entry.inside[at].validation_mape, entry.label) for entry in outcome.models]
        if not by_mape or any(own is None for own, _ in by_mape):
            return None
        label = min(by_mape)[1]  # equal ones by name, not by the order they were typed in
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
    if len(pairs) < 3 or any(None in pair for pair in pairs):
        return None
    x, y = (_ranks(np.array(side, dtype=float)) for side in zip(*pairs, strict=True))
    if not np.ptp(x) or not np.ptp(y):
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(values: Floats) -> Floats:
    """Return ranks, equal values at their mean rank."""
    below = (values[None] < values[:, None]).sum(axis=1)
    same = (values[None] == values[:, None]).sum(axis=1)
    return np.asarray(below + (same + 1) / 2)


def _selection(by: str, chosen: Sequence[Entry], outcome: GridOutcome) -> Selection:
    first = chosen[0].forecasts
    picked = np.stack([entry.forecasts.close for entry in chosen])  # [folds, N]
    folds = np.array([one.fold for one in chosen[0].inside])
    at = np.searchsorted(folds, first.fold)
    forecasts = replace(
        first,
        forecaster=f"chosen on {by}",
        by_seed=picked[at, np.arange(len(first))][None],
        seeds=(),
    )
    order = sorted(outcome.models, key=_by_test)
    same = all(entry is chosen[0] for entry in chosen)
    return Selection(by, tuple(chosen), forecasts, order.index(chosen[0]) + 1 if same else None)


def _by_test(entry: Entry) -> tuple[float, str]:
    """Return what orders forecasters by their test MAPE, the unjudged last, equal ones by name."""
    own = entry.metrics["mape"]
    return math.inf if own is None else float(own), entry.label
