"""The ranked table of a grid: naive first, then the forecasters by their error on the test rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backtests.grids.results.grid_outcome import Entry, GridOutcome
from backtests.grids.s3 import published
from backtests.judging.skill import Judged, Skill, p_text
from backtests.writing.numbers import DASH, number, percent, points
from forecasters.measures.metrics import pearson_level

Row = dict[str, Any]
#: Of every row, beside the crossed fields: what metrics.csv and the manifest hold.
COLUMNS = (
    "ticker", "simulated", "rank", "forecaster", "base", "rows", "mape", "mape_over_naive", "mape_seed_min",
    "mape_seed_max", "nrmse", "nrmse_range", "rmse", "pearson", "pearson_p", "r2_return", "validation_mape",
    "gain", "gain_low", "gain_high", "p_better", "p_worse", "in_confidence_set", "published_mape",
    "published_nrmse", "published_pearson",
)  # fmt: skip


def rank(outcome: GridOutcome, skill: Skill) -> list[Row]:
    """Return a row for each forecaster, naive first, then by test MAPE; what has no meaning is None.

    Percent: mape, nrmse, nrmse_range, validation_mape and what S3 published. `gain` is 1 less the
    mean absolute error of the log return over naive's, its bounds those of the 90% interval, its p
    values adjusted by Holm over all forecasters here. Pearson's r is that of price levels, as S3
    prints it, and None where the grid is not S3's: it is high for naive too. Source: S3, tables 5 to 12.
    """
    judged = {one.forecaster: one for one in skill.judged}
    kept = skill.kept.kept if skill.kept and skill.kept.kept else None
    rows = [
        {
            "ticker": outcome.bars.ticker,
            "simulated": outcome.bars.origin.simulated,
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
    """Return the columns of metrics.csv: the crossed fields behind the forecaster."""
    axes = tuple(name for name in outcome.search.crossing.axes if name not in COLUMNS)
    at = COLUMNS.index("base") + 1
    return (*COLUMNS[:at], *axes, *COLUMNS[at:])


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
    found = judged.absolute if judged else None
    return {
        "gain": found.gain if found else None,
        "gain_low": found.low if found else None,
        "gain_high": found.high if found else None,
        "p_better": judged.p_better if judged else None,
        "p_worse": judged.p_worse if judged else None,
    }


def _published(entry: Entry, s3: bool) -> Row:
    found = published(entry.label.partition(":")[0], entry.variant.crossed) if s3 else None
    return {
        "published_mape": found.mape if found else None,
        "published_nrmse": found.nrmse if found else None,
        "published_pearson": found.pearson if found else None,
    }


#: The columns of the printed table: heading, key, and how a value is written. Those of S3 stand
#: beside ours where the grid is S3's.
PRINTED = (
    ("Rank", "rank", lambda v: DASH if v is None else str(v)),
    ("MAPE", "mape", points),
    ("S3 MAPE", "published_mape", points),
    ("\u00f7 naive", "mape_over_naive", number),
    ("NRMSE", "nrmse", points),
    ("S3 NRMSE", "published_nrmse", points),
    ("Validation MAPE", "validation_mape", points),
    ("Gain", "gain", percent),
    ("p better", "p_better", p_text),
    ("p worse", "p_worse", p_text),
    ("r, levels", "pearson", lambda v: number(v, 3)),
    ("S3 r", "published_pearson", lambda v: number(v, 3)),
    ("p of r", "pearson_p", p_text),
    ("R2, returns", "r2_return", lambda v: number(v, 3)),
    ("RMSE", "rmse", lambda v: number(v, 0 if v and v >= 1000 else 2)),
    ("NRMSE, range", "nrmse_range", points),
)


def printed(
    rows: Sequence[Row], axes: Iterable[str], s3: bool
) -> tuple[list[str], list[list[str]]]:
    """Return heading and cells of the ranked table; S3's figures and its r where the grid is S3's.

    The forecaster and the values that were crossed come first, instead of its whole name.
    """
    shown = [c for c in PRINTED if s3 or not c[1].startswith(("published", "pearson"))]
    names = list(axes)
    heading = ["Forecaster", *names, *(name for name, *_ in shown)]
    cells = [
        [
            row["base"],
            *(row[name] or DASH for name in names),
            *(write(row[key]) for _, key, write in shown),
        ]
        for row in rows
    ]
    return heading, cells


def below_naive(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many forecasters have a lower test MAPE than naive."""
    naive, *models = rows
    return sum(
        row["mape"] is not None and naive["mape"] is not None and row["mape"] < naive["mape"]
        for row in models
    )
