"""S3's printed figures beside ours: whether the order is the same, and what was trained otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from backtests.grids.crossing import NAIVE
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.ranking import Row
from backtests.grids.results.selection import rank_correlation
from backtests.grids.s3 import S3_FEATURES, S3_GRID, S3_TRAINING


@dataclass(frozen=True)
class BesideS3:
    """S3's grid and ours.

    Attributes
    ----------
    compared : int
        Forecasters of the grid for which S3 printed an error.
    correlation : float or None
        Spearman's, of our test MAPE and S3's; None where it has no meaning.
    best, places : str, tuple of int
        S3's setting with its lowest error, and its places in our ranking: several where the grid
        crosses fields that S3 leaves open.
    seeds : int
        Seeds whose mean forecast is judged here; S3 has one fit of each setting.
    medians : tuple of (str, float, float)
        Architecture, the median of our test MAPE, and of S3's.
    other_settings : tuple of (str, value, value)
        Name, our value and S3's value of each setting that differs.
    other_inputs : bool
        Whether a forecaster had other inputs than S3's.
    """

    compared: int
    correlation: float | None
    best: str
    places: tuple[int, ...]
    seeds: int
    medians: tuple[tuple[str, float, float], ...]
    other_settings: tuple[tuple[str, Any, Any], ...]
    other_inputs: bool


def compare_with_s3(outcome: GridOutcome, rows: list[Row]) -> BesideS3 | None:
    """Return S3's figures against ours; None where the grid is not S3's."""
    search = outcome.search
    if not search.s3:
        return None
    both = [row for row in rows if row["published_mape"] is not None and row["base"] == "cnn"]
    lowest = min((row["published_mape"] for row in both), default=None)
    best = [row for row in both if row["published_mape"] == lowest]
    settings = next(f for label, f in search.forecasters.items() if label != NAIVE).get_params()
    return BesideS3(
        compared=len(both),
        correlation=rank_correlation([(row["mape"], row["published_mape"]) for row in both]),
        best=", ".join(f"{name} {best[0][name]}" for name in S3_GRID) if best else "",
        places=tuple(row["rank"] for row in best),
        seeds=len(search.seeds),
        medians=_medians(both),
        other_settings=tuple(
            (name, settings[name], value)
            for name, value in S3_TRAINING.items()
            if settings[name] != value
        ),
        other_inputs={entry.variant.features for entry in outcome.models} != {S3_FEATURES},
    )


def _medians(rows: list[Row]) -> tuple[tuple[str, float, float], ...]:
    """Return the medians of both errors by architecture, where every forecaster of it can be judged."""
    by_architecture = {}
    for architecture in S3_GRID["architecture"]:
        of_it = [row for row in rows if row["architecture"] == architecture]
        ours, theirs = ([row[name] for row in of_it] for name in ("mape", "published_mape"))
        if of_it and None not in ours:
            by_architecture[architecture] = median(ours), median(theirs)
    return tuple((name, *pair) for name, pair in by_architecture.items())
