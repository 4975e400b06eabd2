"""S3's printed figures beside ours: whether the order is the same, and what was trained otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backtests.grids.crossing import NAIVE
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.ranking import Row
from backtests.grids.results.selection import rank_correlation
from backtests.grids.s3 import S3_FEATURES, S3_TRAINING


@dataclass(frozen=True)
class BesideS3:
    """S3's grid and ours.

    Attributes
    ----------
    compared : int
        Forecasters of the grid for which S3 printed an error.
    correlation : float or None
        Spearman's, of our test MAPE and S3's; None where it has no meaning.
    best, place : str, int or None
        The forecaster with S3's lowest error, and its place in our ranking; "" and None without any.
    other_settings : tuple of (str, value, value)
        Name, our value and S3's value of each setting that differs.
    other_inputs : bool
        Whether a forecaster had other inputs than S3's.
    """

    compared: int
    correlation: float | None
    best: str
    place: int | None
    other_settings: tuple[tuple[str, Any, Any], ...]
    other_inputs: bool


def compare_with_s3(outcome: GridOutcome, rows: list[Row]) -> BesideS3 | None:
    """Return S3's figures against ours; None where the grid is not S3's."""
    search = outcome.search
    if not search.s3:
        return None
    both = [row for row in rows if row["published_mape"] is not None and row["base"] == "cnn"]
    best = min(both, key=lambda row: float(row["published_mape"]), default=None)
    settings = next(f for label, f in search.forecasters.items() if label != NAIVE).get_params()
    return BesideS3(
        compared=len(both),
        correlation=rank_correlation([(row["mape"], row["published_mape"]) for row in both]),
        best=best["forecaster"] if best else "",
        place=best["rank"] if best else None,
        other_settings=tuple(
            (name, settings[name], value)
            for name, value in S3_TRAINING.items()
            if settings[name] != value
        ),
        other_inputs={entry.variant.features for entry in outcome.models} != {S3_FEATURES},
    )
