"""The ranked rows of a grid: naive first, then the forecasters by their error on the test rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from backtests.grids.results.grid_outcome import Entry, GridOutcome
from backtests.grids.s3 import published
from backtests.judging.skill import Judged, Skill
from forecasters.measures.metrics import pearson_level

Row = dict[str, Any]
#: The columns of metrics.csv and of the manifest's rows, without the crossed fields.
COLUMNS = (
    "ticker", "simulated", "as_is", "rank", "forecaster", "base", "rows", "mape", "mape_over_naive", "mape_seed_min",
    "mape_seed_max", "nrmse", "nrmse_range", "rmse", "pearson", "pearson_p", "r2_return", "validation_mape",
    "gain", "gain_low", "gain_high", "p_better", "p_worse", "in_confidence_set", "published_mape",
    "published_nrmse", "published_pearson",
)  # fmt: skip


def rank(outcome: GridOutcome, skill: Skill) -> list[Row]:
    """Return a row for each forecaster, naive first, then by test MAPE; a value without a meaning is None.

    In percent: mape, nrmse, nrmse_range, validation_mape and the errors that S3 published. `gain` is 1
    less the ratio of the mean absolute errors of the log return, the forecaster's to naive's; its bounds
    are those of the 90% interval; its p values are adjusted by Holm over all forecasters here. Pearson's r
    is that of price levels, as S3 prints it, and None where the grid is not S3's: naive's is high too.
    Source: S3, tables 5 to 12.
    """
    judged = {test.forecaster: test for test in skill.judged}
    kept = skill.kept.kept if skill.kept and skill.kept.kept else None
    rows = [
        {
            "ticker": outcome.bars.ticker,
            "simulated": outcome.bars.origin.simulated,
            "as_is": bool(outcome.bars.origin.as_is),
            **_errors(entry, outcome.search.s3),
            **_skill(judged.get(entry.label)),
            "in_confidence_set": None if kept is None else entry.label in kept,
            **_published(entry, outcome.search.s3),
            **{name: entry.variant.crossed.get(name) for name in outcome.search.crossing.axes},
        }
        for entry in outcome.entries
    ]
    naive, *models = rows
    models.sort(
        key=lambda row: (math.inf if row["mape"] is None else row["mape"], row["forecaster"])
    )
    for place, row in enumerate(models, start=1):
        row["rank"] = place
    return [naive, *models]


def columns(outcome: GridOutcome) -> tuple[str, ...]:
    """Return the columns of metrics.csv: the crossed fields stand after the forecaster."""
    axes = tuple(name for name in outcome.search.crossing.axes if name not in COLUMNS)
    first = COLUMNS.index("base") + 1
    return (*COLUMNS[:first], *axes, *COLUMNS[first:])


def _errors(entry: Entry, s3: bool) -> Row:
    metrics = entry.metrics
    by_seed = metrics["mape_by_seed"] if len(metrics["mape_by_seed"]) > 1 else []
    pearson, p = pearson_level(entry.forecasts) if s3 else (None, None)
    naive = metrics["mape_naive"]
    return {
        "rank": None,
        "forecaster": entry.label,
        "base": entry.variant.base,
        "rows": metrics["rows"],
        "mape": metrics["mape"],
        "mape_over_naive": metrics["mape"] / naive if naive else None,
        "mape_seed_min": min(by_seed, default=None),
        "mape_seed_max": max(by_seed, default=None),
        "nrmse": metrics["nrmse"],
        "nrmse_range": metrics["nrmse_range"],
        "rmse": metrics["rmse"],
        "pearson": pearson,
        "pearson_p": p,
        "r2_return": metrics["r2_return"],
        "validation_mape": entry.validation_mape,
    }


def _skill(judged: Judged | None) -> Row:
    absolute = judged.absolute if judged else None
    return {
        "gain": absolute.gain if absolute else None,
        "gain_low": absolute.low if absolute else None,
        "gain_high": absolute.high if absolute else None,
        "p_better": judged.p_better if judged else None,
        "p_worse": judged.p_worse if judged else None,
    }


def _published(entry: Entry, s3: bool) -> Row:
    printed = published(entry.label.partition(":")[0], entry.variant.crossed) if s3 else None
    return {
        "published_mape": printed.mape if printed else None,
        "published_nrmse": printed.nrmse if printed else None,
        "published_pearson": printed.pearson if printed else None,
    }


def below_naive(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many forecasters have a lower test MAPE than naive."""
    naive, *models = rows
    return sum(
        row["mape"] is not None and naive["mape"] is not None and row["mape"] < naive["mape"]
        for row in models
    )
